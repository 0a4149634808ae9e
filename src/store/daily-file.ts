/**
 * One kind of daily file, `flows_20261121.csv`: a file per local day of what is written, with a header row; appended to
 * after a restart. Rows are collected and written at `flush`, or when 256 KiB have come; what cannot be written is
 * dropped and reported once, and leaves no torn row behind.
 *
 * When a new day begins, the days before yesterday are compressed (`.gz`) and those beyond the number kept are removed.
 */
import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { SensorError } from '../errors.ts';
import { outputError } from '../export/output-error.ts';
import { compressInto } from './compress-file.ts';

const BUFFER_CHARACTERS = 256 * 1024;

export interface DailyFileOptions {
  directory: string;
  /** What stands before the day. */
  name: string;
  /** Names of the columns, with commas and line feed. */
  header: string;
  /** Files kept, today's included. */
  days: number;
}

/** A local day: 23 to 25 hours, in epoch seconds. */
interface Day {
  from: number;
  to: number;
  /** `20261121` */
  text: string;
}

function dayOf(time: number): Day {
  const date = new Date(time * 1000);
  const midnight = (days: number) => new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime() / 1000;
  const two = (value: number): string => String(value).padStart(2, '0');
  const text = `${String(date.getFullYear()).padStart(4, '0')}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return { from: midnight(0), to: midnight(1), text };
}

const NO_DAY: Day = { from: Number.NaN, to: Number.NaN, text: '' };

export class DailyFile {
  readonly #options: DailyFileOptions;
  readonly #pattern: RegExp;
  /** Of the last row; rows around midnight may come in any order. */
  #day = NO_DAY;
  #newest = NO_DAY;
  readonly #rows = new Map<string, string>();
  #waiting = 0;
  #failure: SensorError | null = null;
  #puttingAway: Promise<void> = Promise.resolve();

  constructor(options: DailyFileOptions) {
    this.#options = options;
    this.#pattern = new RegExp(`^${options.name}_(\\d{8})\\.csv(\\.gz|\\.closed)?$`);
  }

  /** `time` in epoch seconds decides the day; `row` ends in a line feed. Never throws. */
  add(time: number, row: string): void {
    if (!(time >= this.#day.from && time < this.#day.to)) this.#day = dayOf(time);
    const { text } = this.#day;
    this.#rows.set(text, (this.#rows.get(text) ?? '') + row);
    this.#waiting += row.length;
    if (this.#waiting >= BUFFER_CHARACTERS) this.#write();
  }

  /** @throws SensorError OUTPUT once for the first failure since the last flush; later rows are tried again */
  flush(): void {
    this.#write();
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
  }

  /** Writes what is left and waits until old days are put away. @throws SensorError OUTPUT */
  async close(): Promise<void> {
    this.#write();
    await this.#puttingAway;
    this.flush();
  }

  #write(): void {
    for (const [day, rows] of this.#rows) this.#append(this.#file(day), rows);
    this.#rows.clear();
    this.#waiting = 0;
    if (this.#day.text > this.#newest.text) {
      this.#newest = this.#day;
      const yesterday = dayOf(this.#day.from - 1).text;
      this.#puttingAway = this.#puttingAway.then(() => this.#putAway(yesterday));
    }
  }

  #file(day: string): string {
    return join(this.#options.directory, `${this.#options.name}_${day}.csv`);
  }

  #append(path: string, rows: string): void {
    let descriptor: number | null = null;
    try {
      descriptor = openSync(path, 'a', 0o640);
      const { size } = fstatSync(descriptor);
      const isNew = size === 0 && !existsSync(`${path}.gz`);
      this.#writeWhole(descriptor, size, Buffer.from(isNew ? this.#options.header + rows : rows));
    } catch (error) {
      this.#failure ??= outputError(path, error);
    } finally {
      if (descriptor !== null) closeSync(descriptor);
    }
  }

  /** A full disk takes a part first and fails then: the part is taken back. */
  #writeWhole(descriptor: number, size: number, bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    } catch (error) {
      ftruncateSync(descriptor, size);
      throw error;
    }
  }

  async #putAway(yesterday: string): Promise<void> {
    const { directory, days } = this.#options;
    try {
      const found = readdirSync(directory).flatMap((file) => {
        const match = this.#pattern.exec(file);
        return match === null ? [] : [{ path: join(directory, file), day: match[1], compressed: match[2] === '.gz' }];
      });
      const kept = new Set([...new Set(found.map(({ day }) => day))].sort().slice(-days));
      for (const { path, day } of found) if (!kept.has(day)) rmSync(path, { force: true });
      const plain = found.filter(({ day, compressed }) => kept.has(day) && !compressed && day < yesterday);
      for (const day of new Set(plain.map(({ day }) => day))) await compressInto(this.#file(day), `${this.#file(day)}.gz`);
    } catch (error) {
      this.#failure ??= outputError(directory, error);
    }
  }
}
