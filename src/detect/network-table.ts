/** Networks that may lie within one another: which is the most specific that holds an address? */
import type { Address } from './events.ts';
import { holds, MAPPED_PREFIX, type Network, parseNetwork } from './networks.ts';

/** Addresses whose answer is remembered. */
const MOST_KNOWN = 65_536;

interface Entry {
  readonly network: Network;
  readonly index: number;
}

/** Whether all of `inner` lies in `outer`. */
export function covers(outer: Network, inner: Network): boolean {
  if (outer.words.length !== inner.words.length || outer.prefix > inner.prefix) return false;
  return outer.words.every((word, index) => (inner.words[index] & outer.masks[index]) >>> 0 === word);
}

export class NetworkTable {
  /** Most specific first. */
  private readonly v4: readonly Entry[];
  private readonly v6: readonly Entry[];
  private readonly known = new Map<Address, number>();

  /** @throws RangeError for a text that is no network: people's texts are checked before */
  constructor(texts: readonly string[]) {
    const entries = texts.map((text, index): Entry => {
      const network = parseNetwork(text);
      if (network === null) throw new RangeError(`${JSON.stringify(text)} is no network`);
      return { network, index };
    });
    entries.sort((a, b) => b.network.prefix - a.network.prefix);
    this.v4 = entries.filter(({ network }) => network.words.length === 1);
    this.v6 = entries.filter(({ network }) => network.words.length === 4);
  }

  /** Index of the text that names it; -1 = none holds the address. IPv4-mapped IPv6 addresses are their IPv4 address. */
  indexOf(address: Address): number {
    let index = this.known.get(address);
    if (index === undefined) {
      index = this.find(address);
      if (this.known.size >= MOST_KNOWN) this.known.clear();
      this.known.set(address, index);
    }
    return index;
  }

  private find(address: Address): number {
    if (address.length === 16 && address.startsWith(MAPPED_PREFIX)) {
      const index = this.find(address.slice(12));
      if (index >= 0) return index;
    }
    const entries = address.length === 4 ? this.v4 : this.v6;
    return entries.find(({ network }) => holds(network, address))?.index ?? -1;
  }
}
