/** Kerberos 5 over UDP and TCP: RFC 4120 section 7.2. Over TCP each message has its length before it. */
import { CountedSession } from './counted-session.ts';
import { addDetail } from './detail.ts';
import {
  CLIENT,
  type DatagramDissector,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FramedSession, NOT_A_FRAME } from './framed-session.ts';
import { isKerberosStart, type KerberosMessage, kerberosMessageOf, messageName } from './kerberos-message.ts';
import { eitherSide } from './prefix.ts';

const PORT = 88;
const PREFIX = 4;
const DATAGRAM_LIMIT = 16;
/** Nobody has a ticket this long. */
const MOST_LENGTH = 1 << 20;

/** Requests come from the client, replies and errors from the server; the rest from both. */
function senderOf(type: number): Side | null {
  if (type === 10 || type === 12 || type === 14) return CLIENT;
  return type === 11 || type === 13 || type === 15 || type === 30 ? SERVER : null;
}

function keep(context: SessionContext, message: KerberosMessage): void {
  const { facts } = context;
  const detail = facts.detail('kerberos');
  addDetail(detail, 'messages', messageName(message.type));
  if (message.realm !== null) detail.realm ??= message.realm;
  if (message.client !== null) detail.client ??= message.client;
  if (message.server !== null) detail.server ??= message.server;
  if (message.etypes.length > 0) detail.etypes ??= message.etypes;
  if (message.error === null) return;
  detail.error ??= message.error;
  // 25 asks for the password's proof: the usual first answer, not a failure.
  if (message.error !== 25) facts.risks.add('error_code_detected');
}

/** One datagram; false when it is no message. */
function readDatagram(context: SessionContext, bytes: Uint8Array): boolean {
  const message = kerberosMessageOf(bytes, 0, bytes.length);
  if (message !== null) keep(context, message);
  return message !== null;
}

export const kerberosUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'kerberos',
  ports: [PORT],
  probe(datagrams) {
    const { bytes, side } = datagrams[datagrams.length - 1];
    if (isKerberosStart(bytes, 0, bytes.length) !== true) return Verdict.NO;
    return (senderOf(bytes[0] & 31) ?? side) === side ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => readDatagram(context, bytes)),
};

function prefixOf(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

class KerberosTcpSession extends FramedSession {
  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < PREFIX) return 0;
    const length = prefixOf(bytes, at);
    return length < 8 || length > MOST_LENGTH ? NOT_A_FRAME : PREFIX + length;
  }

  protected override onFrame(frame: Uint8Array): ProgressCode {
    const message = kerberosMessageOf(frame, PREFIX, frame.length);
    if (message === null) return Progress.BROKEN;
    this.confirmed = true;
    keep(this.context, message);
    return Progress.MORE;
  }
}

function probeHead(head: StreamHead, side: Side): VerdictCode {
  const short = head.complete ? Verdict.NO : Verdict.MORE;
  if (head.length < PREFIX) return short;
  const length = prefixOf(head.bytes, 0);
  if (length < 8 || length > MOST_LENGTH) return Verdict.NO;
  if (head.length === PREFIX) return short;
  const type = head.bytes[PREFIX] & 31;
  if ((senderOf(type) ?? side) !== side) return Verdict.NO;
  const start = isKerberosStart(head.bytes, PREFIX, Math.min(head.length, PREFIX + length));
  if (start === undefined) return short;
  return start ? Verdict.YES : Verdict.NO;
}

export const kerberosTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'kerberos',
  ports: [PORT],
  probe(heads) {
    const client = heads[CLIENT].length > 0 ? probeHead(heads[CLIENT], CLIENT) : Verdict.MORE;
    const server = heads[SERVER].length > 0 ? probeHead(heads[SERVER], SERVER) : Verdict.MORE;
    return eitherSide(client, server);
  },
  open: (context) => new KerberosTcpSession(context),
};
