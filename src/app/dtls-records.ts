/**
 * The record layer of DTLS (RFC 6347 section 4.1, RFC 9147 section 4) and the fragments of handshake messages in it (RFC 6347
 * section 4.2.3), which come in any order, more than once, and overlapping.
 */
import { ContentType, type HandshakeMessage } from './tls-records.ts';
import { DTLS_1_0, DTLS_1_2, DTLS_BAD } from './tls-registry.ts';

export const DTLS_HEADER = 13;
const FRAGMENT_HEADER = 12;
const RECORD_LIMIT = 16_384 + 2048;
/** ACK of DTLS 1.3; 25 is a record with a connection id, whose length is not in the record. */
const ACK = 26;

export interface DtlsRecord {
  type: number;
  version: number;
  epoch: number;
  body: Uint8Array;
  /** Offset behind it in the datagram. */
  end: number;
}

/** The record at `at`; null when there is none, or when it does not end within the datagram. */
export function dtlsRecord(bytes: Uint8Array, at: number): DtlsRecord | null {
  if (at + DTLS_HEADER > bytes.length) return null;
  const type = bytes[at];
  const version = (bytes[at + 1] << 8) | bytes[at + 2];
  const length = (bytes[at + 11] << 8) | bytes[at + 12];
  const end = at + DTLS_HEADER + length;
  if (version !== DTLS_1_0 && version !== DTLS_1_2 && version !== DTLS_BAD) return null;
  const known = (type >= ContentType.CHANGE_CIPHER_SPEC && type <= ContentType.HEARTBEAT) || type === ACK;
  if (!known || length === 0 || length > RECORD_LIMIT || end > bytes.length) return null;
  return { type, version, epoch: (bytes[at + 3] << 8) | bytes[at + 4], body: bytes.subarray(at + DTLS_HEADER, end), end };
}

/** The short header of encrypted records of DTLS 1.3: 001 and flags. */
export function isUnifiedHeader(byte: number): boolean {
  return (byte & 0xe0) === 0x20;
}

export interface Fragment {
  type: number;
  /** Length of the whole message. */
  length: number;
  sequence: number;
  offset: number;
  body: Uint8Array;
  /** Offset behind it in the record. */
  end: number;
}

/** Longest message that is put together; chains of certificates are the longest ones. */
const MESSAGE_LIMIT = 16_384;

export function dtlsFragment(record: Uint8Array, at: number): Fragment | null {
  if (at + FRAGMENT_HEADER > record.length) return null;
  const u24 = (offset: number) => (record[offset] << 16) | (record[offset + 1] << 8) | record[offset + 2];
  const length = u24(at + 1);
  const offset = u24(at + 6);
  const size = u24(at + 9);
  const end = at + FRAGMENT_HEADER + size;
  if (end > record.length || offset + size > length || length > MESSAGE_LIMIT || (size === 0 && length > 0)) return null;
  const sequence = (record[at + 4] << 8) | record[at + 5];
  return { type: record[at], length, sequence, offset, body: record.subarray(at + FRAGMENT_HEADER, end), end };
}

interface Pending {
  type: number;
  bytes: Uint8Array;
  /** Parts that are there, in order, apart from each other: [start, end). */
  ranges: [number, number][];
}

/** Messages of one side that are put together at the same time, and what they may take: a fragment of a few bytes can claim any length. */
const PENDING_LIMIT = 4;
const PENDING_BYTES = MESSAGE_LIMIT;
const RANGE_LIMIT = 64;
/** A handshake with every retry has about 20 messages a side. */
const SEQUENCE_LIMIT = 64;

/** Adds [start, end) to ranges that stay ordered and apart. */
function cover(ranges: readonly [number, number][], start: number, end: number): [number, number][] {
  const out: [number, number][] = [];
  let joined: [number, number] = [start, end];
  for (const range of ranges) {
    if (range[1] < joined[0]) out.push(range);
    else if (range[0] > joined[1]) {
      out.push(joined);
      joined = range;
    } else joined = [Math.min(range[0], joined[0]), Math.max(range[1], joined[1])];
  }
  out.push(joined);
  return out;
}

/** Puts the messages of one side together; every message comes out once, in the order in which they become whole. */
export class FragmentBuffer {
  private readonly delivered = new Set<number>();
  private readonly pending = new Map<number, Pending>();
  private pendingBytes = 0;

  add(fragment: Fragment): HandshakeMessage | null {
    const { sequence, type, length, offset, body } = fragment;
    if (sequence >= SEQUENCE_LIMIT || this.delivered.has(sequence)) return null;
    if (body.length === length) return this.deliver(sequence, type, body);
    let pending = this.pending.get(sequence);
    if (pending === undefined) {
      if (this.pending.size >= PENDING_LIMIT || this.pendingBytes + length > PENDING_BYTES) return null;
      this.pendingBytes += length;
      pending = { type, bytes: new Uint8Array(length), ranges: [] };
      this.pending.set(sequence, pending);
    }
    if (pending.type !== type || pending.bytes.length !== length) return null;
    pending.bytes.set(body, offset);
    const ranges = cover(pending.ranges, offset, offset + body.length);
    if (ranges.length > RANGE_LIMIT) return null;
    pending.ranges = ranges;
    const [start, end] = ranges[0];
    return start === 0 && end === length ? this.deliver(sequence, type, pending.bytes) : null;
  }

  private deliver(sequence: number, type: number, body: Uint8Array): HandshakeMessage {
    this.delivered.add(sequence);
    this.pendingBytes -= this.pending.get(sequence)?.bytes.length ?? 0;
    this.pending.delete(sequence);
    return { type, body };
  }
}
