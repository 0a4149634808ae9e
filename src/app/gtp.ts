/**
 * GPRS tunnelling: GTP-U and GTP-C version 1 (3GPP TS 29.281, 29.060), GTP-C version 2 (29.274), GTP' (32.295) and version 0
 * (GSM 09.60). The length of every message is that of its datagram, and what is inside has a form of its own to check.
 */

import { Cursor } from './cursor.ts';
import { addDetail } from './detail.ts';
import {
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  type SessionContext,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { hexNumber } from './text.ts';

export interface GtpMessage {
  readonly version: number;
  readonly type: number;
  readonly teid: number | null;
  readonly sequence: number | null;
  /** What is inside agrees too: an IP packet of the right length, or a chain of elements that ends with the message. */
  readonly sure: boolean;
}

const G_PDU = 255;
const ECHO_REQUEST = 1;
const ECHO_RESPONSE = 2;
/** PT: GTP, not GTP'. */
const GTP = 0x10;

/** An IP packet that fills the cursor; its length may be 0 where the network card cut it into segments. */
function isIpPacket(cursor: Cursor): boolean {
  const { bytes, at, left } = cursor;
  const version = bytes[at] >> 4;
  if (version === 4 && left >= 20) return (bytes[at] & 0x0f) >= 5 && ((bytes[at + 2] << 8) | bytes[at + 3]) === left;
  return version === 6 && left >= 40 && ((bytes[at + 4] << 8) | bytes[at + 5]) + 40 === left;
}

/** Lengths of the elements of version 1 that have none of their own: types below 128 (29.060 table 37). */
const fixedLengths = new Map<number, number>([
  [1, 1],
  [2, 8],
  [3, 6],
  [4, 4],
  [5, 4],
  [8, 1],
  [9, 3],
  [11, 1],
  [12, 3],
  [13, 1],
  [14, 1],
  [15, 1],
  [16, 4],
  [17, 4],
  [18, 5],
  [19, 1],
  [20, 1],
  [21, 1],
  [22, 1],
  [23, 1],
  [24, 1],
  [25, 2],
  [26, 2],
  [27, 2],
  [28, 2],
  [29, 1],
  [126, 1],
  [127, 4],
]);
const ELEMENT_LIMIT = 64;
const EXTENSION_LIMIT = 8;

function elementsFit1(cursor: Cursor): boolean {
  let count = 0;
  while (cursor.left > 0 && count < ELEMENT_LIMIT) {
    const type = cursor.u8();
    const length = type < 128 ? fixedLengths.get(type) : cursor.u16();
    if (length === undefined) return false;
    cursor.skip(length);
    if (cursor.overrun) return false;
    count++;
  }
  return cursor.left === 0 && count > 0;
}

function elementsFit2(cursor: Cursor): boolean {
  let count = 0;
  while (cursor.left > 0 && count < ELEMENT_LIMIT) {
    if (cursor.u8() === 0) return false;
    const length = cursor.u16();
    // The upper half of the instance is spare.
    if (cursor.u8() >> 4 !== 0) return false;
    cursor.skip(length);
    if (cursor.overrun) return false;
    count++;
  }
  return cursor.left === 0 && count > 0;
}

/** Types of version 1 that are in use: path, tunnel, location, mobility, multicast, user plane. */
function typeFits1(type: number): boolean {
  return (
    (type >= 1 && type <= 7) ||
    (type >= 16 && type <= 37) ||
    (type >= 48 && type <= 70) ||
    (type >= 96 && type <= 121) ||
    type >= 240 ||
    type === 128 ||
    type === 129
  );
}

function readVersion1(bytes: Uint8Array): GtpMessage | null {
  const cursor = new Cursor(bytes);
  const flags = cursor.u8();
  const type = cursor.u8();
  const length = cursor.u16();
  const teid = cursor.u32();
  if (cursor.overrun || length !== cursor.left || (flags & 0x08) !== 0 || !typeFits1(type)) return null;
  let sequence: number | null = null;
  if ((flags & 0x07) !== 0) {
    sequence = cursor.u16();
    cursor.skip(1);
    const next = cursor.u8();
    let extension = (flags & 0x04) === 0 ? 0 : next;
    for (let i = 0; extension !== 0 && i < EXTENSION_LIMIT; i++) {
      const units = cursor.u8();
      if (units === 0) return null;
      cursor.skip(4 * units - 2);
      extension = cursor.u8();
    }
    if (cursor.overrun) return null;
  }
  return { version: 1, type, teid, sequence, sure: type === G_PDU ? isIpPacket(cursor) : elementsFit1(cursor) };
}

function readVersion2(bytes: Uint8Array): GtpMessage | null {
  const cursor = new Cursor(bytes);
  const flags = cursor.u8();
  const type = cursor.u8();
  const length = cursor.u16();
  const piggybacked = (flags & 0x10) !== 0;
  // The two lowest bits are spare (29.274 section 5.1).
  if (cursor.overrun || type === 0 || (flags & 0x03) !== 0 || (piggybacked ? length > cursor.left : length !== cursor.left)) return null;
  const body = cursor.part(length);
  const teid = (flags & 0x08) !== 0 ? body.u32() : null;
  const sequence = body.u24();
  body.skip(1);
  return body.overrun ? null : { version: 2, type, teid, sequence, sure: elementsFit2(body) };
}

const HEADER_0 = 20;

function readVersion0(bytes: Uint8Array): GtpMessage | null {
  const cursor = new Cursor(bytes);
  const flags = cursor.u8();
  const type = cursor.u8();
  const length = cursor.u16();
  const sequence = cursor.u16();
  // Version 0, GTP, three spare bits set; then three spare bytes that are set too (GSM 09.60 section 6).
  if ((flags & 0xfe) !== 0x1e || bytes.length < HEADER_0 || length !== bytes.length - HEADER_0 || !typeFits1(type)) return null;
  const spare = bytes[9] === 0xff && bytes[10] === 0xff && bytes[11] === 0xff;
  return spare ? { version: 0, type, teid: null, sequence, sure: true } : null;
}

/** Messages of GTP': 1 to 7, and those that carry records. */
const primeTypes = new Set([1, 2, 3, 4, 5, 6, 7, 240, 241]);

function readPrime(bytes: Uint8Array): GtpMessage | null {
  const cursor = new Cursor(bytes);
  const flags = cursor.u8();
  const type = cursor.u8();
  const length = cursor.u16();
  const sequence = cursor.u16();
  const version = flags >> 5;
  if (version > 2 || (flags & GTP) !== 0 || (flags & 0x0e) !== 0x0e || !primeTypes.has(type) || cursor.overrun) return null;
  // Version 0 may keep the long header of GTP; the bit says which.
  const header = version === 0 && (flags & 1) === 0 ? HEADER_0 : 6;
  if (length !== bytes.length - header || header > bytes.length) return null;
  return { version, type, teid: null, sequence, sure: elementsFit1(new Cursor(bytes, header)) };
}

export function readGtp(bytes: Uint8Array): GtpMessage | null {
  if (bytes.length < 8) return null;
  const version = bytes[0] >> 5;
  if (version === 2) return readVersion2(bytes) ?? readPrime(bytes);
  if ((bytes[0] & GTP) === 0) return readPrime(bytes);
  if (version === 1) return readVersion1(bytes);
  return version === 0 ? readVersion0(bytes) : null;
}

/** Datagrams of one tunnel that prove it when what they carry is no IP packet. */
const TUNNEL_PROOF = 3;

function probe(datagrams: readonly Datagram[]): VerdictCode {
  const newest = datagrams[datagrams.length - 1];
  const message = readGtp(newest.bytes);
  if (message === null) return Verdict.NO;
  // An element of two bytes is easily there by accident: an echo waits for its answer.
  if (message.sure && newest.bytes.length >= 20) return Verdict.YES;
  let same = 0;
  for (const { side, bytes } of datagrams) {
    const other = readGtp(bytes);
    if (other === null) continue;
    const answered = side !== newest.side && other.type === ECHO_REQUEST && message.type === ECHO_RESPONSE;
    if (answered && other.version === message.version && other.sequence === message.sequence) return Verdict.YES;
    if (side === newest.side && other.version === message.version && other.teid === message.teid && other.type === message.type) same++;
  }
  return same >= TUNNEL_PROOF && message.teid !== 0 && message.teid !== null ? Verdict.YES : Verdict.MORE;
}

const typeNames = new Map<number, string>([
  [ECHO_REQUEST, 'echo_request'],
  [ECHO_RESPONSE, 'echo_response'],
  [16, 'create_pdp_context_request'],
  [17, 'create_pdp_context_response'],
  [18, 'update_pdp_context_request'],
  [19, 'update_pdp_context_response'],
  [20, 'delete_pdp_context_request'],
  [21, 'delete_pdp_context_response'],
  [26, 'error_indication'],
  [32, 'create_session_request'],
  [33, 'create_session_response'],
  [34, 'modify_bearer_request'],
  [35, 'modify_bearer_response'],
  [36, 'delete_session_request'],
  [37, 'delete_session_response'],
  [G_PDU, 'g_pdu'],
]);
const DATAGRAM_LIMIT = 8;

class Session implements DatagramSession {
  readonly #facts: AppFacts;
  #left = DATAGRAM_LIMIT;
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
  }

  advance({ bytes }: Datagram): boolean {
    const message = readGtp(bytes);
    if (message !== null) {
      const section = this.#facts.detail('gtp');
      section.version ??= message.version;
      if (message.teid !== null && message.teid !== 0) section.teid ??= hexNumber(message.teid, 8);
      addDetail(section, 'messages', typeNames.get(message.type) ?? String(message.type));
    }
    return --this.#left <= 0;
  }
}

export const gtp: DatagramDissector = {
  transport: 'udp',
  protocol: 'gtp',
  ports: [2152, 2123, 3386],
  probe,
  open: (context) => new Session(context),
};
