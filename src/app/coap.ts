/** CoAP: RFC 7252. A request that names its resource proves itself; anything shorter has to be answered or repeated. */

import { type CoapMessage, coapMessageOf } from './coap-message.ts';
import { CountedSession } from './counted-session.ts';
import { addDetail } from './detail.ts';
import { CLIENT, type DatagramDissector, SERVER, type Side, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { isPlain } from './plain-text.ts';

const DATAGRAM_LIMIT = 24;
const methods = ['', 'GET', 'POST', 'PUT', 'DELETE', 'FETCH', 'PATCH', 'iPATCH'];

const isRequest = (message: CoapMessage) => message.code > 0 && message.code < 32;
const isResponse = (message: CoapMessage) => message.code >= 64;

function codeName(code: number): string {
  return code < 32 ? methods[code] : `${code >> 5}.${String(code & 31).padStart(2, '0')}`;
}

function sameToken(left: CoapMessage, right: CoapMessage): boolean {
  return left.token.length === right.token.length && left.token.every((byte, i) => byte === right.token[i]);
}

/** One message belongs to the other: the same id from both sides, or a response with the token of a request. */
function belongs(left: CoapMessage, right: CoapMessage): boolean {
  if (left.id === right.id && left.type !== right.type) return true;
  return isRequest(left) !== isRequest(right) && left.token.length > 0 && sameToken(left, right);
}

/** A client sends requests, a server responses; empty messages come from both. */
function fitsSide(message: CoapMessage, side: Side): boolean {
  if (isRequest(message)) return side === CLIENT;
  return isResponse(message) ? side === SERVER : true;
}

function keep(facts: AppFacts, bytes: Uint8Array): boolean {
  const message = coapMessageOf(bytes);
  if (message === null) return false;
  const detail = facts.detail('coap');
  if (isRequest(message)) {
    detail.method ??= codeName(message.code);
    if (message.path !== '') detail.path ??= message.path + message.query;
    if (message.host !== null) facts.nameHost(message.host.toLowerCase(), 'protocol');
  } else if (isResponse(message)) {
    detail.code ??= codeName(message.code);
    if (message.code >= 128) facts.risks.add('error_code_detected');
  }
  if (message.contentFormat !== null) detail.content_format ??= message.contentFormat;
  if (message.code !== 0) addDetail(detail, 'messages', codeName(message.code));
  return true;
}

export const coap: DatagramDissector = {
  transport: 'udp',
  protocol: 'coap',
  ports: [5683],
  probe(datagrams, ports) {
    const last = datagrams[datagrams.length - 1];
    const message = coapMessageOf(last.bytes);
    if (message === null || !fitsSide(message, last.side)) return Verdict.NO;
    if (isRequest(message) && message.path.length > 2 && isPlain(message.path)) return Verdict.YES;
    // Early drafts numbered the options differently: on the usual port a sound request is enough.
    if (isRequest(message) && message.options > 0 && coap.ports.includes(ports.serverPort)) return Verdict.YES;
    let sound = 0;
    for (const earlier of datagrams) {
      const other = coapMessageOf(earlier.bytes);
      if (other === null) return Verdict.NO;
      if (earlier.side !== last.side && belongs(other, message)) return Verdict.YES;
      if (other.options > 0) sound++;
    }
    // One side alone: three messages in a row that are all well formed, with options that exist.
    return sound >= 3 ? Verdict.YES : Verdict.MORE;
  },
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => keep(facts, bytes)),
};
