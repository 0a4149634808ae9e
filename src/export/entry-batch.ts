/** Gathers entries into one buffer that is used again and again. */
import { LARGEST_ENTRY } from '../flow/entry.ts';
import { OUTBOX_ENTRY_BYTES } from '../flow/row.ts';

export class EntryBatch {
  readonly #bytes: Uint8Array;
  readonly #mostRows: number;
  #filled = 0;
  #rows = 0;

  /** Room for `rows` rows without notes; with notes, fewer of them. */
  constructor(rows: number) {
    this.#mostRows = Math.max(1, rows);
    this.#bytes = new Uint8Array(Math.max(this.#mostRows * OUTBOX_ENTRY_BYTES, LARGEST_ENTRY));
  }

  get isEmpty(): boolean {
    return this.#filled === 0;
  }

  /** False when `take` must come first. An empty batch takes every entry. */
  fits(length: number): boolean {
    return this.#rows < this.#mostRows && this.#filled + length <= this.#bytes.length;
  }

  add(bytes: Uint8Array, offset: number, length: number): void {
    this.#bytes.set(bytes.subarray(offset, offset + length), this.#filled);
    this.#filled += length;
    this.#rows++;
  }

  /** What was gathered; overwritten by the next `add`. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#filled);
    this.#filled = 0;
    this.#rows = 0;
    return taken;
  }
}
