/** Ended flows by application. */
import type { ApplicationTotal } from './protocol.ts';

export class AppTotals {
  private readonly totals = new Map<string, ApplicationTotal>();

  add(protocol: string, packets: number, bytes: number): void {
    const total = this.totals.get(protocol);
    if (total === undefined) this.totals.set(protocol, { protocol, flows: 1, packets, bytes });
    else {
      total.flows++;
      total.packets += packets;
      total.bytes += bytes;
    }
  }

  list(): ApplicationTotal[] {
    return [...this.totals.values()];
  }
}
