/**
 * What is worked out once for an address that comes again and again: one string, whose hash is known to every map that it
 * is a key of, and what kind of address it is. A place per hash: an address that finds another in its place takes it, and
 * the other is made anew when it comes.
 */
import { classify } from './address-class.ts';
import type { Address } from './events.ts';
import { ADDRESS_WORDS, writeAddress } from './flow-keys.ts';

/** What `native/detect/address_places.h` has as well. */
export const ADDRESS_PLACES = 16_384;
const V6 = 1;
const V4 = 2;
const V4_BYTES = 4;

interface Classifier {
  isInternal(address: Address): boolean;
}

const NO_NETWORKS: Classifier = { isInternal: () => false };

export class AddressCache {
  /** Four words, and V4 or V6 (0 = nothing yet), per place. */
  readonly words = new Int32Array(ADDRESS_PLACES * 5);
  private readonly texts: (Address | null)[] = new Array<Address | null>(ADDRESS_PLACES).fill(null);
  /** Flags of `AddressClass` by place; 0 = not yet known. */
  readonly classes = new Uint8Array(ADDRESS_PLACES);
  private readonly context: Classifier;

  constructor(context: Classifier = NO_NETWORKS) {
    this.context = context;
  }

  /** The address of 4 or 16 bytes that stands at word `at` of `from`, in network order in memory; of IPv4 the other words are 0. */
  of(from: Int32Array, at: number, isV6: boolean): Address {
    return this.textAt(this.place(from, at, isV6));
  }

  /** Flags of `AddressClass`. */
  classOf(from: Int32Array, at: number, isV6: boolean): number {
    const place = this.place(from, at, isV6);
    if (this.classes[place] === 0) this.classes[place] = classify(this.textAt(place), this.context);
    return this.classes[place];
  }

  private textAt(place: number): Address {
    const known = this.texts[place];
    if (known !== null) return known;
    const { words } = this;
    const w = place * 5;
    const text = words[w + 4] === V6 ? four(words[w]) + four(words[w + 1]) + four(words[w + 2]) + four(words[w + 3]) : four(words[w]);
    this.texts[place] = text;
    return text;
  }

  private place(from: Int32Array, at: number, isV6: boolean): number {
    const { words } = this;
    const a = from[at];
    const b = from[at + 1];
    const c = from[at + 2];
    const d = from[at + 3];
    const kind = isV6 ? V6 : V4;
    const place = placeOfWords(a, b, c, d, kind);
    const w = place * 5;
    if (words[w] === a && words[w + 1] === b && words[w + 2] === c && words[w + 3] === d && words[w + 4] === kind) return place;
    words[w] = a;
    words[w + 1] = b;
    words[w + 2] = c;
    words[w + 3] = d;
    words[w + 4] = kind;
    this.texts[place] = null;
    this.classes[place] = 0;
    return place;
  }
}

/** Where an address stands, whoever has it. */
export function placeOf(address: Address): number {
  const words = new Int32Array(ADDRESS_WORDS);
  writeAddress(address, words, 0);
  return placeOfWords(words[0], words[1], words[2], words[3], address.length === V4_BYTES ? V4 : V6);
}

function placeOfWords(a: number, b: number, c: number, d: number, kind: number): number {
  const hash = Math.imul(a ^ Math.imul(b, 31) ^ Math.imul(c, 37) ^ Math.imul(d, 41) ^ kind, 0x9e37_79b1);
  return (Math.imul(hash ^ (hash >>> 15), 0x85eb_ca6b) >>> 16) & (ADDRESS_PLACES - 1);
}

/** Little-endian: the first byte of a word is its lowest. */
function four(word: number): string {
  return String.fromCharCode(word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24);
}
