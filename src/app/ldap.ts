/** LDAP over TCP (RFC 4511) and CLDAP over UDP (RFC 1798, [MS-ADTS] section 6.3.3). Passwords are never kept. */

import { elementHeader, nextBytes } from './ber.ts';
import { CountedSession } from './counted-session.ts';
import { addDetail } from './detail.ts';
import {
  CLIENT,
  type Datagram,
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
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME } from './framed-session.ts';
import {
  BIND_REQUEST,
  bindOf,
  EXTENDED_REQUEST,
  EXTENDED_RESPONSE,
  isLdapStart,
  type LdapMessage,
  ldapMessageOf,
  operationName,
  resultOf,
  SEARCH_ENTRY,
  SEARCH_REQUEST,
  searchOf,
  UNBIND_REQUEST,
} from './ldap-message.ts';
import { eitherSide } from './prefix.ts';
import { textOf } from './text.ts';

const PORT = 389;
const DATAGRAM_LIMIT = 16;
const NAME_LIMIT = 255;
const START_TLS = '1.3.6.1.4.1.1466.20037';
const scopes = ['base', 'one', 'subtree', 'children'];

/** Facts of one message. True when it is the request for TLS. */
function keep(context: SessionContext, message: LdapMessage): boolean {
  const { tag, content } = message.operation;
  const detail = context.facts.detail('ldap');
  addDetail(detail, 'operations', operationName(tag));
  switch (tag) {
    case BIND_REQUEST:
      keepBind(context, message);
      return false;
    case SEARCH_REQUEST: {
      const search = searchOf(content);
      if (search === null) return false;
      detail.base ??= textOf(search.base, NAME_LIMIT);
      detail.scope ??= scopes[search.scope] ?? `scope${search.scope}`;
      for (const name of search.attributes) addDetail(detail, 'filter', textOf(name, 64), 8);
      return false;
    }
    case EXTENDED_REQUEST: {
      const oid = nextBytes(content, 0x80);
      if (oid === null) return false;
      const name = textOf(oid, 64);
      addDetail(detail, 'extensions', name);
      return name === START_TLS;
    }
    default:
      return false;
  }
}

function keepBind(context: SessionContext, message: LdapMessage): void {
  const bind = bindOf(message.operation.content);
  if (bind === null) return;
  const detail = context.facts.detail('ldap');
  detail.version ??= bind.version;
  if (bind.name.length > 0) detail.user ??= textOf(bind.name, NAME_LIMIT);
  addDetail(detail, 'mechanisms', bind.mechanism === null ? 'simple' : textOf(bind.mechanism, 32), 4);
  if (bind.password) context.facts.risks.add('cleartext_credentials');
}

/** Result of a response that is not 0; 14 goes on with SASL, 10 refers to another server. */
function keepResult(context: SessionContext, message: LdapMessage): number | null {
  const { tag, content } = message.operation;
  if (tag === SEARCH_ENTRY || tag === 0x73 || tag === 0x79) return null;
  const result = resultOf(content);
  if (result === null || result === 0 || result === 14 || result === 10) return result;
  context.facts.detail('ldap').error ??= result;
  context.facts.risks.add('error_code_detected');
  return result;
}

class LdapTcpSession extends FramedSession {
  private tlsAsked = false;

  protected override measure(bytes: Uint8Array, at: number, end: number, side: Side): number {
    // Behind its request for TLS the client sends nothing more in clear, unless the server refuses.
    if (side === CLIENT && this.tlsAsked) return FRAME_UNKNOWN;
    const header = elementHeader(bytes, at, end);
    if (header === undefined) return FRAME_UNKNOWN;
    // Behind a SASL bind with a security layer come lengths and ciphertext instead of messages.
    if (header === null || header.tag !== 0x30) return NOT_A_FRAME;
    return header.headerLength + header.contentLength;
  }

  protected override onFrame(frame: Uint8Array, side: Side, whole: boolean): ProgressCode {
    const message = whole ? ldapMessageOf(frame, 0, frame.length) : null;
    if (message === null) return whole && !this.confirmed ? Progress.BROKEN : Progress.MORE;
    this.confirmed = true;
    const asks = keep(this.context, message);
    if (side === CLIENT) {
      if (asks) this.tlsAsked = true;
      return message.operation.tag === UNBIND_REQUEST ? Progress.DONE : Progress.MORE;
    }
    const result = keepResult(this.context, message);
    if (!this.tlsAsked || message.operation.tag !== EXTENDED_RESPONSE) return Progress.MORE;
    this.tlsAsked = false;
    return result === 0 ? this.handOver() : Progress.MORE;
  }

  override advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const progress = super.advance(heads);
    return progress === Progress.BROKEN && this.confirmed ? Progress.DONE : progress;
  }
}

function probeHead(head: StreamHead, side: Side): VerdictCode {
  if (head.length === 0) return Verdict.MORE;
  const start = isLdapStart(head.bytes, 0, head.length, side);
  if (start === undefined) return head.complete ? Verdict.NO : Verdict.MORE;
  return start ? Verdict.YES : Verdict.NO;
}

export const ldapTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'ldap',
  ports: [PORT, 3268],
  probe(heads) {
    const client = probeHead(heads[CLIENT], CLIENT);
    const server = probeHead(heads[SERVER], SERVER);
    return eitherSide(client, server);
  },
  open: (context) => new LdapTcpSession(context),
};

/** One datagram; false when it is no message. */
function readDatagram(context: SessionContext, { bytes, side }: Datagram): boolean {
  const message = ldapMessageOf(bytes, 0, bytes.length);
  if (message === null) return false;
  keep(context, message);
  if (side === SERVER) keepResult(context, message);
  return true;
}

/** A datagram is made of whole messages: an answer may be followed by the end of the search. */
function isWholeMessages(bytes: Uint8Array, side: Side): boolean {
  let at = 0;
  for (let count = 0; at < bytes.length && count < 64; count++) {
    if (isLdapStart(bytes, at, bytes.length, side) !== true) return false;
    const header = elementHeader(bytes, at, bytes.length);
    if (header === null || header === undefined) return false;
    at += header.headerLength + header.contentLength;
  }
  return at === bytes.length;
}

export const ldapUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'ldap',
  ports: [PORT],
  probe(datagrams) {
    const { bytes, side } = datagrams[datagrams.length - 1];
    return bytes.length > 0 && isWholeMessages(bytes, side) ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new CountedSession(DATAGRAM_LIMIT, (datagram) => readDatagram(context, datagram)),
};
