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

export class Vendors {
  readonly #names: ReadonlyMap<string, string>;

  private constructor(names: ReadonlyMap<string, string>) {
    this.#names = names;
  }

  /** Reads 5.6 MB once; where the package is not installed, no vendor is known. */
  static async load(): Promise<Vendors> {
    const path = packageFile('oui-data', 'index.json');
    if (path === null) return new Vendors(new Map());
    const entries = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
    // A vendor has many prefixes: its name is kept once.
    const once = new Map<string, string>();
    const names = new Map<string, string>();
    for (const [prefix, text] of Object.entries(entries)) {
      const name = text.split('\n', 1)[0];
      if (name === DIVIDED) continue;
      const same = once.get(name) ?? name;
      once.set(name, same);
      names.set(prefix, same);
    }
    return new Vendors(names);
  }

  /** `mac` with any separators; null for locally administered and group addresses, and for prefixes without an owner. */
  vendor(mac: string): string | null {
    const digits = mac.replace(/[^0-9a-f]/gi, '').toUpperCase();
    if (digits.length !== 12 || (Number.parseInt(digits.slice(0, 2), 16) & 3) !== 0) return null;
    for (const length of PREFIX_DIGITS) {
      const name = this.#names.get(digits.slice(0, length));
      if (name !== undefined) return name;
    }
    return null;
  }
}
