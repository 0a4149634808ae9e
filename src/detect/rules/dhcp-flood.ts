/** More DHCP requests than a network has reason for: a flood, or the starvation of a server's addresses. */
import type { DhcpEvent } from '../events.ts';
import { defineRule, type Finding } from '../rule.ts';
import { BoundedMap } from '../state/bounded-map.ts';
import { SlidingCount } from '../state/sliding-count.ts';
import { SlidingSet } from '../state/sliding-set.ts';
import { TimedFlows } from '../state/timed-flows.ts';
import { NS_PER_SECOND, windowSetting } from './scan-settings.ts';

/** The one that was not heard for the longest time makes room. */
const MOST_STATIONS = 4096;

interface Station {
  readonly messages: SlidingCount;
  readonly flows: TimedFlows;
}

export const dhcpFlood = defineRule({
  kind: 'dhcp_flood',
  title: 'DHCP flood or starvation',
  description:
    'One station sends many messages to DHCP servers (UDP 67, DHCPv6 547), or many stations do at once, each of which may take ' +
    'an address. A client that is not answered repeats itself after 4 s, and then less and less often. What relays pass on, ' +
    'from the port of a server, does not count.',
  severity: 'medium',
  confidence: 0.6,
  mitre: [{ technique: 'T1499.002', name: 'Endpoint Denial of Service: Service Exhaustion Flood', tactic: 'impact' }],
  enabled: true,
  cooldownSecs: 300,
  decides: null,
  settings: {
    messages: { value: 100, least: 2, most: 100_000, unit: 'messages', description: 'Messages of one station in the window' },
    stations: { value: 200, least: 2, most: MOST_STATIONS, unit: 'stations', description: 'Different stations in the window' },
    window_secs: windowSetting(30),
  },
  create(context) {
    const { messages: mostMessages, stations: mostStations, window_secs: windowSecs } = context.settings;
    const windowNs = windowSecs * NS_PER_SECOND;
    const known = new BoundedMap<Station>(MOST_STATIONS);
    const asking = new SlidingSet(windowNs, MOST_STATIONS);
    const asked = new TimedFlows();

    const raise = (
      event: DhcpEvent,
      flows: TimedFlows,
      what: Pick<Finding, 'firstAt' | 'source' | 'key' | 'observed' | 'threshold' | 'description'>,
    ) => context.raise({ at: event.at, target: null, windowSecs, flows: flows.since(event.at - windowNs), ...what });

    return {
      dhcp(event) {
        const name = event.station ?? context.text(event.source);
        const station = known.obtain(name, () => ({ messages: new SlidingCount(windowNs), flows: new TimedFlows() }));
        station.flows.add(event, event.at);
        asked.add(event, event.at);
        const messages = station.messages.add(event.at);
        if (messages >= mostMessages) {
          raise(event, station.flows, {
            firstAt: station.messages.firstAt,
            source: name,
            key: `station ${name}`,
            observed: { messages },
            threshold: { messages: mostMessages },
            description: `${name} sent ${messages} messages to DHCP servers within ${windowSecs} s`,
          });
        }
        const stations = asking.add(name, event.at);
        if (stations >= mostStations) {
          raise(event, asked, {
            firstAt: asking.firstAt,
            source: null,
            key: 'stations',
            observed: { stations },
            threshold: { stations: mostStations },
            description: `${stations} stations sent messages to DHCP servers within ${windowSecs} s`,
          });
        }
      },
    };
  },
});
