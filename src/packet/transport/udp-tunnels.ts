/**
 * Tunnels that are only known by a UDP port: VXLAN (RFC 7348), Geneve (RFC 8926), GTP-U (TS 29.281), Teredo (RFC 4380),
 * L2TP (RFC 2661), AYIYA, MPLS in UDP (RFC 7510). Any program may use the port, so each decoder first checks what the
 * header must look like and otherwise leaves the bytes as payload: a wrong guess is not an error.
 */
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import type { TunnelLayer } from './layers.ts';

const ETHERNET_BYTES = 14;
const MIN_ETHER_TYPE = 0x0600;

type Decoder = (d: Dissection, at: number) => Step | null;

const DECODERS = new Map<number, Decoder>([
  [1701, decodeL2tp],
  [2152, decodeGtpu],
  [3386, decodeGtp0],
  [3544, decodeTeredo],
  [4789, decodeVxlan],
  [4790, decodeVxlanGpe],
  [5072, decodeAyiya],
  [5247, decodeCapwap],
  [6081, decodeGeneve],
  [6635, decodeMplsInUdp],
  // Linux's port from before the registration.
  [8472, decodeVxlan],
]);

/** Follows UDP; null when the ports name no tunnel, or the bytes do not look like it. Answers may come from the port. */
export function tryUdpTunnel(d: Dissection, at: number, sourcePort: number, destinationPort: number): Step | null {
  return DECODERS.get(destinationPort)?.(d, at) ?? DECODERS.get(sourcePort)?.(d, at) ?? null;
}

function push(d: Dissection, at: number, length: number, type: TunnelLayer['type'], more: Partial<TunnelLayer>): void {
  d.layers.push({ name: 'tunnel', offset: at, length, type, id: null, tunnelId: null, content: null, ...more });
}

/** The flag of a valid VNI; extensions (group policy, generic protocol) use more of the first word. A whole inner Ethernet header must follow. */
function decodeVxlan(d: Dissection, at: number): Step | null {
  if (!d.has(at, 8 + ETHERNET_BYTES) || (d.u8(at) & 0x38) !== 0x08 || d.u8(at + 7) !== 0) return null;
  push(d, at, 8, 'vxlan', { id: d.u32(at + 4) >>> 8 });
  return step('ethernet', at + 8);
}

/** The generic extension: a next protocol where the P flag is set (0x04), a VNI where the I flag is (0x08). */
function decodeVxlanGpe(d: Dissection, at: number): Step | null {
  if (!d.has(at, 8) || (d.u8(at) & 0xf0) !== 0 || d.u8(at + 7) !== 0) return null;
  const flags = d.u8(at);
  const content = (flags & 0x04) !== 0 ? d.u8(at + 3) : 3;
  if (content < 1 || content > 5) return null;
  push(d, at, 8, 'vxlan', { id: (flags & 0x08) !== 0 ? d.u32(at + 4) >>> 8 : null, content });
  if (content === 3) return step('ethernet', at + 8);
  if (content === 4) return step('ethertype', at + 8, 0x894f);
  return step(content === 5 ? 'mpls' : 'ip', at + 8);
}

function decodeGeneve(d: Dissection, at: number): Step | null {
  if (!d.has(at, 8) || d.u8(at) >> 6 !== 0) return null;
  const length = 8 + (d.u8(at) & 0x3f) * 4;
  if (!d.has(at, length)) return null;
  const content = d.u16(at + 2);
  push(d, at, length, 'geneve', { id: d.u32(at + 4) >>> 8, content });
  return content >= MIN_ETHER_TYPE ? step('ethertype', at + length, content) : step('payload', at + length);
}

const GTP_PDU = 0xff;
const GTP_MAX_EXTENSIONS = 8;

