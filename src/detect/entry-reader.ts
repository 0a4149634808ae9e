/** Events of the entries of a batch (`batch.ts`). */
import type { AddressCache } from './address-cache.ts';
import {
  B_ANSWER_ORDINAL,
  B_BYTES,
  B_BYTES_SINCE,
  B_FIRST,
  B_FLAGS,
  B_HOST,
  B_KIND,
  B_LAST,
  B_MISSED,
  B_ORDINAL,
  B_PACKETS,
  B_PACKETS_SINCE,
  B_PAYLOAD,
  B_PORTS,
  B_PROTOCOL,
  B_SERVICE,
  B_SOURCE,
  B_TARGET,
  B_TYPE,
  EntryFlag,
  STATES,
} from './batch.ts';
import type { Address, AnswerEvent, CloseEvent, FlowTuple, HalfOpenEvent, OpenEvent, VolumeEvent } from './events.ts';

/** Of either version: those of IPv4 are followed by zeros. */
const ADDRESS_BYTES = 16;

/** Services and hosts by number, from 1 on, of the entries below a number: each shard has its own. */
export type TextParts = readonly { readonly below: number; readonly texts: readonly string[] }[];

/** The typed views of a batch's entries, field by field; `at` is an entry's byte offset. */
export class EntryReader {
  /** Entries. */
  readonly count: number;
  readonly i32: Int32Array;
  /** The entries themselves. */
  readonly u8: Uint8Array;
  private readonly f64: Float64Array;
  private readonly u32: Uint32Array;
  private readonly u16: Uint16Array;
  private readonly entryBytes: number;
  private readonly addresses: AddressCache;
  private readonly texts: TextParts;

  /** `entries` is aligned to 8 bytes; `texts` are those that its services and hosts are numbers of. */
  constructor(entries: Uint8Array, entryBytes: number, addresses: AddressCache, texts: TextParts = []) {
    const { buffer, byteOffset, byteLength } = entries;
    this.count = byteLength / entryBytes;
    this.f64 = new Float64Array(buffer, byteOffset, byteLength >> 3);
    this.i32 = new Int32Array(buffer, byteOffset, byteLength >> 2);
    this.u32 = new Uint32Array(buffer, byteOffset, byteLength >> 2);
    this.u16 = new Uint16Array(buffer, byteOffset, byteLength >> 1);
    this.u8 = entries;
    this.entryBytes = entryBytes;
    this.addresses = addresses;
    this.texts = texts;
  }

  offset(entry: number): number {
    return entry * this.entryBytes;
  }

  /** A moment at one of the places B_AT and B_ANSWERED_AT, and its number in the capture at those of ordinals. */
  number(at: number, place: number): number {
    return this.f64[(at + place) >> 3];
  }

  /** Writes the numbers at one of these places of some entries, in their order, and Infinity behind the last. */
  readNumbers(entries: Uint32Array, place: number, numbers: Float64Array): void {
    const { f64, entryBytes } = this;
    numbers[entries.length] = Number.POSITIVE_INFINITY;
    for (let i = 0; i < entries.length; i++) numbers[i] = f64[(entries[i] * entryBytes + place) >> 3];
  }

  kind(at: number): number {
    return this.u8[at + B_KIND];
  }

  protocol(at: number): number {
    return this.u8[at + B_PROTOCOL];
  }

  ordinal(at: number): number {
    return this.f64[(at + B_ORDINAL) >> 3];
  }

  answerOrdinal(at: number): number {
    return this.f64[(at + B_ANSWER_ORDINAL) >> 3];
  }

  sourcePort(at: number): number {
    return this.u16[(at + B_PORTS) >> 1];
  }

  targetPort(at: number): number {
    return this.u16[(at + B_PORTS + 2) >> 1];
  }

  source(at: number): Address {
    return this.address(at, B_SOURCE);
  }

  target(at: number): Address {
    return this.address(at, B_TARGET);
  }

  address(at: number, place: number): Address {
    return this.addresses.of(this.i32, (at + place) >> 2, this.isV6(at));
  }

  /** Flags of `AddressClass`; `place` is B_SOURCE or B_TARGET. */
  classOf(at: number, place: number): number {
    return this.addresses.classOf(this.i32, (at + place) >> 2, this.isV6(at));
  }

  isV6(at: number): boolean {
    return (this.u8[at + B_FLAGS] & EntryFlag.IPV6) !== 0;
  }

  /** A number that attempts at the same service have in common, below `most`, a power of two. */
  serviceBucket(at: number, most: number): number {
    const word = (at + B_TARGET) >> 2;
    const { i32 } = this;
    const hash = Math.imul(i32[word] ^ i32[word + 1] ^ i32[word + 2] ^ i32[word + 3] ^ (this.targetPort(at) << 8), 0x9e37_79b1);
    return ((hash ^ this.protocol(at)) >>> 12) & (most - 1);
  }

  isTracked(at: number): boolean {
    return (this.u8[at + B_FLAGS] & EntryFlag.UNTRACKED) === 0;
  }

  /** What came of an attempt before the tick was over; null when that was not known. */
  outcome(at: number): OpenEvent['outcome'] {
    const flags = this.u8[at + B_FLAGS];
    return (flags & EntryFlag.ACCEPTED) !== 0 ? 'accepted' : (flags & EntryFlag.REFUSED) !== 0 ? 'refused' : null;
  }

  isAccepted(at: number): boolean {
    return (this.u8[at + B_FLAGS] & EntryFlag.ACCEPTED) !== 0;
  }

  icmpType(at: number): number {
    return this.u8[at + B_TYPE];
  }

