/** What the first bytes of one side say about whether this is TLS. */
import { CLIENT, type Side, type StreamHead } from './dissector.ts';
import { ContentType, HandshakeType, isRecordHeader, RECORD_HEADER, recordLength } from './tls-records.ts';
import { alertName } from './tls-registry.ts';
import { isSsl2ClientHello, isSsl2ServerHello } from './tls-ssl2.ts';

export const Evidence = {
  /** Cannot be TLS. */
  AGAINST: 0,
  /** Nothing yet. */
  NONE: 1,
  /** One record header that could be. */
  RECORD: 2,
  /** Several records in a row, or one that ends where the stream ends. */
  RECORDS: 3,
  /** A hello or an alert. */
  PROOF: 4,
} as const;
export type EvidenceCode = (typeof Evidence)[keyof typeof Evidence];

/** Record headers that are looked at, one behind the other: enough for chance to be out of the question. */
const RECORDS_WANTED = 3;
/** Where a hello has its version, and the length of its session id. */
const HELLO_VERSION = 9;
const HELLO_SESSION_ID = 43;
const SHORTEST_HELLO = 38;

/** Messages that a side may send in clear, by the number of their type. */
const SENT_BY: readonly (readonly number[])[] = [
  [HandshakeType.CLIENT_HELLO, HandshakeType.CERTIFICATE, HandshakeType.CERTIFICATE_VERIFY, HandshakeType.CLIENT_KEY_EXCHANGE],
  [
    HandshakeType.HELLO_REQUEST,
    HandshakeType.SERVER_HELLO,
    HandshakeType.NEW_SESSION_TICKET,
    HandshakeType.HELLO_RETRY_REQUEST,
    HandshakeType.CERTIFICATE,
    HandshakeType.SERVER_KEY_EXCHANGE,
    HandshakeType.CERTIFICATE_REQUEST,
    HandshakeType.SERVER_HELLO_DONE,
    22,
  ],
];

/** A first record whose message is a hello: every field of its fixed beginning is checked, as far as it is there. */
function helloEvidence(head: StreamHead, side: Side): EvidenceCode {
  const { bytes, length } = head;
  const record = recordLength(bytes, 0);
  const there = Math.min(length, RECORD_HEADER + record);
  const message = there >= 9 ? (bytes[6] << 16) | (bytes[7] << 8) | bytes[8] : -1;
  if (message >= 0 && (message < SHORTEST_HELLO || message > 0xffff)) return Evidence.AGAINST;
  // Behind its ClientHello a client waits for the answer.
  if (message >= 0 && side === CLIENT && record > message + 4) return Evidence.AGAINST;
  if (there > HELLO_VERSION && bytes[HELLO_VERSION] !== 3 && !(side !== CLIENT && bytes[HELLO_VERSION] === 0x7f)) return Evidence.AGAINST;
  if (there > HELLO_VERSION + 1 && bytes[HELLO_VERSION + 1] > 0x1c) return Evidence.AGAINST;
  if (there > HELLO_SESSION_ID) {
    // Drafts of TLS 1.3 have the cipher there.
    return bytes[HELLO_SESSION_ID] <= 32 || bytes[HELLO_VERSION] === 0x7f ? Evidence.PROOF : Evidence.AGAINST;
  }
  // A hello that is cut into small records shows the next header early.
  const next = RECORD_HEADER + record;
  if (length >= next + RECORD_HEADER) {
    const goesOn = isRecordHeader(bytes, next) && bytes[next] === ContentType.HANDSHAKE && bytes[next + 2] === bytes[2];
    return goesOn ? Evidence.PROOF : Evidence.AGAINST;
  }
  return head.complete ? Evidence.AGAINST : Evidence.NONE;
}

/** Whether the record at `at` begins as its type does on this side. */
function fitsType(head: StreamHead, at: number, side: Side): boolean {
  const { bytes, length } = head;
  const first = at + RECORD_HEADER;
  if (first >= length) return true;
  if (bytes[at] === ContentType.CHANGE_CIPHER_SPEC) return bytes[first] === 1;
  if (bytes[at] === ContentType.ALERT && recordLength(bytes, at) === 2) {
    return first + 1 >= length || alertName(bytes[first], bytes[first + 1]) !== null;
  }
  // Under a cipher the first byte is anything; only of the first record it is known that nothing announced a cipher.
  return bytes[at] !== ContentType.HANDSHAKE || at > 0 || SENT_BY[side].includes(bytes[first]);
}

/** Walks a few records; jumps from header to header, so that the work does not depend on their length. */
function recordEvidence(head: StreamHead, side: Side): EvidenceCode {
  const { bytes, length } = head;
  let at = 0;
  let headers = 0;
  while (headers < RECORDS_WANTED && at + RECORD_HEADER <= length) {
    if (!isRecordHeader(bytes, at) || !fitsType(head, at, side) || bytes[at + 2] !== bytes[2]) return Evidence.AGAINST;
    headers++;
    at += RECORD_HEADER + recordLength(bytes, at);
  }
  if (headers === RECORDS_WANTED || (headers > 1 && at <= length)) return Evidence.RECORDS;
  if (!head.complete) return headers > 1 ? Evidence.RECORDS : Evidence.RECORD;
  return headers > 1 || at === length ? Evidence.RECORDS : Evidence.AGAINST;
}

function shortEvidence(head: StreamHead): EvidenceCode {
  const { bytes, length } = head;
  const type = bytes[0];
  const plausible = (type >= ContentType.CHANGE_CIPHER_SPEC && type <= ContentType.HEARTBEAT) || (type & 0x80) !== 0;
  if (!plausible || head.complete) return Evidence.AGAINST;
  return length > 1 && (type & 0x80) === 0 && bytes[1] !== 3 ? Evidence.AGAINST : Evidence.NONE;
}

function ssl2Evidence(head: StreamHead, side: Side): EvidenceCode {
  const { bytes, length } = head;
  const isHello = side === CLIENT ? isSsl2ClientHello(bytes, length) : isSsl2ServerHello(bytes, length);
  if (isHello) return Evidence.PROOF;
  const wanted = side === CLIENT ? 1 : 4;
  return length >= 13 || head.complete || (length > 2 && bytes[2] !== wanted) ? Evidence.AGAINST : Evidence.NONE;
}

export function headEvidence(head: StreamHead, side: Side): EvidenceCode {
  const { bytes, length } = head;
  if (length === 0) return Evidence.NONE;
  if (length <= RECORD_HEADER) return shortEvidence(head);
  if ((bytes[0] & 0x80) !== 0) return ssl2Evidence(head, side);
  if (!isRecordHeader(bytes, 0) || !fitsType(head, 0, side)) return Evidence.AGAINST;
  const hello = bytes[5] === HandshakeType.CLIENT_HELLO || bytes[5] === HandshakeType.SERVER_HELLO;
  if (bytes[0] === ContentType.HANDSHAKE && hello) return helloEvidence(head, side);
  // An alert in clear that is all there is: the level and the number have to be known ones.
  if (bytes[0] === ContentType.ALERT && recordLength(bytes, 0) === 2 && length >= 7) {
    if (length === 7 && !head.complete) return Evidence.RECORD;
    return length === 7 ? Evidence.RECORDS : recordEvidence(head, side);
  }
  return recordEvidence(head, side);
}
