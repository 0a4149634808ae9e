/** ICMPv6 (RFC 4443) with neighbour discovery (RFC 4861) and multicast listener messages (RFC 2710, RFC 3810). */
import { ipv6Text, macText } from '../address.ts';
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import type { QuotedPacket } from './layers.ts';

const TITLES = new Map<number, string>([
  [1, 'Destination Unreachable'],
  [2, 'Packet Too Big'],
  [3, 'Time Exceeded'],
  [4, 'Parameter Problem'],
  [128, 'Echo Request'],
  [129, 'Echo Reply'],
  [130, 'Multicast Listener Query'],
  [131, 'Multicast Listener Report'],
  [132, 'Multicast Listener Done'],
  [133, 'Router Solicitation'],
  [134, 'Router Advertisement'],
  [135, 'Neighbor Solicitation'],
  [136, 'Neighbor Advertisement'],
  [137, 'Redirect'],
  [138, 'Router Renumbering'],
  [139, 'Node Information Query'],
  [140, 'Node Information Response'],
  [141, 'Inverse Neighbor Solicitation'],
  [142, 'Inverse Neighbor Advertisement'],
  [143, 'Multicast Listener Report v2'],
  [151, 'Multicast Router Advertisement'],
  [155, 'RPL Control'],
]);

const CODES = new Map<number, readonly string[]>([
  [
    1,
    [
      'no route',
      'administratively prohibited',
      'beyond scope of source address',
      'address unreachable',
      'port unreachable',
      'source address failed policy',
      'reject route',
    ],
  ],
  [3, ['hop limit exceeded', 'fragment reassembly time exceeded']],
  [4, ['erroneous header field', 'unrecognized next header', 'unrecognized option']],
]);

const ECHO_REQUEST = 128;
const ECHO_REPLY = 129;
const PACKET_TOO_BIG = 2;
const LAST_QUOTING = 4;
/** Where the options of neighbour discovery messages start. */
const OPTIONS_AT = new Map([
  [133, 8],
  [134, 16],
  [135, 24],
  [136, 24],
  [137, 40],
]);
const MAX_OPTIONS = 16;
const MIN_BYTES = 8;

function icmpv6Title(type: number, code: number): string {
  const title = TITLES.get(type) ?? `Type ${type}`;
  const detail = CODES.get(type)?.[code];
  return detail === undefined ? title : `${title}: ${detail}`;
}

export function decodeIcmpv6(d: Dissection, at: number, quote: (at: number) => QuotedPacket): Step | null {
  if (!d.has(at, 2)) return d.fail('icmpv6', 'truncated', at, MIN_BYTES);
  const type = d.u8(at);
  const code = d.u8(at + 1);
  const whole = d.has(at, MIN_BYTES);
  const echo = whole && (type === ECHO_REQUEST || type === ECHO_REPLY);
  const targeted = type >= 135 && type <= 137 && d.has(at, 24);
  const quotes = type >= 1 && type <= LAST_QUOTING && !d.quoted && d.has(at + 8, 1);
  d.layers.push({
    name: 'icmpv6',
    offset: at,
    length: Math.min(MIN_BYTES, d.available(at)),
    type,
    code,
    title: icmpv6Title(type, code),
    checksum: whole ? d.u16(at + 2) : null,
    identifier: echo ? d.u16(at + 4) : null,
    sequence: echo ? d.u16(at + 6) : null,
    mtu: whole && type === PACKET_TOO_BIG ? d.u32(at + 4) : null,
    target: targeted ? ipv6Text(d.slice(at + 8, 16)) : null,
    linkAddress: linkAddressOption(d, at, type),
    quoted: quotes ? quote(at + 8) : null,
  });
  // Type and code are known, so the packet counts as ICMPv6; what is missing is only reported.
  return d.need('icmpv6', at, MIN_BYTES) ? step('payload', at + MIN_BYTES) : null;
}

/** The source (1) or target (2) link-layer address option of a neighbour discovery message. */
function linkAddressOption(d: Dissection, at: number, type: number): string | null {
  const start = OPTIONS_AT.get(type);
  if (start === undefined) return null;
  let cursor = at + start;
  for (let count = 0; count < MAX_OPTIONS && d.has(cursor, 8); count++) {
    const kind = d.u8(cursor);
    const length = d.u8(cursor + 1) * 8;
    if (length === 0) return null;
    if (kind === 1 || kind === 2) return macText(d.slice(cursor + 2, 6));
    cursor += length;
  }
  return null;
}
