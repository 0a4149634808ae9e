/** Label distribution protocol: RFC 5036 section 3. Hellos over UDP, everything else over TCP. */
import { ipv4Text, ipv6Text } from './address-text.ts';
import { CountedSession } from './counted-session.ts';
import { addDetail } from './detail.ts';
import {
  CLIENT,
  type DatagramDissector,
  Progress,
  type ProgressCode,
  SERVER,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME } from './framed-session.ts';
import { eitherSide } from './prefix.ts';

const PORT = 646;
const DATAGRAM_LIMIT = 8;
const PDU_HEADER = 10;
/** Version and length stand before what the length counts. */
const UNCOUNTED = 4;
const MOST_LENGTH = 4096;
const MESSAGE_LIMIT = 64;

const messages: Readonly<Record<number, string>> = {
  1: 'notification',
  256: 'hello',
  512: 'initialization',
  513: 'keepalive',
  514: 'capability',
  768: 'address',
  769: 'address_withdraw',
  1024: 'label_mapping',
  1025: 'label_request',
  1026: 'label_withdraw',
  1027: 'label_release',
  1028: 'label_abort',
};
const HELLO = 0x0100;
const TLV_HELLO = 0x0400;
const TLV_IPV4 = 0x0401;
const TLV_IPV6 = 0x0403;
const TLV_SESSION = 0x0500;

const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];

/** Length of the PDU at `at`, as far as the bytes there can tell. */
function pduLength(bytes: Uint8Array, at: number, end: number): number {
  if ((at < end && bytes[at] !== 0) || (at + 1 < end && bytes[at + 1] !== 1)) return NOT_A_FRAME;
  if (end - at < PDU_HEADER + 4) return FRAME_UNKNOWN;
  const length = u16(bytes, at + 2);
  const message = u16(bytes, at + PDU_HEADER);
  // The router's id is not 0, the label space of the platform is 0 and others are small.
  if (length < 14 || length > MOST_LENGTH || u16(bytes, at + 4) === 0 || u16(bytes, at + 8) > 4095) return NOT_A_FRAME;
  if (messages[message & 0x7fff] === undefined || u16(bytes, at + PDU_HEADER + 2) > length - 10) return NOT_A_FRAME;
  return UNCOUNTED + length;
}

type Visit = (type: number, at: number, end: number) => void;

/** Messages of one PDU; false when they do not fill it exactly. */
function walk(bytes: Uint8Array, from: number, end: number, visit: Visit): boolean {
  let at = from;
  for (let count = 0; at + 4 <= end && count < MESSAGE_LIMIT; count++) {
    const length = u16(bytes, at + 2);
    if (length < 4 && from !== at) return false;
    const stop = at + 4 + length;
    if (stop > end) return false;
    visit(u16(bytes, at) & 0x7fff, at + 4, stop);
    at = stop;
  }
  return at === end;
}

function keepTlv(facts: AppFacts, bytes: Uint8Array, type: number, at: number, end: number): void {
  const detail = facts.detail('ldp');
  if (type === TLV_HELLO && end - at >= 4) {
    detail.hold_time ??= u16(bytes, at);
    detail.targeted ??= (bytes[at + 2] & 0x80) !== 0;
  } else if (type === TLV_IPV4 && end - at === 4) detail.transport_address ??= ipv4Text(bytes, at);
  else if (type === TLV_IPV6 && end - at === 16) detail.transport_address ??= ipv6Text(bytes, at);
  else if (type === TLV_SESSION && end - at >= 14) detail.keepalive_s ??= u16(bytes, at + 2);
}

function keepPdu(facts: AppFacts, bytes: Uint8Array, key: string): boolean {
  const detail = facts.detail('ldp');
  const found: string[] = [];
  const sound = walk(bytes, PDU_HEADER, bytes.length, (type, at, end) => {
    found.push(messages[type] ?? `0x${type.toString(16).padStart(4, '0')}`);
    // Behind the message's id come its TLVs.
    walk(bytes, at + 4, end, (tlv, from, to) => keepTlv(facts, bytes, tlv & 0x3fff, from, to));
    if (type === 1) facts.detail('ldp').notified = true;
  });
  for (const name of found) addDetail(detail, 'messages', name);
  if (!sound) return false;
  detail[key] ??= ipv4Text(bytes, 4);
  return true;
}

export const ldpUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'ldp',
  ports: [PORT],
  probe(datagrams) {
    const { bytes } = datagrams[datagrams.length - 1];
    if (pduLength(bytes, 0, bytes.length) !== bytes.length || u16(bytes, PDU_HEADER) !== HELLO) return Verdict.NO;
    // The common parameters are mandatory and come first.
    return bytes.length >= 26 && u16(bytes, 18) === TLV_HELLO && u16(bytes, 20) === 4 ? Verdict.YES : Verdict.NO;
  },
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => bytes.length > PDU_HEADER && keepPdu(facts, bytes, 'router')),
};

class LdpTcpSession extends FramedSession {
  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    return pduLength(bytes, at, end);
  }

  protected override onFrame(frame: Uint8Array, side: 0 | 1, whole: boolean): ProgressCode {
    if (whole && keepPdu(this.context.facts, frame, side === CLIENT ? 'router' : 'peer')) this.confirmed = true;
    return Progress.MORE;
  }
}

function probeHead(head: StreamHead): VerdictCode {
  if (head.length === 0) return Verdict.MORE;
  const length = pduLength(head.bytes, 0, head.length);
  if (length === FRAME_UNKNOWN) return head.complete ? Verdict.NO : Verdict.MORE;
  return length > 0 ? Verdict.YES : Verdict.NO;
}

export const ldpTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'ldp',
  ports: [PORT],
  probe(heads) {
    const client = probeHead(heads[CLIENT]);
    const server = probeHead(heads[SERVER]);
    return eitherSide(client, server);
  },
  open: (context) => new LdpTcpSession(context),
};
