/**
 * One sorted run of outbox entries on disk. The file loses its name as soon as it is open, so that neither a failure nor
 * a crash leaves it behind; its space is free again when the run is closed.
 */
import { randomUUID } from 'node:crypto';
import { constants, type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { entryLength, LARGEST_ENTRY } from '../flow/entry.ts';
import { OUTBOX_ENTRY_BYTES } from '../flow/row.ts';
import { type RowView, rowView } from '../flow/row-view.ts';
import { outputError } from './output-error.ts';

const WRITE_BYTES = 1024 * 1024;

export class SpillRun {
  readonly #handle: FileHandle;
  readonly #path: string;
  /** Bytes written. */
  #size = 0;
  #readAt = 0;
  #buffer: RowView = rowView(new Uint8Array(0));
  #offset = 0;
  #filled = 0;

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  /** Writes `entries` (each piece whole entries, in order) as a run in `directory`. @throws SensorError OUTPUT */
  static async write(directory: string, entries: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<SpillRun> {
    const path = join(directory, `.weir-sort-${randomUUID()}`);
    let run: SpillRun | null = null;
    try {
      const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
      run = new SpillRun(handle, path);
      await rm(path, { force: true });
      await run.#writeAll(entries);
      return run;
    } catch (error) {
      await run?.close();
      throw outputError(`temporary file in ${directory}`, error);
    }
  }

  async #writeAll(entries: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const buffer = new Uint8Array(WRITE_BYTES);
    let filled = 0;
    for await (const piece of entries) {
      if (filled + piece.length > buffer.length) {
        await this.#append(buffer.subarray(0, filled));
        filled = 0;
      }
      if (piece.length > buffer.length) await this.#append(piece);
      else {
        buffer.set(piece, filled);
        filled += piece.length;
      }
    }
    await this.#append(buffer.subarray(0, filled));
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at, this.#size);
      at += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  /** Begins reading with a buffer of `bufferBytes`, at least one entry. */
  startReading(bufferBytes: number): void {
    this.#buffer = rowView(new Uint8Array(Math.max(LARGEST_ENTRY, bufferBytes)));
    this.#readAt = 0;
    this.#offset = 0;
    this.#filled = 0;
  }

  /** The buffer that holds the current entry, at `offset`. */
  get buffer(): RowView {
    return this.#buffer;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Moves to the next entry that is already in memory; false when `fill()` has to be asked. */
  advance(): boolean {
    this.#offset += entryLength(this.#buffer.bytes, this.#offset);
    return this.#whole();
  }

  /** Is the entry at `offset` in memory as a whole? */
  #whole(): boolean {
    if (this.#offset + OUTBOX_ENTRY_BYTES > this.#filled) return false;
    return this.#offset + entryLength(this.#buffer.bytes, this.#offset) <= this.#filled;
  }

  /** Reads on; false at the end of the run. @throws SensorError OUTPUT */
  async fill(): Promise<boolean> {
    // The last entry may be there in part.
    this.#buffer.bytes.copyWithin(0, this.#offset, this.#filled);
    this.#filled -= this.#offset;
    this.#offset = 0;
    const want = Math.min(this.#buffer.bytes.length, this.#filled + this.#size - this.#readAt);
    try {
      while (this.#filled < want) {
        const { bytesRead } = await this.#handle.read(this.#buffer.bytes, this.#filled, want - this.#filled, this.#readAt);
        if (bytesRead === 0) throw new Error('the temporary file has become shorter');
        this.#filled += bytesRead;
        this.#readAt += bytesRead;
      }
    } catch (error) {
      throw outputError(this.#path, error);
    }
    return this.#whole();
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }
}
