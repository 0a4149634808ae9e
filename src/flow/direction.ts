/** Who began a flow, and on what evidence (row: CLIENT_IS_B and F_DIRECTION_REASON). Stronger evidence corrects weaker. */
import { R_DST_PORT, R_FLAGS, R_ICMP_TYPE, R_PROTOCOL, R_SRC_PORT, R_TCP_FLAGS, RecordFlag } from '../ring/layout.ts';
import { type RecordWords, TcpFlag } from './record-words.ts';
import { DIRECTION_REASONS } from './row.ts';
import { lastingPort, serverPort } from './service-ports.ts';

const reason = (name: (typeof DIRECTION_REASONS)[number]) => DIRECTION_REASONS.indexOf(name);
export const Reason = {
  FIRST_PACKET: reason('first_packet'),
  SYN: reason('syn'),
  SYN_ACK: reason('synack'),
  ICMP_REQUEST: reason('icmp_request'),
  PORT_PRIOR: reason('port_prior'),
  DNS_QUERY: reason('dns_query'),
  TLS_CLIENT_HELLO: reason('tls_client_hello'),
  HTTP_REQUEST: reason('http_request'),
} as const;

const ICMP = 1;
const TCP = 6;
const ICMPV6 = 58;

/** Echo, timestamp, information and mask requests and router solicitations; and their answers. */
const ICMP_REQUESTS = new Set([8, 10, 13, 15, 17]);
const ICMP_REPLIES = new Set([0, 9, 14, 16, 18]);
/** Echo request, multicast listener query, router and neighbour solicitation, node information query; and their answers. */
const ICMPV6_REQUESTS = new Set([128, 130, 133, 135, 139]);
const ICMPV6_REPLIES = new Set([129, 131, 134, 136, 140]);

/** Evidence in the low bits, and whether it names the sender of the packet (or its receiver) as the client. */
const SENDER = 0x80;

export const isSender = (evidence: number): boolean => (evidence & SENDER) !== 0;
export const reasonOf = (evidence: number): number => evidence & ~SENDER;

/** What the first packet of a flow says about its initiator. */
export function firstEvidence(rec: RecordWords, o: number): number {
  const protocol = rec.u8[o + R_PROTOCOL];
  const flags = rec.u16[(o + R_FLAGS) >> 1];
  if (protocol === ICMP || protocol === ICMPV6) {
    const type = rec.u8[o + R_ICMP_TYPE];
    if ((protocol === ICMP ? ICMP_REQUESTS : ICMPV6_REQUESTS).has(type)) return Reason.ICMP_REQUEST | SENDER;
    if ((protocol === ICMP ? ICMP_REPLIES : ICMPV6_REPLIES).has(type)) return Reason.ICMP_REQUEST;
    return Reason.FIRST_PACKET | SENDER;
  }
  if (protocol === TCP && (flags & RecordFlag.NO_TRANSPORT) === 0) {
    const evidence = synEvidence(rec.u8[o + R_TCP_FLAGS]);
    if (evidence !== 0) return evidence;
  }
  if ((flags & RecordFlag.HAS_PORTS) !== 0) {
    const source = rec.u16[(o + R_SRC_PORT) >> 1];
    const destination = rec.u16[(o + R_DST_PORT) >> 1];
    let server = serverPort(source, destination);
    if (server < 0 && protocol === TCP) server = lastingPort(source, destination);
    if (server >= 0) return server === 0 ? Reason.PORT_PRIOR : Reason.PORT_PRIOR | SENDER;
  }
  return Reason.FIRST_PACKET | SENDER;
}

/** What a SYN says, whenever it comes; 0 for other segments. */
export function synEvidence(tcpFlags: number): number {
  if ((tcpFlags & (TcpFlag.SYN | TcpFlag.RST | TcpFlag.FIN)) !== TcpFlag.SYN) return 0;
  return (tcpFlags & TcpFlag.ACK) === 0 ? Reason.SYN | SENDER : Reason.SYN_ACK;
}

/** syn > synack > the rest, so that a later SYN corrects what was only guessed. */
export function isStronger(reason: number, than: number): boolean {
  return reason !== than && than !== Reason.SYN && (reason === Reason.SYN || reason === Reason.SYN_ACK);
}
