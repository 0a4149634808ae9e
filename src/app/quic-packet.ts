/** The headers of QUIC packets: long header (RFC 8999 section 5.1, RFC 9000 section 17.2), version negotiation, coalescing. */
import { Cursor } from './cursor.ts';
import { isReservedVersion, PacketType, type PacketTypeCode, quicVersion } from './quic-versions.ts';

const LONG_FORM = 0x80;
const FIXED_BIT = 0x40;
/** RFC 9000 section 17.2: no longer in version 1 and 2. */
const LONGEST_ID = 20;
/** The shortest body that can be sampled and has a tag (RFC 9001 section 5.4.2). */
const SHORTEST_BODY = 20;
/** The tag at the end of a Retry (RFC 9001 section 5.8). */
const RETRY_TAG = 16;
/** More packets than these are not looked for in one datagram. */
export const PACKETS_PER_DATAGRAM = 4;

export interface LongPacket {
  readonly start: number;
  /** Behind the packet, where the next one of the datagram begins. */
  readonly end: number;
  readonly version: number;
  readonly type: PacketTypeCode;
  readonly destinationId: Uint8Array;
  readonly sourceId: Uint8Array;
  /** Where the protected packet number begins; 0 for a Retry. */
  readonly numberAt: number;
}

/** A variable-length integer (RFC 9000 section 16); those past 2^53 lose their last digits, which no length here minds. */
export function readVarint(cursor: Cursor): number {
  const first = cursor.u8();
  let value = first & 0x3f;
  for (let more = (1 << (first >> 6)) - 1; more > 0; more--) value = value * 256 + cursor.u8();
  return value;
}

export function hasLongHeader(bytes: Uint8Array): boolean {
  return bytes.length >= 7 && (bytes[0] & LONG_FORM) !== 0;
}

/** The version field of a datagram that begins with a long header. */
export function versionOf(bytes: Uint8Array, start = 0): number {
  return ((bytes[start + 1] << 24) | (bytes[start + 2] << 16) | (bytes[start + 3] << 8) | bytes[start + 4]) >>> 0;
}

/** The long packet at `start`, or null when it is none of a version that we know, or does not fit into the datagram. */
export function readLongPacket(bytes: Uint8Array, start: number): LongPacket | null {
  const cursor = new Cursor(bytes, start);
  const first = cursor.u8();
  const number = cursor.u32();
  const version = quicVersion(isReservedVersion(number) ? 1 : number);
  // The fixed bit may be anything once both sides have agreed to that (RFC 9287).
  if ((first & LONG_FORM) === 0 || version === null) return null;
  const type = version.types[(first >> 4) & 3];
  const destinationLength = cursor.u8();
  const destinationId = cursor.take(destinationLength);
  const sourceLength = cursor.u8();
  const sourceId = cursor.take(sourceLength);
  if (destinationLength > LONGEST_ID || sourceLength > LONGEST_ID || cursor.overrun) return null;
  if (type === PacketType.RETRY) {
    if (cursor.left <= RETRY_TAG) return null;
    return { start, end: bytes.length, version: number, type, destinationId, sourceId, numberAt: 0 };
  }
  if (type === PacketType.INITIAL) cursor.skip(readVarint(cursor));
  const bodyLength = readVarint(cursor);
  const numberAt = cursor.at;
  if (cursor.overrun || bodyLength < SHORTEST_BODY || bodyLength > cursor.left) return null;
  return { start, end: numberAt + bodyLength, version: number, type, destinationId, sourceId, numberAt };
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

/**
 * The long packets of a datagram. `whole`: they fill it exactly, or a packet with a short header or padding follows, so
 * that the lengths prove the format even when nothing can be decrypted; the fixed bit is set.
 */
export function readLongPackets(bytes: Uint8Array): { packets: LongPacket[]; whole: boolean } {
  const packets: LongPacket[] = [];
  let at = 0;
  while (at < bytes.length && packets.length < PACKETS_PER_DATAGRAM) {
    const packet = readLongPacket(bytes, at);
    if (packet === null) break;
    // RFC 9000 section 12.2: all packets of a datagram have the same destination id.
    if (packets.length > 0 && !sameBytes(packet.destinationId, packets[0].destinationId)) break;
    packets.push(packet);
    at = packet.end;
  }
  if (packets.length === 0) return { packets, whole: false };
  if ((bytes[0] & FIXED_BIT) === 0) return { packets, whole: false };
  const shortFollows = at < bytes.length && (bytes[at] & (LONG_FORM | FIXED_BIT)) === FIXED_BIT;
  return { packets, whole: at === bytes.length || shortFollows || bytes.subarray(at).every((byte) => byte === 0) };
}

export interface VersionNegotiation {
  readonly destinationId: Uint8Array;
  readonly sourceId: Uint8Array;
  readonly versions: number[];
}

/** More than these are not sent. */
const VERSION_LIMIT = 64;

/** RFC 9000 section 17.2.1. */
export function readVersionNegotiation(bytes: Uint8Array): VersionNegotiation | null {
  if (!hasLongHeader(bytes) || versionOf(bytes) !== 0) return null;
  const cursor = new Cursor(bytes, 5);
  const destinationId = cursor.take(cursor.u8());
  const sourceId = cursor.take(cursor.u8());
  if (cursor.overrun || cursor.left === 0 || cursor.left % 4 !== 0 || cursor.left > 4 * VERSION_LIMIT) return null;
  const versions: number[] = [];
  while (cursor.left > 0) versions.push(cursor.u32());
  return { destinationId, sourceId, versions };
}
