/** The answered contacts of one protocol where the native walk keeps them (`native/detect/answered_contacts.h`). */
import type { TickWalk } from '../../native/tick-walk.ts';
import type { EntryReader } from '../entry-reader.ts';
import type { Address, FlowTuple } from '../events.ts';
import { ADDRESS_WORDS, addressOfWords, PAIR_WORDS, writeAddress, writePair } from '../flow-keys.ts';
import { AnsweredContacts, type AnsweredQuestion, type AnsweredStore, contactOf } from './answered-contacts.ts';
import { NO_ROW } from './key-table.ts';

/** Of each contact of `latestAnswered`: its host, then these. */
const PORT = ADDRESS_WORDS;
const AT = PORT + 1;
const CONTACT_NUMBERS = AT + 1;

export class NativeAnswered implements AnsweredStore {
  private readonly pair = new Int32Array(PAIR_WORDS);
  private readonly address = new Int32Array(ADDRESS_WORDS);
  private readonly walk: TickWalk;
  private readonly protocol: number;

  constructor(walk: TickWalk, protocol: number) {
    this.walk = walk;
    this.protocol = protocol;
  }

  peek(source: Address): AnsweredContacts | undefined {
    writeAddress(source, this.address, 0);
    const row = this.walk.findAnswered(this.protocol, this.address);
    return row === NO_ROW ? undefined : new AnsweredContacts(this, row);
  }

  add(flow: Pick<FlowTuple, 'source' | 'target' | 'targetPort'>, at: number): void {
    writePair(flow, this.pair, 0);
    this.walk.addAnswered(this.protocol, this.pair, flow.targetPort, at);
  }

  addEntry(entries: EntryReader, offset: number, at: number): void {
    entries.writePair(offset, this.pair, 0);
    this.walk.addAnswered(this.protocol, this.pair, entries.targetPort(offset), at);
  }

  expire(now: number, memoryNs: number): void {
    this.walk.expireAnswered(this.protocol, now, memoryNs);
  }

  sizeOf(source: number): number {
    return this.walk.answeredSize(this.protocol, source);
  }

  lastAtOf(source: number): number {
    return this.walk.answeredLastAt(this.protocol, source);
  }

  countOf(source: number, { at, windowNs, most, target, port }: AnsweredQuestion): number {
    if (target !== undefined) writeAddress(target, this.address, 0);
    return this.walk.countAnswered(this.protocol, source, at, windowNs, most, target === undefined ? null : this.address, port ?? -1);
  }

  latestOf(source: number, at: number, windowNs: number, most: number): [contact: string, at: number][] {
    const numbers = this.walk.latestAnswered(this.protocol, source, at, windowNs, most);
    return Array.from({ length: numbers.length / CONTACT_NUMBERS }, (_, contact) => {
      const from = contact * CONTACT_NUMBERS;
      const target = addressOfWords((word) => numbers[from + word]);
      return [contactOf({ target, targetPort: numbers[from + PORT] }), numbers[from + AT]];
    });
  }
}