  firstAt(at: number): number {
    return this.f64[(at + B_FIRST) >> 3];
  }

  lastAt(at: number): number {
    return this.f64[(at + B_LAST) >> 3];
  }

  /** `way`: 0 = up, 1 = down, here and below. */
  bytes(at: number, way: number): number {
    return this.f64[((at + B_BYTES) >> 3) + way];
  }

  payloadOf(at: number, way: number): number {
    return this.f64[((at + B_PAYLOAD) >> 3) + way];
  }

  packets(at: number, way: number): number {
    return this.u32[((at + B_PACKETS) >> 2) + way];
  }

  /** Since the flow's last volume event. */
  grownBytes(at: number, way: number): number {
    return this.f64[((at + B_BYTES_SINCE) >> 3) + way];
  }

  grownPackets(at: number, way: number): number {
    return this.u32[((at + B_PACKETS_SINCE) >> 2) + way];
  }

  /** Bytes that nobody saw although they were acknowledged. */
  missed(at: number): number {
    return this.u32[(at + B_MISSED) >> 2];
  }

  state(at: number): string | null {
    return STATES[this.u8[at + B_TYPE]] || null;
  }

  service(at: number): string | null {
    return this.text(at, this.u16[(at + B_SERVICE) >> 1]);
  }

  host(at: number): string | null {
    return this.text(at, this.u16[(at + B_HOST) >> 1]);
  }

  hasGrown(at: number): boolean {
    return this.grownBytes(at, 0) + this.grownBytes(at, 1) > 0;
  }

  /** The words of an address of the entry and its version, as `flow-keys.ts` says; `place` is B_SOURCE or B_TARGET. */
  writeAddress(at: number, place: number, key: Int32Array, keyAt: number): void {
    this.writeWords(at, place, 4, key, keyAt);
  }

  /** The same of both: the target follows the source there and here. */
  writePair(at: number, key: Int32Array, keyAt: number): void {
    this.writeWords(at, B_SOURCE, 8, key, keyAt);
  }

  /** The same whoever of both asked: the smaller one first, in the order of addresses as strings. */
  writeUnorderedPair(at: number, key: Int32Array, keyAt: number): void {
    const isTurned = this.isSourceLarger(at);
    this.writeWords(at, isTurned ? B_TARGET : B_SOURCE, 4, key, keyAt);
    this.writeWords(at, isTurned ? B_SOURCE : B_TARGET, 4, key, keyAt + 4);
  }

  /** `now`: as which moment the event counts. */
  open(at: number, now: number): OpenEvent {
    return {
      type: 'open',
      at: now,
      ordinal: this.ordinal(at),
      protocol: this.protocol(at),
      source: this.source(at),
      sourcePort: this.sourcePort(at),
      target: this.target(at),
      targetPort: this.targetPort(at),
      icmpType: this.icmpType(at),
      tracked: this.isTracked(at),
      outcome: this.outcome(at),
    };
  }

  answer(at: number, now: number, attemptAt: number | null): AnswerEvent {
    const outcome = this.isAccepted(at) ? 'accepted' : 'refused';
    return { type: 'answer', ...this.of(at, now), ordinal: this.answerOrdinal(at), outcome, attemptAt };
  }

  volume(at: number, now: number): VolumeEvent {
    return {
      type: 'volume',
      ...this.of(at, now),
      bytesUp: this.grownBytes(at, 0),
      bytesDown: this.grownBytes(at, 1),
      packetsUp: this.grownPackets(at, 0),
      packetsDown: this.grownPackets(at, 1),
      firstAt: this.firstAt(at),
      lastAt: this.lastAt(at),
    };
  }

  halfOpen(at: number, now: number): HalfOpenEvent {
    return { type: 'halfOpen', ...this.of(at, now), firstAt: this.firstAt(at) };
  }

  close(at: number, now: number): CloseEvent {
    return {
      type: 'close',
      ...this.of(at, now),
      firstAt: this.firstAt(at),
      lastAt: this.lastAt(at),
      bytesUp: this.bytes(at, 0),
      bytesDown: this.bytes(at, 1),
      payloadUp: this.payloadOf(at, 0),
      payloadDown: this.payloadOf(at, 1),
      packetsUp: this.packets(at, 0),
      packetsDown: this.packets(at, 1),
      state: this.state(at),
      service: this.service(at),
      host: this.host(at),
    };
  }

  private text(at: number, number: number): string | null {
    if (number === 0) return null;
    const entry = at / this.entryBytes;
    for (const { below, texts } of this.texts) if (entry < below) return texts[number - 1] ?? null;
    return null;
  }

  private writeWords(at: number, place: number, words: number, key: Int32Array, keyAt: number): void {
    const { i32 } = this;
    const from = (at + place) >> 2;
    for (let i = 0; i < words; i++) key[keyAt + i] = i32[from + i];
    key[keyAt + words] = this.isV6(at) ? 6 : 4;
  }

  private isSourceLarger(at: number): boolean {
    const { u8 } = this;
    for (let i = 0; i < ADDRESS_BYTES; i++) {
      const difference = u8[at + B_SOURCE + i] - u8[at + B_TARGET + i];
      if (difference !== 0) return difference > 0;
    }
    return false;
  }

  private of(at: number, now: number): FlowTuple & { at: number; ordinal: number } {
    return {
      at: now,
      ordinal: this.ordinal(at),
      protocol: this.protocol(at),
      source: this.source(at),
      sourcePort: this.sourcePort(at),
      target: this.target(at),
      targetPort: this.targetPort(at),
    };
  }
}
