/** The addresses of this host: exactly for the thread that names processes, as hashed bits for shards. */
import { addressBytes } from '../flow/address-bytes.ts';
import { addressBit } from './memory.ts';

const LOOPBACK_4 = 127;

function keyOf(words: Int32Array, at: number, ipv6: boolean): string {
  return `${ipv6 ? 6 : 4}/${words[at]}/${words[at + 1]}/${words[at + 2]}/${words[at + 3]}`;
}

/** All of 127/8 is every host's own, whatever its interfaces say. `first`: the address's first word. */
export function isLoopback4(first: number): boolean {
  return (first & 0xff) === LOOPBACK_4;
}

export class OwnAddresses {
  private readonly bits: Int32Array;
  private known: ReadonlySet<string> = new Set();

  constructor(bits: SharedArrayBuffer) {
    this.bits = new Int32Array(bits);
  }

  /** Texts as the system writes them; what is no address is left out. */
  replace(addresses: readonly string[]): void {
    const known = new Set<string>();
    const bits = new Int32Array(this.bits.length);
    for (const text of addresses) {
      const bytes = addressBytes(text);
      if (bytes === null) continue;
      const words = new Int32Array(4);
      new Uint8Array(words.buffer).set(bytes);
      known.add(keyOf(words, 0, bytes.length === 16));
      const bit = addressBit(words[0], words[1], words[2], words[3]);
      bits[bit >> 5] |= 1 << (bit & 31);
    }
    this.known = known;
    this.bits.set(bits);
  }

  /** `at`: where the address's four words begin. */
  has(words: Int32Array, at: number, ipv6: boolean): boolean {
    return (!ipv6 && isLoopback4(words[at])) || this.known.has(keyOf(words, at, ipv6));
  }
}
