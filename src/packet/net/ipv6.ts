/** IPv6 and its chain of extension headers (RFC 8200), authentication header included (RFC 4302). */
import { ipv6Text } from '../address.ts';
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import { decodeIpv6Options } from './ipv4-options.ts';
import { MAX_EXTENSIONS, MAX_IP_DEPTH } from './limits.ts';

const HEADER_BYTES = 40;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const NO_NEXT_HEADER = 59;
const MESSAGES = new Set([135, 139, 140]);
const JUMBO_PAYLOAD = 0xc2;

const TITLES = new Map<number, string>([
  [HOP_BY_HOP, 'Hop-by-Hop Options'],
  [ROUTING, 'Routing'],
  [DESTINATION_OPTIONS, 'Destination Options'],
  [135, 'Mobility'],
  [139, 'Host Identity'],
  [140, 'Shim6'],
]);

export function decodeIpv6(d: Dissection, at: number): Step | null {
  if (d.ipDepth >= MAX_IP_DEPTH) return d.fail('ipv6', 'too many layers', at, HEADER_BYTES);
  if (!d.need('ipv6', at, HEADER_BYTES)) return null;
  const word = d.u32(at);
  if (word >>> 28 !== 6) return d.fail('ipv6', `version ${word >>> 28} instead of 6`, at, HEADER_BYTES);
  const payloadLength = d.u16(at + 4);
  const nextHeader = d.u8(at + 6);
  // 0 means a jumbo payload (RFC 2675) or segmentation offload: the frame ends where the wire does.
  const onWire = Math.max(HEADER_BYTES, d.end - at);
  const open = payloadLength === 0 && (nextHeader === HOP_BY_HOP || onWire > HEADER_BYTES) && nextHeader !== NO_NEXT_HEADER;
  const datagramLength = open ? (jumboLength(d, at) ?? onWire) : HEADER_BYTES + payloadLength;
  d.ipDepth++;
  d.layers.push({
    name: 'ipv6',
    offset: at,
    length: HEADER_BYTES,
    source: ipv6Text(d.slice(at + 8, 16)),
    destination: ipv6Text(d.slice(at + 24, 16)),
    dscp: (word >>> 22) & 0x3f,
    ecn: (word >>> 20) & 3,
    flowLabel: word & 0xfffff,
    payloadLength,
    nextHeader,
    hopLimit: d.u8(at + 7),
    datagramLength,
  });
  d.restrict(at + datagramLength, 'IPv6 payload length');
  return walkExtensions(d, at + HEADER_BYTES, nextHeader);
}

/** Length of the datagram by a jumbo payload option in a leading hop-by-hop header; null without one. */
function jumboLength(d: Dissection, at: number): number | null {
  const first = at + HEADER_BYTES;
  if (d.u8(at + 6) !== HOP_BY_HOP || !d.has(first, 8)) return null;
  const length = (d.u8(first + 1) + 1) * 8;
  if (!d.has(first, length)) return null;
  const jumbo = decodeIpv6Options(d.slice(first + 2, length - 2)).options.find((option) => option.type === JUMBO_PAYLOAD);
  return jumbo && jumbo.value.length === 8 ? HEADER_BYTES + Number.parseInt(jumbo.value, 16) : null;
}

function walkExtensions(d: Dissection, from: number, first: number): Step | null {
  let at = from;
  let kind = first;
  for (let count = 0; ; count++) {
    const isExtension = TITLES.has(kind) || kind === FRAGMENT || kind === AUTHENTICATION;
    if (!isExtension) return step('protocol', at, kind);
    // Mobility, HIP and Shim6 messages that end the chain are the transport.
    if (MESSAGES.has(kind) && d.has(at, 1) && d.u8(at) === NO_NEXT_HEADER) return step('payload', at);
    if (count >= MAX_EXTENSIONS) return d.fail('ipv6-extension', 'too many extension headers', at, 8);
    if (!d.need('ipv6-extension', at, 8)) return null;
    const length = kind === FRAGMENT ? 8 : kind === AUTHENTICATION ? (d.u8(at + 1) + 2) * 4 : (d.u8(at + 1) + 1) * 8;
    if (!d.need('ipv6-extension', at, length)) return null;
    const nextHeader = d.u8(at);
    if (kind === FRAGMENT) {
      const later = takeFragment(d, at, nextHeader);
      if (later) return step('payload', at + length);
    } else if (kind === AUTHENTICATION) takeAuthentication(d, at, length, nextHeader);
    else if (!takeExtension(d, at, length, kind, nextHeader)) return d.fail('ipv6-extension', 'an option does not fit', at, length + 1);
    at += length;
    kind = nextHeader;
  }
}

/** True for a fragment that does not hold the transport header. */
function takeFragment(d: Dissection, at: number, nextHeader: number): boolean {
  const field = d.u16(at + 2);
  const fragmentOffset = field & 0xfff8;
  d.layers.push({
    name: 'ipv6-fragment',
    offset: at,
    length: 8,
    nextHeader,
    fragmentOffset,
    moreFragments: (field & 1) !== 0,
    identification: d.u32(at + 4),
  });
  return fragmentOffset > 0;
}

function takeAuthentication(d: Dissection, at: number, length: number, nextHeader: number): void {
  const whole = length >= 12;
  d.layers.push({ name: 'ah', offset: at, length, nextHeader, spi: d.u32(at + 4), sequence: whole ? d.u32(at + 8) : 0 });
}

/** False when its options do not fit into it. */
function takeExtension(d: Dissection, at: number, length: number, kind: number, nextHeader: number): boolean {
  const hasOptions = kind === HOP_BY_HOP || kind === DESTINATION_OPTIONS;
  const { options, fits } = hasOptions ? decodeIpv6Options(d.slice(at + 2, length - 2)) : { options: [], fits: true };
  d.layers.push({
    name: 'ipv6-extension',
    offset: at,
    length,
    kind,
    title: TITLES.get(kind) ?? 'Extension',
    nextHeader,
    options,
  });
  return fits;
}

/** AH in front of an IPv4 transport. */
export function decodeAuthentication(d: Dissection, at: number): Step | null {
  if (!d.need('ah', at, 12)) return null;
  const length = (d.u8(at + 1) + 2) * 4;
  if (!d.need('ah', at, length)) return null;
  const nextHeader = d.u8(at);
  takeAuthentication(d, at, length, nextHeader);
  return step('protocol', at + length, nextHeader);
}
