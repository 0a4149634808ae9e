/** What flows have said about others, on its way to the main thread with the next tick. */
import type { FlowApp } from '../app/flow-app.ts';
import { addressBytes } from '../flow/address-bytes.ts';
import type { FlowLives } from '../flow/lives.ts';
import { NameList } from '../flow/name-list.ts';
import { clientAddress, serverAddressText } from './app-addresses.ts';
import type { ExpectationReport } from './protocol.ts';

/** Names and announcements per tick. */
const MOST_REPORTS = 65_536;

export class AppReports {
  private readonly names = new NameList();
  private expectations: ExpectationReport[] = [];

  /** Takes what a session has learned for other flows; the flow has then told it. */
  add(lives: FlowLives, app: FlowApp): void {
    const { facts } = app;
    if (facts.learned.length + facts.expected.length === 0) return;
    if (facts.learned.length > 0) {
      const client = clientAddress(lives, app);
      for (const { address, name, ttl } of facts.learned) {
        const bytes = this.names.count < MOST_REPORTS ? addressBytes(address) : null;
        if (bytes !== null) this.names.add(app.nowNs, ttl, client, bytes, name);
      }
    }
    for (const flow of facts.expected) {
      // No address in the announcement: the server's own.
      const address = flow.address === '' ? serverAddressText(lives, app) : flow.address;
      if (this.expectations.length < MOST_REPORTS) this.expectations.push({ ...flow, address, atNs: app.nowNs });
    }
    facts.forgetReports();
  }

  /** What was added since the last call. */
  take(): { names: Uint8Array; expectations: ExpectationReport[] } {
    const { expectations } = this;
    this.expectations = [];
    return { names: this.names.take(), expectations };
  }
}
