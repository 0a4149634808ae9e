/** WireGuard (whitepaper of J. Donenfeld, section 5.4: messages of fixed length, little-endian, indices chosen per session). */

import { Cursor } from './cursor.ts';
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

const Message = { INITIATION: 1, RESPONSE: 2, COOKIE: 3, DATA: 4 } as const;
const INITIATION_LENGTH = 148;
const RESPONSE_LENGTH = 92;
const COOKIE_LENGTH = 64;
/** Header, counter and tag: a keepalive. */
const SHORTEST_DATA = 32;
const MAC_LENGTH = 16;
/** Data messages of one session that prove it when its handshake was not seen. */
const DATA_PROOF = 3;
/** A counter begins at 0 and the session is renewed after two minutes: higher ones than 2^40 do not occur. */
const HIGHEST_COUNTER_TOP = 0xff;
/** Counters of neighbouring datagrams that were only reordered or lost. */
const COUNTER_WINDOW = 256;
const DATAGRAM_LIMIT = 8;

/** The type of a message with the right length; 0 for anything else. Reserved bytes are zero, but for one VPN service that uses them. */
function typeOf(bytes: Uint8Array): number {
  if (bytes.length < SHORTEST_DATA) return 0;
  const reserved = bytes[1] | bytes[2] | bytes[3];
  switch (bytes[0]) {
    case Message.INITIATION:
      return bytes.length === INITIATION_LENGTH ? Message.INITIATION : 0;
    case Message.RESPONSE:
      return bytes.length === RESPONSE_LENGTH ? Message.RESPONSE : 0;
    case Message.COOKIE:
      return bytes.length === COOKIE_LENGTH && reserved === 0 ? Message.COOKIE : 0;
    case Message.DATA:
      return bytes.length % 16 === 0 && reserved === 0 && dataFits(bytes) ? Message.DATA : 0;
    default:
      return 0;
  }
}

function dataFits(bytes: Uint8Array): boolean {
  return new Cursor(bytes, 12).u32le() <= HIGHEST_COUNTER_TOP;
}

const indexAt = (bytes: Uint8Array, at: number) => new Cursor(bytes, at).u32le();

/** mac2 is all zero unless the peer is under load (section 5.4.4): sixteen such bytes at the end are no accident. */
function hasEmptyMac(bytes: Uint8Array): boolean {
  return bytes.subarray(bytes.length - MAC_LENGTH).every((byte) => byte === 0) && bytes.subarray(4, 12).some((byte) => byte !== 0);
}

function provesData(datagrams: readonly Datagram[], newest: Datagram): boolean {
  let count = 0;
  let last = -1;
  for (const { side, bytes } of datagrams) {
    if (side !== newest.side || typeOf(bytes) !== Message.DATA || indexAt(bytes, 4) !== indexAt(newest.bytes, 4)) continue;
    const counter = indexAt(bytes, 8);
    if (last >= 0 && (counter === last || Math.abs(counter - last) > COUNTER_WINDOW)) return false;
    last = counter;
    count++;
  }
  return count >= DATA_PROOF;
}

/** True when the newest message names the index that the other side chose for itself. */
function answersEarlier(datagrams: readonly Datagram[], newest: Datagram, type: number): boolean {
  const receiver = indexAt(newest.bytes, type === Message.RESPONSE ? 8 : 4);
  return datagrams.some(({ side, bytes }) => {
    const earlier = typeOf(bytes);
    return side !== newest.side && (earlier === Message.INITIATION || earlier === Message.RESPONSE) && indexAt(bytes, 4) === receiver;
  });
}

function probe(datagrams: readonly Datagram[]): VerdictCode {
  const newest = datagrams[datagrams.length - 1];
  const type = typeOf(newest.bytes);
  if (type === 0) return Verdict.NO;
  if (type === Message.INITIATION || type === Message.RESPONSE) if (hasEmptyMac(newest.bytes)) return Verdict.YES;
  if (type !== Message.INITIATION && answersEarlier(datagrams, newest, type)) return Verdict.YES;
  return type === Message.DATA && provesData(datagrams, newest) ? Verdict.YES : Verdict.MORE;
}

class Session implements DatagramSession {
  readonly #facts: AppFacts;
  #left = DATAGRAM_LIMIT;
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
  }

  advance({ bytes }: Datagram): boolean {
    const section = this.#facts.detail('wireguard');
    const type = typeOf(bytes);
    if (type === Message.INITIATION) section.initiator_index ??= hexNumber(indexAt(bytes, 4), 8);
    if (type === Message.RESPONSE) {
      section.responder_index ??= hexNumber(indexAt(bytes, 4), 8);
      section.initiator_index ??= hexNumber(indexAt(bytes, 8), 8);
    }
    if (type === Message.COOKIE) section.under_load = true;
    if (type === Message.DATA) section.established = true;
    return type === Message.DATA || --this.#left <= 0;
  }
}

export const wireguard: DatagramDissector = {
  transport: 'udp',
  protocol: 'wireguard',
  ports: [51820],
  probe,
  open: (context) => new Session(context),
};
