/**
 * IPsec over UDP: IKEv1 (RFC 2408), IKEv2 (RFC 7296), both behind a non-ESP marker, and ESP in UDP (RFC 3948), which is
 * believed only as a run of datagrams: one SPI, a counter that goes up by one, and bytes that look encrypted.
 */

import { isCountedRun } from './counted-run.ts';
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
import { mayBeData } from './openvpn-packet.ts';
import { hexNumber, hexOf } from './text.ts';

const HEADER = 28;
/** RFC 3948 section 2.2: where ESP has its SPI. */
const MARKER = 4;
const NAT_KEEPALIVE = 0xff;

const exchanges1 = new Map<number, string>([
  [1, 'base'],
  [2, 'identity_protection'],
  [3, 'authentication_only'],
  [4, 'aggressive'],
  [5, 'informational'],
  [6, 'transaction'],
  [32, 'quick'],
  [33, 'new_group'],
]);
const exchanges2 = new Map<number, string>([
  [34, 'ike_sa_init'],
  [35, 'ike_auth'],
  [36, 'create_child_sa'],
  [37, 'informational'],
  [38, 'ike_session_resume'],
  [39, 'gsa_auth'],
  [40, 'gsa_registration'],
  [41, 'gsa_rekey'],
  [43, 'ike_intermediate'],
  [44, 'ike_followup_ke'],
]);

export interface IkeMessage {
  readonly major: number;
  readonly minor: number;
  readonly exchange: string;
  readonly initiatorSpi: Uint8Array;
  readonly responderSpi: Uint8Array;
  readonly encrypted: boolean;
  readonly response: boolean;
}

const ENCRYPTED_1 = 0x01;
/** Initiator, version and response (RFC 7296 section 3.1); the others are reserved. */
const FLAGS_2 = 0x38;
const RESPONSE_2 = 0x20;
const SK = 46;
const SKF = 53;

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

function payloadFits(major: number, payload: number): boolean {
  if (payload === 0) return true;
  if (major === 1) return payload <= 21 || payload >= 128;
  return (payload >= 33 && payload <= 54) || payload >= 128;
}

const PAYLOAD_LIMIT = 32;

/** Generic payload headers fill the message exactly (RFC 7296 section 3.2); padding is allowed behind the last. */
function chainFits(cursor: Cursor, major: number, first: number): boolean {
  let next = first;
  for (let i = 0; i < PAYLOAD_LIMIT && next !== 0; i++) {
    const following = cursor.u8();
    cursor.skip(1);
    const length = cursor.u16();
    if (cursor.overrun || length < 4 || length - 4 > cursor.left || !payloadFits(major, following)) return false;
    cursor.skip(length - 4);
    if (next === SK || next === SKF) return cursor.left === 0;
    next = following;
  }
  return next === 0 && cursor.left < 16;
}

/** The message that fills the bytes exactly; null when they are none. */
function readIke(bytes: Uint8Array): IkeMessage | null {
  const cursor = new Cursor(bytes);
  const initiatorSpi = cursor.take(8);
  const responderSpi = cursor.take(8);
  const payload = cursor.u8();
  const version = cursor.u8();
  const exchangeType = cursor.u8();
  const flags = cursor.u8();
  const messageId = cursor.u32();
  const length = cursor.u32();
  const major = version >> 4;
  if (cursor.overrun || length !== bytes.length || isZero(initiatorSpi) || (version !== 0x10 && version !== 0x20)) return null;
  const exchange = (major === 1 ? exchanges1 : exchanges2).get(exchangeType);
  if (exchange === undefined || !payloadFits(major, payload) || (flags & ~(major === 1 ? 0x07 : FLAGS_2)) !== 0) return null;
  const encrypted = major === 1 ? (flags & ENCRYPTED_1) !== 0 : payload === SK || payload === SKF;
  // A message without an answerer is the first one of its exchange.
  if (isZero(responderSpi) && messageId !== 0 && exchange !== 'informational') return null;
  if (major === 1 && encrypted ? cursor.left % 4 !== 0 || cursor.left < 8 : !chainFits(cursor, major, payload)) return null;
  return {
    major,
    minor: version & 0x0f,
    exchange,
    initiatorSpi,
    responderSpi,
    encrypted,
    response: major === 2 && (flags & RESPONSE_2) !== 0,
  };
}

function hasMarker(bytes: Uint8Array): boolean {
  return bytes.length >= MARKER + HEADER && bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0 && bytes[3] === 0;
}

export function readIkeDatagram(bytes: Uint8Array): IkeMessage | null {
  if (bytes.length < HEADER) return null;
  return readIke(hasMarker(bytes) ? bytes.subarray(MARKER) : bytes);
}

/** SPIs up to 255 are reserved (RFC 4303 section 2.1). */
const LOWEST_SPI = 256;
const SHORTEST_ESP = 8 + 16;

function mayBeEsp(bytes: Uint8Array): boolean {
  return bytes.length >= SHORTEST_ESP && bytes.length % 4 === 0 && new Cursor(bytes).u32() >= LOWEST_SPI && !mayBeData(bytes);
}

function probe(datagrams: readonly Datagram[]): VerdictCode {
  const newest = datagrams[datagrams.length - 1];
  const { bytes } = newest;
  if (readIkeDatagram(bytes) !== null) return Verdict.YES;
  if (bytes.length === 1 && bytes[0] === NAT_KEEPALIVE) return Verdict.MORE;
  if (!mayBeEsp(bytes)) return Verdict.NO;
  return isCountedRun(datagrams) ? Verdict.YES : Verdict.MORE;
}

const DATAGRAM_LIMIT = 12;

class Session implements DatagramSession {
  readonly #facts: AppFacts;
  #left = DATAGRAM_LIMIT;
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
  }

  advance({ bytes }: Datagram): boolean {
    const section = this.#facts.detail('ipsec');
    const message = readIkeDatagram(bytes);
    if (message === null) {
      if (mayBeEsp(bytes)) section.esp_spi ??= hexNumber(new Cursor(bytes).u32(), 8);
      return --this.#left <= 0;
    }
    section.version ??= `IKEv${message.major}`;
    section.initiator_spi ??= hexOf(message.initiatorSpi);
    if (!isZero(message.responderSpi)) section.responder_spi ??= hexOf(message.responderSpi);
    addDetail(section, 'exchanges', message.exchange);
    if (hasMarker(bytes)) section.nat_traversal = true;
    return --this.#left <= 0;
  }
}

export const ipsec: DatagramDissector = {
  transport: 'udp',
  protocol: 'ipsec',
  ports: [500, 4500],
  probe,
  open: (context) => new Session(context),
};