function decodeGtpu(d: Dissection, at: number): Step | null {
  // Version 1, protocol type GTP.
  if (!d.has(at, 8) || (d.u8(at) & 0xf0) !== 0x30) return null;
  const flags = d.u8(at);
  const content = d.u8(at + 1);
  let length = (flags & 7) === 0 ? 8 : 12;
  if (!d.has(at, length)) return null;
  let next = (flags & 4) !== 0 ? d.u8(at + 11) : 0;
  for (let count = 0; next !== 0; count++) {
    if (count >= GTP_MAX_EXTENSIONS || !d.has(at + length, 4)) return null;
    const size = d.u8(at + length) * 4;
    if (size === 0 || !d.has(at + length, size)) return null;
    next = d.u8(at + length + size - 1);
    length += size;
  }
  push(d, at, length, 'gtpu', { id: d.u32(at + 4), content });
  if (content !== GTP_PDU || !d.has(at + length, 1)) return step('payload', at + length);
  const nibble = d.u8(at + length) >> 4;
  return nibble === 4 || nibble === 6 ? step('ip', at + length) : step('payload', at + length);
}

/** TS 09.60: version 0 with its 20-byte header; the flow label stands where the TEID is today. */
function decodeGtp0(d: Dissection, at: number): Step | null {
  if (!d.has(at, 20) || (d.u8(at) & 0xf0) !== 0x10 || d.u8(at + 1) !== GTP_PDU) return null;
  push(d, at, 20, 'gtpu', { content: GTP_PDU });
  return step('ip', at + 20);
}

/** Optional authentication and origin headers, then IPv6. */
function decodeTeredo(d: Dissection, at: number): Step | null {
  let from = at;
  if (d.has(from, 4) && d.u16(from) === 0x0001) from += 13 + d.u8(from + 2) + d.u8(from + 3);
  if (d.has(from, 8) && d.u16(from) === 0x0000) from += 8;
  if (!d.has(from, 40) || d.u8(from) >> 4 !== 6) return null;
  push(d, at, from - at, 'teredo', {});
  return step('ip', from);
}

/** Data messages of version 2 carry PPP; control messages are payload. */
function decodeL2tp(d: Dissection, at: number): Step | null {
  if (!d.has(at, 6)) return null;
  const flags = d.u16(at);
  if ((flags & 0x0f) !== 2) return null;
  const hasLength = (flags & 0x4000) !== 0;
  const hasSequence = (flags & 0x0800) !== 0;
  const hasOffset = (flags & 0x0200) !== 0;
  const idsAt = at + (hasLength ? 4 : 2);
  let length = idsAt - at + 4 + (hasSequence ? 4 : 0);
  if (!d.has(at, length + (hasOffset ? 2 : 0))) return null;
  if (hasOffset) length += 2 + d.u16(at + length);
  if (!d.has(at, length)) return null;
  push(d, at, length, 'l2tp', { tunnelId: d.u16(idsAt), id: d.u16(idsAt + 2) });
  return (flags & 0x8000) === 0 ? step('ppp', at + length) : step('payload', at + length);
}

/** Identity and signature are sized in the first two bytes; operation 1 forwards a packet of the named protocol. */
function decodeAyiya(d: Dissection, at: number): Step | null {
  if (!d.has(at, 8)) return null;
  const length = 8 + (1 << (d.u8(at) >> 4)) + (d.u8(at + 1) >> 4) * 4;
  const nextHeader = d.u8(at + 3);
  const forwards = (d.u8(at + 2) & 0x0f) === 1 && (nextHeader === 4 || nextHeader === 41);
  if (!forwards || !d.has(at, length)) return null;
  push(d, at, length, 'ayiya', {});
  return step('ip', at + length);
}

/** RFC 5415: the header's length in words, an 802.11 frame with T, else an 802.3 one; keep-alives and fragments are neither. */
function decodeCapwap(d: Dissection, at: number): Step | null {
  if (!d.has(at, 8) || d.u8(at) !== 0 || (d.u8(at + 3) & 0x88) !== 0) return null;
  const length = (d.u8(at + 1) >> 3) * 4;
  if (length < 8 || !d.has(at, length)) return null;
  push(d, at, length, 'capwap', {});
  return step((d.u8(at + 2) & 1) !== 0 ? 'wlan' : 'ethernet', at + length);
}

function decodeMplsInUdp(d: Dissection, at: number): Step | null {
  if (!d.has(at, 5)) return null;
  push(d, at, 0, 'mpls_udp', {});
  return step('mpls', at);
}
