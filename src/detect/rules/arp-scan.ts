/** ARP requests for many addresses that nobody has. */
import type { Address, ArpEvent } from '../events.ts';
import { defineRule } from '../rule.ts';
import { AnsweredSources } from '../state/answered-contacts.ts';
import { BoundedMap } from '../state/bounded-map.ts';
import { ContactTracker } from '../state/contacts.ts';
import { type AnsweredOf, Spread } from '../state/spread.ts';
import { ANSWER_WAIT, FAILED_ONLY, FAILED_SHARE, NS_PER_SECOND, SYSTEM_DISCOVERY, windowSetting } from './scan-settings.ts';

const MOST_STATIONS = 8192;
/** An address that spoke within this time is in use: who asks for it may not see the answer, as switches keep it from us. */
const IN_USE_NS = 1800 * NS_PER_SECOND;
const NOBODY = '\0\0\0\0';

/** The six bytes of `aa:bb:cc:dd:ee:ff`, as an address. */
const stationOf = (mac: string): Address => String.fromCharCode(...mac.split(':').map((byte) => Number.parseInt(byte, 16)));

export const arpScan = defineRule({
  kind: 'arp_scan',
  title: 'ARP scan',
  description: 'One station asks by ARP for many addresses, most of which nobody has.',
  severity: 'medium',
  confidence: 0.8,
  mitre: [SYSTEM_DISCOVERY],
  enabled: true,
  cooldownSecs: 60,
  settings: {
    addresses: { value: 20, least: 2, most: 1024, unit: 'addresses', description: 'Different addresses' },
    window_secs: windowSetting(30),
    failed_only: { ...FAILED_ONLY, description: '1 counts addresses that do not answer, 0 counts every address' },
    failed_share: { ...FAILED_SHARE, description: 'Part of the addresses in the window that must not answer, where only those count' },
    answer_wait_ms: ANSWER_WAIT,
  },
  create(context) {
    const { addresses, window_secs: window, failed_only, failed_share, answer_wait_ms } = context.settings;
    const windowNs = window * NS_PER_SECOND;
    const answered = new AnsweredSources();
    const spread = new Spread({ windowNs, members: addresses, failedShare: failed_share });
    const spokeAt = new BoundedMap<{ at: number }>(MOST_STATIONS);
    const count = (request: ArpEvent): void => {
      const { senderMac, targetAddress, at: askedAt } = request;
      const answeredOf: AnsweredOf = (question) => answered.peek(stationOf(senderMac))?.count(question) ?? 0;
      const found = spread.failed(senderMac, targetAddress, askedAt, answeredOf);
      if (found === null) return;
      const source = request.senderAddress === NOBODY ? request.senderMac : context.text(request.senderAddress);
      context.raise({
        at: found.at,
        firstAt: found.firstAt,
        source,
        target: null,
        key: request.senderMac,
        observed: { addresses: found.failed, answered: found.answered, mac: request.senderMac },
        threshold: { addresses },
        windowSecs: window,
        description: `${source} (${request.senderMac}) asked by ARP for ${found.failed} addresses within ${window} s${failed_only === 1 ? ' that did not answer' : ''}, ${addresses} are the limit`,
        flows: [],
      });
    };
    const tracker = new ContactTracker<ArpEvent>(answer_wait_ms * 1_000_000, {
      failed(request) {
        const spoke = spokeAt.peek(request.targetAddress);
        if (spoke === undefined || request.at - spoke.at >= IN_USE_NS) count(request);
        else answered.add({ source: stationOf(request.senderMac), target: request.targetAddress, targetPort: 0 }, request.at);
      },
      // Whether an address is in use is looked up when the wait is over: requests are not answered one by one.
      accepted: () => {},
    });
    return {
      arp(event) {
        tracker.advance(event.at);
        if (event.senderAddress !== NOBODY) spokeAt.obtain(event.senderAddress, () => ({ at: event.at })).at = event.at;
        if (event.operation !== 1 || event.targetAddress === NOBODY || event.targetAddress === event.senderAddress) return;
        if (failed_only === 1) tracker.open(event.senderMac + event.targetAddress, event.senderMac, event);
        else count(event);
      },
      tick({ at, final }) {
        tracker.advance(at);
        if (final) tracker.finish();
        spread.expire(at);
        answered.expire(at, windowNs);
      },
    };
  },
});
