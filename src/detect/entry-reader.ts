/** Events of the entries of a batch (`batch.ts`). */
import type { AddressCache } from './address-cache.ts';
import {
  B_ANSWER_ORDINAL,
  B_ANSWERED_AT,
  B_AT,
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
import type { Address, AnswerEvent, CloseEvent, HalfOpenEvent, OpenEvent, VolumeEvent } from './events.ts';

/** The typed views of a batch's entries; `at` is an entry's byte offset. */
export class EntryReader {
  /** Entries. */
  readonly count: number;
  private readonly f64: Float64Array;
  private readonly i32: Int32Array;
  private readonly u32: Uint32Array;
  private readonly u16: Uint16Array;
  private readonly u8: Uint8Array;
  private readonly entryBytes: number;
  private readonly addresses: AddressCache;

  /** `entries` is aligned to 8 bytes. */
  constructor(entries: Uint8Array<ArrayBuffer>, entryBytes: number, addresses: AddressCache) {
    const { buffer, byteOffset, byteLength } = entries;
    this.count = byteLength / entryBytes;
    this.f64 = new Float64Array(buffer, byteOffset, byteLength >> 3);
    this.i32 = new Int32Array(buffer, byteOffset, byteLength >> 2);
    this.u32 = new Uint32Array(buffer, byteOffset, byteLength >> 2);
    this.u16 = new Uint16Array(buffer, byteOffset, byteLength >> 1);
    this.u8 = entries;
    this.entryBytes = entryBytes;
    this.addresses = addresses;
  }

  offset(entry: number): number {
    return entry * this.entryBytes;
  }

  kind(at: number): number {
    return this.u8[at + B_KIND];
  }

  protocol(at: number): number {
    return this.u8[at + B_PROTOCOL];
  }

  time(at: number): number {
    return this.f64[(at + B_AT) >> 3];
  }

  ordinal(at: number): number {
    return this.f64[(at + B_ORDINAL) >> 3];
  }

  answeredAt(at: number): number {
    return this.f64[(at + B_ANSWERED_AT) >> 3];
  }

  answerOrdinal(at: number): number {
    return this.f64[(at + B_ANSWER_ORDINAL) >> 3];
  }

  targetPort(at: number): number {
    return this.u16[(at + B_PORTS + 2) >> 1];
  }

  source(at: number): Address {
    return this.addresses.of(this.i32, (at + B_SOURCE) >> 2, (this.u8[at + B_FLAGS] & EntryFlag.IPV6) !== 0);
  }

  target(at: number): Address {
    return this.addresses.of(this.i32, (at + B_TARGET) >> 2, (this.u8[at + B_FLAGS] & EntryFlag.IPV6) !== 0);
  }

  /** A number that attempts at the same service have in common, below `most`, a power of two. */
  serviceBucket(at: number, most: number): number {
    const word = (at + B_TARGET) >> 2;
    const { i32 } = this;
    const hash = Math.imul(i32[word] ^ i32[word + 1] ^ i32[word + 2] ^ i32[word + 3] ^ (this.targetPort(at) << 8), 0x9e37_79b1);
    return ((hash ^ this.protocol(at)) >>> 12) & (most - 1);
  }

  /** Bytes that nobody saw although they were acknowledged. */
  missed(at: number): number {
    return this.u32[(at + B_MISSED) >> 2];
  }

  payload(at: number): number {
    return this.f64[(at + B_PAYLOAD) >> 3] + this.f64[(at + B_PAYLOAD + 8) >> 3];
  }

  /** Whether anything came since the flow's last volume event. */
  hasGrown(at: number): boolean {
    return this.f64[(at + B_BYTES_SINCE) >> 3] + this.f64[(at + B_BYTES_SINCE + 8) >> 3] > 0;
  }

  /** `now`: as which moment the event counts. */
  open(at: number, now: number): OpenEvent {
    const flags = this.u8[at + B_FLAGS];
    return {
      type: 'open',
      at: now,
      ordinal: this.ordinal(at),
      protocol: this.u8[at + B_PROTOCOL],
      source: this.source(at),
      sourcePort: this.u16[(at + B_PORTS) >> 1],
      target: this.target(at),
      targetPort: this.targetPort(at),
      icmpType: this.u8[at + B_TYPE],
      tracked: (flags & EntryFlag.UNTRACKED) === 0,
      outcome: (flags & EntryFlag.ACCEPTED) !== 0 ? 'accepted' : (flags & EntryFlag.REFUSED) !== 0 ? 'refused' : null,
    };
  }

  answer(at: number, now: number, attemptAt: number | null): AnswerEvent {
    return {
      type: 'answer',
      at: now,
      ordinal: this.answerOrdinal(at),
      protocol: this.u8[at + B_PROTOCOL],
      source: this.source(at),
      sourcePort: this.u16[(at + B_PORTS) >> 1],
      target: this.target(at),
      targetPort: this.targetPort(at),
      outcome: (this.u8[at + B_FLAGS] & EntryFlag.ACCEPTED) !== 0 ? 'accepted' : 'refused',
      attemptAt,
    };
  }

  volume(at: number, now: number): VolumeEvent {
    const { f64, u32 } = this;
    return {
      type: 'volume',
      at: now,
      ordinal: this.ordinal(at),
      protocol: this.u8[at + B_PROTOCOL],
      source: this.source(at),
      sourcePort: this.u16[(at + B_PORTS) >> 1],
      target: this.target(at),
      targetPort: this.targetPort(at),
      bytesUp: f64[(at + B_BYTES_SINCE) >> 3],
      bytesDown: f64[(at + B_BYTES_SINCE + 8) >> 3],
      packetsUp: u32[(at + B_PACKETS_SINCE) >> 2],
      packetsDown: u32[(at + B_PACKETS_SINCE + 4) >> 2],
      firstAt: f64[(at + B_FIRST) >> 3],
      lastAt: f64[(at + B_LAST) >> 3],
    };
  }

  halfOpen(at: number, now: number): HalfOpenEvent {
    return {
      type: 'halfOpen',
      at: now,
      ordinal: this.ordinal(at),
      protocol: this.u8[at + B_PROTOCOL],
      source: this.source(at),
      sourcePort: this.u16[(at + B_PORTS) >> 1],
      target: this.target(at),
      targetPort: this.targetPort(at),
      firstAt: this.f64[(at + B_FIRST) >> 3],
    };
  }

  /** `texts`: services and hosts by number, from 1 on. */
  close(at: number, now: number, texts: readonly string[]): CloseEvent {
    const { f64, u32, u16, u8 } = this;
    return {
      type: 'close',
      at: now,
      ordinal: this.ordinal(at),
      protocol: u8[at + B_PROTOCOL],
      source: this.source(at),
      sourcePort: u16[(at + B_PORTS) >> 1],
      target: this.target(at),
      targetPort: this.targetPort(at),
      firstAt: f64[(at + B_FIRST) >> 3],
      lastAt: f64[(at + B_LAST) >> 3],
      bytesUp: f64[(at + B_BYTES) >> 3],
      bytesDown: f64[(at + B_BYTES + 8) >> 3],
      payloadUp: f64[(at + B_PAYLOAD) >> 3],
      payloadDown: f64[(at + B_PAYLOAD + 8) >> 3],
      packetsUp: u32[(at + B_PACKETS) >> 2],
      packetsDown: u32[(at + B_PACKETS + 4) >> 2],
      state: STATES[u8[at + B_TYPE]] || null,
      service: texts[u16[(at + B_SERVICE) >> 1] - 1] ?? null,
      host: texts[u16[(at + B_HOST) >> 1] - 1] ?? null,
    };
  }
}
