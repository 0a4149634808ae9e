/** ICMP (RFC 792). Errors quote the packet that caused them; it is decoded as far as it goes. */
import { ipv4Text } from '../address.ts';
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import type { QuotedPacket } from './layers.ts';

const TITLES = new Map<number, string>([
  [0, 'Echo Reply'],
  [3, 'Destination Unreachable'],
  [4, 'Source Quench'],
  [5, 'Redirect'],
  [8, 'Echo Request'],
  [9, 'Router Advertisement'],
  [10, 'Router Solicitation'],
  [11, 'Time Exceeded'],
  [12, 'Parameter Problem'],
  [13, 'Timestamp Request'],
  [14, 'Timestamp Reply'],
  [15, 'Information Request'],
  [16, 'Information Reply'],
  [17, 'Address Mask Request'],
  [18, 'Address Mask Reply'],
  [42, 'Extended Echo Request'],
  [43, 'Extended Echo Reply'],
]);

const CODES = new Map<number, readonly string[]>([
  [
    3,
    [
      'network unreachable',
      'host unreachable',
      'protocol unreachable',
      'port unreachable',
      'fragmentation needed',
      'source route failed',
      'network unknown',
      'host unknown',
      'source host isolated',
      'network prohibited',
      'host prohibited',
      'network unreachable for TOS',
      'host unreachable for TOS',
      'communication prohibited',
      'host precedence violation',
      'precedence cutoff',
    ],
  ],
  [5, ['network', 'host', 'TOS and network', 'TOS and host']],
  [11, ['TTL exceeded in transit', 'fragment reassembly time exceeded']],
  [12, ['pointer indicates the error', 'missing a required option', 'bad length']],
]);

const WITH_IDENTIFIER = new Set([0, 8, 13, 14, 15, 16, 17, 18]);
const QUOTING = new Set([3, 4, 5, 11, 12]);
const MIN_BYTES = 8;
const FRAGMENTATION_NEEDED = 4;

function icmpTitle(type: number, code: number): string {
  const title = TITLES.get(type) ?? `Type ${type}`;
  const detail = CODES.get(type)?.[code];
  return detail === undefined ? title : `${title}: ${detail}`;
}

/** `quote` decodes the packet at an offset; it is given so that this file does not depend on the walk. */
export function decodeIcmp(d: Dissection, at: number, quote: (at: number) => QuotedPacket): Step | null {
  if (!d.has(at, 2)) return d.fail('icmp', 'truncated', at, MIN_BYTES);
  const type = d.u8(at);
  const code = d.u8(at + 1);
  const whole = d.has(at, MIN_BYTES);
  const identified = whole && WITH_IDENTIFIER.has(type);
  const quotes = QUOTING.has(type) && !d.quoted && d.has(at + MIN_BYTES, 1);
  d.layers.push({
    name: 'icmp',
    offset: at,
    length: Math.min(MIN_BYTES, d.available(at)),
    type,
    code,
    title: icmpTitle(type, code),
    checksum: whole ? d.u16(at + 2) : null,
    identifier: identified ? d.u16(at + 4) : null,
    sequence: identified ? d.u16(at + 6) : null,
    gateway: whole && type === 5 ? ipv4Text(d.slice(at + 4, 4)) : null,
    mtu: whole && type === 3 && code === FRAGMENTATION_NEEDED ? d.u16(at + 6) : null,
    quoted: quotes ? quote(at + MIN_BYTES) : null,
  });
  // Type and code are known, so the packet counts as ICMP; what is missing is only reported.
  return d.need('icmp', at, MIN_BYTES) ? step('payload', at + MIN_BYTES) : null;
}
