/**
 * Which contacts of each source were answered, kept once for all rules about contacts. Remembering one is a write into a
 * table of numbers; rules ask only about sources that have failed often enough to be judged. All sources together have a
 * budget: beyond it the one that was not used for the longest time is forgotten.
 */
import type { EntryReader } from '../entry-reader.ts';
import type { Address, FlowTuple } from '../events.ts';
import { ADDRESS_WORDS, addressOfWords, PAIR_WORDS, writeAddress, writePair } from '../flow-keys.ts';
import { KeyTable, NO_ROW, widened } from './key-table.ts';

const MOST_SOURCES = 16_384;
/** Latest contacts of one source. */
const MOST_CONTACTS = 2048;
/** Of all sources together: about 15 MB. */
const MOST_HELD = 262_144;
/** Words of a contact's key: its source's row, its host, its port. */
const HOST = 1;
const PORT = HOST + ADDRESS_WORDS;
const CONTACT_WORDS = PORT + 1;

/** A (host, port) as a key: the port is its last character. */
export const contactOf = ({ target, targetPort }: Pick<FlowTuple, 'target' | 'targetPort'>): string =>
  target + String.fromCharCode(targetPort);

export interface AnsweredQuestion {
  /** The end of the window; an answered attempt exactly `windowNs` older does not count. */
  readonly at: number;
  readonly windowNs: number;
  /** The answer is no higher than this. */
  readonly most: number;
  /** Only contacts of this host, of this port; a host counts once for each port. */
  readonly target?: Address;
  readonly port?: number;
}

/** Where the answered contacts of one protocol are kept; sources by number. */
export interface AnsweredStore {
  /** The answered contacts of a source, as long as it is not forgotten; undefined when there are none. */
  peek(source: Address): AnsweredContacts | undefined;
  /** The contact that the flow's source made at `at` was answered. */
  add(flow: Pick<FlowTuple, 'source' | 'target' | 'targetPort'>, at: number): void;
  /** The same of the flow of an entry. */
  addEntry(entries: EntryReader, offset: number, at: number): void;
  /** Forgets sources without an answer for `memoryNs`. */
  expire(now: number, memoryNs: number): void;
  sizeOf(source: number): number;
  lastAtOf(source: number): number;
  countOf(source: number, question: AnsweredQuestion): number;
  latestOf(source: number, at: number, windowNs: number, most: number): [contact: string, at: number][];
}

export class AnsweredSources implements AnsweredStore {
  private readonly sources: KeyTable;
  private readonly contacts = new KeyTable(CONTACT_WORDS, MOST_HELD + 1);
  /** By contact: when it was last attempted, and the next of its source. */
  private times = new Float64Array(0);
  private nexts = new Int32Array(0);
  /** By source. */
  private firsts = new Int32Array(0);
  private lasts = new Int32Array(0);
  private counts = new Int32Array(0);
  private lastAts = new Float64Array(0);
  /** Source and target of what is added. */
  private readonly pair = new Int32Array(PAIR_WORDS);

  constructor() {
    this.sources = new KeyTable(ADDRESS_WORDS, MOST_SOURCES, (row) => this.forget(row));
  }

  peek(source: Address): AnsweredContacts | undefined {
    if (this.sources.size === 0) return undefined;
    writeAddress(source, this.sources.key, 0);
    const row = this.sources.peek();
    return row === NO_ROW ? undefined : new AnsweredContacts(this, row);
  }

  add(flow: Pick<FlowTuple, 'source' | 'target' | 'targetPort'>, at: number): void {
    writePair(flow, this.pair, 0);
    this.addPair(flow.targetPort, at);
  }

  addEntry(entries: EntryReader, offset: number, at: number): void {
    entries.writePair(offset, this.pair, 0);
    this.addPair(entries.targetPort(offset), at);
  }

  private addPair(port: number, at: number): void {
    const { sources, contacts, pair } = this;
    const version = pair[PAIR_WORDS - 1];
    for (let word = 0; word < 4; word++) {
      sources.key[word] = pair[word];
      contacts.key[HOST + word] = pair[4 + word];
    }
    sources.key[4] = version;
    contacts.key[HOST + 4] = version;
    const source = sources.obtain();
    if (sources.isFresh) this.begin(source);
    if (at > this.lastAts[source]) this.lastAts[source] = at;
    contacts.key[0] = source;
    contacts.key[PORT] = port;
    const row = contacts.obtain();
    if (!contacts.isFresh) {
      this.times[row] = at;
      return;
    }
    this.times = widened(this.times, contacts.room);
    this.nexts = widened(this.nexts, contacts.room);
    this.times[row] = at;
    this.append(source, row);
    if (this.counts[source] >= 2 * MOST_CONTACTS) this.shrink(source, MOST_CONTACTS);
    while (contacts.size > MOST_HELD && sources.size > 1) sources.drop(sources.oldest);
  }

