/** Headers of RTP and RTCP (RFC 3550 sections 5.1 and 6.1, RFC 5761 section 4 for telling them apart). */
import { Cursor } from './cursor.ts';

export interface RtpPacket {
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

const VERSION = 2;
const RTCP_FIRST = 192;
const RTCP_LAST = 223;
const HEADER = 12;

/** Payload types of RFC 3551 that are assigned, and the ranges that sessions assign themselves. */
function typeFits(type: number): boolean {
  if (type <= 34)
    return type !== 1 && type !== 2 && type !== 19 && type !== 27 && type !== 29 && type !== 30 && !(type >= 20 && type <= 24);
  return type >= 96 || (type >= 35 && type <= 63);
}

export function readRtp(bytes: Uint8Array): RtpPacket | null {
  if (bytes.length <= HEADER || bytes[0] >> 6 !== VERSION) return null;
  // With the marker bit a payload type of RTCP's range would be 64 to 95: never used for that reason.
  if (bytes[1] >= RTCP_FIRST && bytes[1] <= RTCP_LAST) return null;
  const cursor = new Cursor(bytes, 2);
  const sequence = cursor.u16();
  const timestamp = cursor.u32();
  const ssrc = cursor.u32();
  cursor.skip(4 * (bytes[0] & 0x0f));
  if ((bytes[0] & 0x10) !== 0) {
    cursor.skip(2);
    cursor.skip(4 * cursor.u16());
  }
  if (cursor.overrun) return null;
  const padded = (bytes[0] & 0x20) !== 0;
  const padding = bytes[bytes.length - 1];
  // Encrypted padding may say anything; in clear it fits what is left.
  if (padded && (padding === 0 || padding > cursor.left) && cursor.left < 16) return null;
  const payloadType = bytes[1] & 0x7f;
  return typeFits(payloadType) ? { payloadType, sequence, timestamp, ssrc } : null;
}

export interface RtcpPacket {
  /** Packet types of the compound, in order; of an encrypted one only the first. */
  readonly types: readonly number[];
  readonly ssrc: number;
  /** The packets fill the datagram exactly. */
  readonly whole: boolean;
  /** CNAME of a source description. */
  readonly cname: Uint8Array | null;
}

export const RtcpType = { SENDER_REPORT: 200, RECEIVER_REPORT: 201, SOURCE_DESCRIPTION: 202, BYE: 203, APP: 204 } as const;
const LAST_TYPE = 207;
const COMPOUND_LIMIT = 16;
const CNAME = 1;

/** Smallest body for the number of blocks that the header announces. */
function sizeFits(type: number, count: number, body: number): boolean {
  switch (type) {
    case RtcpType.SENDER_REPORT:
      return body >= 24 + 24 * count;
    case RtcpType.RECEIVER_REPORT:
      return body >= 4 + 24 * count;
    case RtcpType.BYE:
      return body >= 4 * count;
    case RtcpType.SOURCE_DESCRIPTION:
      return body >= 8 * count;
    default:
      return body >= 8;
  }
}

export function readRtcp(bytes: Uint8Array): RtcpPacket | null {
  const cursor = new Cursor(bytes);
  const types: number[] = [];
  let ssrc = 0;
  let cname: Uint8Array | null = null;
  while (cursor.left >= 4 && types.length < COMPOUND_LIMIT) {
    const first = cursor.u8();
    const type = cursor.u8();
    const length = 4 * cursor.u16();
    if (first >> 6 !== VERSION || type < RtcpType.SENDER_REPORT || type > LAST_TYPE || !sizeFits(type, first & 0x1f, length)) break;
    if (length > cursor.left) break;
    const body = cursor.part(length);
    const source = body.u32();
    if (types.length === 0) ssrc = source;
    if (type === RtcpType.SOURCE_DESCRIPTION && body.u8() === CNAME) cname = body.take(body.u8());
    types.push(type);
  }
  if (types.length === 0) return null;
  return { types, ssrc, whole: cursor.left === 0, cname };
}
