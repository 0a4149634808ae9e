/** Networks that have settings of their own (`[detect.networks."10.20.0.0/16".port_scan]`), checked, and which lie in which. */
import type { DetectOptions } from '../config/options.ts';
import type { SensorError } from '../errors.ts';
import { covers } from './network-table.ts';
import { type Network, parseNetwork } from './networks.ts';
import { placed } from './place.ts';

/** Each can cost a rule tables of its own. */
export const MOST_NETWORKS = 64;

export interface ConfiguredNetwork {
  /** As it was written. */
  readonly text: string;
  readonly network: Network;
  /** What is said of rules, by kind. */
  readonly tables: DetectOptions['networks'][string];
}

function sameNetwork(left: Network, right: Network): boolean {
  return left.prefix === right.prefix && covers(left, right);
}

/** All that can be used, the widest first: what holds in a network holds in those within it that say nothing else. */
export function readNetworks(
  { networks, places }: Pick<DetectOptions, 'networks' | 'places'>,
  problems: SensorError[],
): ConfiguredNetwork[] {
  const read: ConfiguredNetwork[] = [];
  const entries = Object.entries(networks);
  if (entries.length > MOST_NETWORKS) {
    const [first] = entries[MOST_NETWORKS];
    const hint = 'put neighbours together into a wider network';
    problems.push(
      placed(places, `networks.${first}`, `is one too many: at most ${MOST_NETWORKS} networks have settings of their own`, { hint }),
    );
  }
  for (const [text, tables] of entries.slice(0, MOST_NETWORKS)) {
    const network = parseNetwork(text);
    const same = network === null ? undefined : read.find((other) => sameNetwork(other.network, network));
    if (network === null) {
      const hint = 'write networks like 10.20.0.0/16 or fd00::/8, in quotes';
      problems.push(placed(places, `networks.${text}`, 'is neither a network in CIDR notation nor an address', { hint }));
    } else if (same !== undefined) {
      problems.push(
        placed(places, `networks.${text}`, `is the same network as ${same.text}`, { hint: 'put both tables under one of them' }),
      );
    } else read.push({ text, network, tables });
  }
  return read.sort((a, b) => a.network.prefix - b.network.prefix);
}
