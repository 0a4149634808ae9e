/** UDP (RFC 768), UDP-Lite (RFC 3828), SCTP (RFC 9260), DCCP (RFC 4340), ESP (RFC 4303): headers with little inside. */
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import { decodePortsOnly } from './tcp.ts';

const UDP_BYTES = 8;
const UDP_LITE = 136;

export function decodeUdp(d: Dissection, at: number, protocol: number): Step | null {
  if (!d.need('udp', at, UDP_BYTES)) {
    decodePortsOnly(d, at, protocol);
    return null;
  }
  const lite = protocol === UDP_LITE;
  const sourcePort = d.u16(at);
  const destinationPort = d.u16(at + 2);
  const udpLength = d.u16(at + 4);
  // 0 is a jumbogram or offloaded segmentation (RFC 2675): the enclosing length counts.
  // A first fragment carries the length of the whole datagram, which says nothing about this one's end.
  const bounded = !lite && udpLength !== 0 && !inFragment(d);
  if (bounded && udpLength < UDP_BYTES) {
    decodePortsOnly(d, at, protocol);
    return d.fail('udp', `length ${udpLength} below 8`, at, UDP_BYTES);
  }
  d.layers.push({ name: 'udp', offset: at, length: UDP_BYTES, lite, sourcePort, destinationPort, udpLength, checksum: d.u16(at + 6) });
  if (bounded) d.restrict(at + udpLength, 'UDP length');
  return lite ? step('payload', at + UDP_BYTES) : step('udp-port', at + UDP_BYTES, sourcePort * 65_536 + destinationPort);
}

function inFragment(d: Dissection): boolean {
  const header = d.layers.findLast(({ name }) => name === 'ipv4' || name === 'ipv6' || name === 'ipv6-fragment');
  return header !== undefined && 'moreFragments' in header && header.moreFragments;
}

const CHUNK_NAMES = new Map<number, string>([
  [0, 'DATA'],
  [1, 'INIT'],
  [2, 'INIT_ACK'],
  [3, 'SACK'],
  [4, 'HEARTBEAT'],
  [5, 'HEARTBEAT_ACK'],
  [6, 'ABORT'],
  [7, 'SHUTDOWN'],
  [8, 'SHUTDOWN_ACK'],
  [9, 'ERROR'],
  [10, 'COOKIE_ECHO'],
  [11, 'COOKIE_ACK'],
  [14, 'SHUTDOWN_COMPLETE'],
  [64, 'I_DATA'],
  [192, 'FORWARD_TSN'],
]);
const MAX_CHUNKS = 16;
const SCTP_BYTES = 12;

export function decodeSctp(d: Dissection, at: number): Step | null {
  if (!d.need('sctp', at, SCTP_BYTES)) {
    decodePortsOnly(d, at, 132);
    return null;
  }
  const chunks: string[] = [];
  let cursor = at + SCTP_BYTES;
  while (chunks.length < MAX_CHUNKS && d.has(cursor, 4)) {
    const type = d.u8(cursor);
    const length = d.u16(cursor + 2);
    if (length < 4) break;
    chunks.push(CHUNK_NAMES.get(type) ?? `chunk ${type}`);
    cursor += (length + 3) & ~3;
  }
  d.layers.push({
    name: 'sctp',
    offset: at,
    length: SCTP_BYTES,
    sourcePort: d.u16(at),
    destinationPort: d.u16(at + 2),
    verificationTag: d.u32(at + 4),
    checksum: d.u32(at + 8),
    chunks,
  });
  return step('payload', at + SCTP_BYTES);
}

export function decodeDccp(d: Dissection, at: number): Step | null {
  if (!d.need('dccp', at, 12)) {
    decodePortsOnly(d, at, 33);
    return null;
  }
  const length = d.u8(at + 4) * 4;
  d.layers.push({
    name: 'dccp',
    offset: at,
    length,
    sourcePort: d.u16(at),
    destinationPort: d.u16(at + 2),
    type: (d.u8(at + 8) >> 1) & 0x0f,
  });
  if (length < 12) return d.fail('dccp', `data offset ${length} below 12`, at, 12);
  return d.need('dccp', at, length) ? step('payload', at + length) : null;
}

export function decodeEsp(d: Dissection, at: number): Step | null {
  if (!d.need('esp', at, 8)) return null;
  d.layers.push({ name: 'esp', offset: at, length: 8, spi: d.u32(at), sequence: d.u32(at + 4) });
  return step('payload', at + 8);
}
