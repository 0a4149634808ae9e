/**
 * Vendors by link address, from the registries of the IEEE in the package `oui-data`: MA-L (24 bits), and MA-M (28) and
 * MA-S (36), which divide some of the former. Of each entry the first line, the name, is kept; the addresses below are not.
 */
import { readFile } from 'node:fs/promises';
import { packageFile } from './package-file.ts';

/** Stands for the prefixes that are divided: what no part of them names has no known owner. */
const DIVIDED = 'IEEE Registration Authority';
/** Hexadecimal digits of a prefix, the longest first. */
const PREFIX_DIGITS = [9, 7, 6];

/** The registry is read piece by piece: as one text it is 11 MB, which a heap keeps as its size long after. */
const PIECE_BYTES = 1 << 18;

/** A prefix as a number that no prefix of another length has; exact below 2^53. */
const keyOf = (digits: string): number => Number.parseInt(digits, 16) * 16 + digits.length;

/** The members of a JSON object with one of them per line. */
function* entriesOf(file: Buffer): Generator<[string, string]> {
  const end = file.lastIndexOf('}');
  for (let from = file.indexOf('{') + 1; from > 0 && from < end; ) {
    const line = file.indexOf('\n', from + PIECE_BYTES);
    const to = line < 0 || line > end ? end : line;
    const members = file.toString('utf8', from, to).trim().replace(/,$/, '');
    yield* Object.entries(JSON.parse(`{${members}}`) as Record<string, string>);
    from = to;
  }
}

/** Bytes of its own: a piece of a text keeps the whole text in memory. */
const ownText = (text: string): string => Buffer.from(text).toString();

export class Vendors {
  /** Ascending, and for each the place of its name. */
  readonly #keys: Float64Array;
  readonly #places: Uint32Array;
  readonly #names: readonly string[];

  private constructor(entries: Iterable<[string, string]>) {
    // A vendor has many prefixes: its name is kept once.
    const names = new Map<string, number>();
    const found: { key: number; place: number }[] = [];
    for (const [prefix, text] of entries) {
      const name = text.split('\n', 1)[0];
      if (name === DIVIDED) continue;
      const place = names.get(name) ?? names.size;
      if (place === names.size) names.set(ownText(name), place);
      found.push({ key: keyOf(prefix), place });
    }
    found.sort((a, b) => a.key - b.key);
    this.#keys = Float64Array.from(found, ({ key }) => key);
    this.#places = Uint32Array.from(found, ({ place }) => place);
    this.#names = [...names.keys()];
  }

  /** Reads 5.6 MB once; where the package is not installed, no vendor is known. */
  static async load(): Promise<Vendors> {
    const path = packageFile('oui-data', 'index.json');
    return new Vendors(path === null ? [] : entriesOf(await readFile(path)));
  }

  /** `mac` with any separators; null for locally administered and group addresses, and for prefixes without an owner. */
  vendor(mac: string): string | null {
    const digits = mac.replace(/[^0-9a-f]/gi, '').toUpperCase();
    if (digits.length !== 12 || (Number.parseInt(digits.slice(0, 2), 16) & 3) !== 0) return null;
    for (const length of PREFIX_DIGITS) {
      const at = this.#find(keyOf(digits.slice(0, length)));
      if (at >= 0) return this.#names[this.#places[at]];
    }
    return null;
  }

  #find(key: number): number {
    let low = 0;
    let high = this.#keys.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle] === key) return middle;
      if (this.#keys[middle] < key) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
