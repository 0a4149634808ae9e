/** The names of one device, and which of them is its host name. */
import type { DeviceDetail } from '../api/contract.ts';

type DeviceName = DeviceDetail['names'][number];

const MOST_NAMES = 32;
/** Surest first. Sources that are not here name something else than the device. */
const RANKS = [['dhcp'], ['mdns'], ['netbios'], ['lldp', 'cdp'], ['llmnr'], ['ssdp'], ['cast']] as const;
const rankOf = new Map<string, number>(RANKS.flatMap((sources, rank) => sources.map((source): [string, number] => [source, rank])));

export class NameBook {
  /** The least recently seen first; null until there is one, as most devices never say a name. */
  #names: Map<string, DeviceName> | null = null;

  get size(): number {
    return this.#names?.size ?? 0;
  }

  add(name: string, source: string, at: number): void {
    const key = `${source}/${name}`;
    this.#names ??= new Map();
    const known = this.#names.get(key);
    this.#names.delete(key);
    this.#names.set(key, { name, source, last_seen: Math.max(known?.last_seen ?? at, at) });
    const oldest = this.#names.keys().next();
    if (this.#names.size > MOST_NAMES && oldest.done !== true) this.#names.delete(oldest.value);
  }

  /** By the surest source, of equals the latest. */
  best(): DeviceName | null {
    let best: DeviceName | null = null;
    let bestRank: number = RANKS.length;
    for (const name of this.#names?.values() ?? []) {
      const rank = rankOf.get(name.source) ?? RANKS.length;
      if (rank < RANKS.length && rank <= bestRank) {
        best = name;
        bestRank = rank;
      }
    }
    return best;
  }

  /** The most recently seen first. */
  list(): DeviceName[] {
    return [...(this.#names?.values() ?? [])].toReversed().map((name) => ({ ...name }));
  }
}