  expire(now: number, memoryNs: number): void {
    const { sources } = this;
    while (sources.oldest !== NO_ROW && now - this.lastAts[sources.oldest] >= memoryNs) sources.drop(sources.oldest);
  }

  sizeOf(source: number): number {
    return this.counts[source];
  }

  lastAtOf(source: number): number {
    return this.lastAts[source];
  }

  countOf(source: number, { at, windowNs, most, target, port }: AnsweredQuestion): number {
    const { contacts, times, nexts } = this;
    const host = new Int32Array(ADDRESS_WORDS);
    if (target !== undefined) writeAddress(target, host, 0);
    let count = 0;
    for (let row = this.firsts[source]; row !== NO_ROW; row = nexts[row]) {
      if (at - times[row] >= windowNs) continue;
      if (port !== undefined && contacts.wordOf(row, PORT) !== port) continue;
      if (target !== undefined && !this.isOfHost(row, host)) continue;
      if (++count === most) break;
    }
    return count;
  }

  latestOf(source: number, at: number, windowNs: number, most: number): [contact: string, at: number][] {
    return this.latestRows(source, at, windowNs, most).map((row) => {
      const target = addressOfWords((word) => this.contacts.wordOf(row, HOST + word));
      return [contactOf({ target, targetPort: this.contacts.wordOf(row, PORT) }), this.times[row]];
    });
  }

  private begin(source: number): void {
    const { room } = this.sources;
    this.firsts = widened(this.firsts, room);
    this.lasts = widened(this.lasts, room);
    this.counts = widened(this.counts, room);
    this.lastAts = widened(this.lastAts, room);
    this.firsts[source] = NO_ROW;
    this.lasts[source] = NO_ROW;
    this.counts[source] = 0;
    this.lastAts[source] = 0;
  }

  private append(source: number, row: number): void {
    this.nexts[row] = NO_ROW;
    if (this.firsts[source] === NO_ROW) this.firsts[source] = row;
    else this.nexts[this.lasts[source]] = row;
    this.lasts[source] = row;
    this.counts[source]++;
  }

  /** Forgets all but the `most` latest contacts of a source. */
  private shrink(source: number, most: number): void {
    const kept = this.latestRows(source, this.lastAts[source], Number.POSITIVE_INFINITY, most);
    const keeps = new Set(kept);
    for (let row = this.firsts[source]; row !== NO_ROW; ) {
      const next = this.nexts[row];
      if (!keeps.has(row)) this.contacts.drop(row);
      row = next;
    }
    this.firsts[source] = NO_ROW;
    this.counts[source] = 0;
    for (const row of kept) this.append(source, row);
  }

  /** Oldest first. */
  private latestRows(source: number, at: number, windowNs: number, most: number): number[] {
    const { times, nexts } = this;
    const rows: number[] = [];
    for (let row = this.firsts[source]; row !== NO_ROW; row = nexts[row]) if (at - times[row] < windowNs) rows.push(row);
    return rows.sort((a, b) => times[a] - times[b]).slice(-most);
  }

  private isOfHost(row: number, host: Int32Array): boolean {
    for (let word = 0; word < ADDRESS_WORDS; word++) if (this.contacts.wordOf(row, HOST + word) !== host[word]) return false;
    return true;
  }

  /** The source goes, and its contacts with it. */
  private forget(source: number): void {
    for (let row = this.firsts[source]; row !== NO_ROW; ) {
      const next = this.nexts[row];
      this.contacts.drop(row);
      row = next;
    }
  }
}

/** Contacts of one source and protocol that were answered, to be asked at once and not kept. */
export class AnsweredContacts {
  private readonly sources: AnsweredStore;
  private readonly row: number;

  constructor(sources: AnsweredStore, row: number) {
    this.sources = sources;
    this.row = row;
  }

  get size(): number {
    return this.sources.sizeOf(this.row);
  }

  /** The latest attempt. */
  get lastAt(): number {
    return this.sources.lastAtOf(this.row);
  }

  /** Different contacts in the window. */
  count(question: AnsweredQuestion): number {
    return this.sources.countOf(this.row, question);
  }

  /** The `most` latest contacts in the window and when they were attempted, oldest first. */
  latest(at: number, windowNs: number, most: number): [contact: string, at: number][] {
    return this.sources.latestOf(this.row, at, windowNs, most);
  }
}
