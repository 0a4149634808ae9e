/** Networks in CIDR notation, and whether an address lies in one of them. */
import { SensorError } from '../errors.ts';
import { addressBytes, addressPrefix } from '../flow/address-bytes.ts';
import type { NetworkWords } from '../native/tick-walk.ts';
import type { Address } from './events.ts';

export interface Network {
  /** Bits that count. */
  readonly prefix: number;
  /** The address as words of 32 bits, host bits cleared: one for IPv4, four for IPv6. */
  readonly words: readonly number[];
  readonly masks: readonly number[];
}

/** `::ffff:0:0/96` (RFC 4291): IPv4 addresses written as IPv6. */
export const MAPPED_PREFIX = '\0\0\0\0\0\0\0\0\0\0\u00ff\u00ff';

function wordOf(address: Address, at: number): number {
  return (
    ((address.charCodeAt(at) << 24) |
      (address.charCodeAt(at + 1) << 16) |
      (address.charCodeAt(at + 2) << 8) |
      address.charCodeAt(at + 3)) >>>
    0
  );
}

/** The bytes of an address written as text as a key, or null when it is none. */
export function addressOf(text: string): Address | null {
  const bytes = text.includes('%') ? null : addressBytes(text);
  return bytes === null ? null : String.fromCharCode(...bytes);
}

/** `10.0.0.0/8`, `2001:db8::/32`, or an address alone; host bits are cleared. null when the text is neither. */
export function parseNetwork(text: string): Network | null {
  const network = text.includes('%') ? null : addressPrefix(text.trim());
  if (network === null) return null;
  const { bytes, prefix } = network;
  const address = String.fromCharCode(...bytes);
  const words: number[] = [];
  const masks: number[] = [];
  for (let at = 0; at < address.length; at += 4) {
    const own = Math.min(32, Math.max(0, prefix - at * 8));
    // A shift by 32 is one by 0.
    const mask = own === 0 ? 0 : (0xffff_ffff << (32 - own)) >>> 0;
    masks.push(mask);
    words.push((wordOf(address, at) & mask) >>> 0);
  }
  return { prefix, words, masks };
}

export function holds({ words, masks }: Network, address: Address): boolean {
  for (let index = 0; index < words.length; index++) {
    if ((wordOf(address, index * 4) & masks[index]) >>> 0 !== words[index]) return false;
  }
  return true;
}

/** A set of networks. IPv4-mapped IPv6 addresses are their IPv4 address. */
export class Networks {
  readonly #v4: readonly Network[];
  readonly #v6: readonly Network[];

  private constructor(networks: readonly Network[]) {
    this.#v4 = networks.filter(({ words }) => words.length === 1);
    this.#v6 = networks.filter(({ words }) => words.length === 4);
  }

  /** `name` is what the list is called where somebody wrote it. @throws SensorError CONFIG for a text that is no network */
  static parse(texts: readonly string[], name = 'internal networks'): Networks {
    return new Networks(
      texts.map((text) => {
        const network = parseNetwork(text);
        if (network !== null) return network;
        throw new SensorError('CONFIG', `${name}: ${JSON.stringify(text)} is neither a network in CIDR notation nor an address`, {
          hint: 'write networks like 10.0.0.0/8 or fd00::/8',
          detail: { value: text },
        });
      }),
    );
  }

  /** The network or address of a text, null when it is neither: for lists in which other things may stand as well. */
  static of(text: string): Networks | null {
    const network = parseNetwork(text);
    return network === null ? null : new Networks([network]);
  }

  /** For who asks natively. */
  words(): NetworkWords {
    const of = (networks: readonly Network[]) => Uint32Array.from(networks.flatMap(({ words, masks }) => [...words, ...masks]));
    return { v4: of(this.#v4), v6: of(this.#v6) };
  }

  contains(address: Address): boolean {
    if (address.length === 4) return this.#v4.some((network) => holds(network, address));
    if (address.length !== 16) return false;
    if (this.#v4.length > 0 && address.startsWith(MAPPED_PREFIX)) return this.contains(address.slice(12));
    return this.#v6.some((network) => holds(network, address));
  }
}
