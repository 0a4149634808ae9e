/** IPv4 (RFC 791). */
import { hexText, ipv4Text } from '../address.ts';
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import { decodeIpv4Options } from './ipv4-options.ts';
import { MAX_IP_DEPTH } from './limits.ts';

const MIN_BYTES = 20;

export function decodeIpv4(d: Dissection, at: number): Step | null {
  if (d.ipDepth >= MAX_IP_DEPTH) return d.fail('ipv4', 'too many layers', at, MIN_BYTES);
  if (!d.need('ipv4', at, MIN_BYTES)) return null;
  const version = d.u8(at) >> 4;
  const length = (d.u8(at) & 0x0f) * 4;
  if (version !== 4) return d.fail('ipv4', `version ${version} instead of 4`, at, MIN_BYTES);
  if (length < MIN_BYTES) return d.fail('ipv4', `header length ${length} below 20`, at, MIN_BYTES);
  const totalLength = d.u16(at + 2);
  if (totalLength !== 0 && totalLength < length)
    return d.fail('ipv4', `total length ${totalLength} below the header's ${length}`, at, length);
  if (!d.need('ipv4', at, length)) return null;
  const fragment = d.u16(at + 6);
  const protocol = d.u8(at + 9);
  const fragmentOffset = (fragment & 0x1fff) * 8;
  // Segmentation offload leaves 0; the frame then ends where the wire does.
  const datagramLength = totalLength === 0 ? Math.max(length, d.end - at) : totalLength;
  const options = d.slice(at + MIN_BYTES, length - MIN_BYTES);
  d.ipDepth++;
  d.layers.push({
    name: 'ipv4',
    offset: at,
    length,
    source: ipv4Text(d.slice(at + 12, 4)),
    destination: ipv4Text(d.slice(at + 16, 4)),
    dscp: d.u8(at + 1) >> 2,
    ecn: d.u8(at + 1) & 3,
    totalLength,
    datagramLength,
    identification: d.u16(at + 4),
    reservedFlag: (fragment & 0x8000) !== 0,
    dontFragment: (fragment & 0x4000) !== 0,
    moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffset,
    ttl: d.u8(at + 8),
    protocol,
    checksum: d.u16(at + 10),
    checksumValid: checksumOf(d, at, length) === 0xffff,
    options: decodeIpv4Options(options),
    optionsHex: hexText(options),
  });
  d.restrict(at + datagramLength, 'IPv4 total length');
  return fragmentOffset > 0 ? step('payload', at + length) : step('protocol', at + length, protocol);
}

/** One's complement sum over the header (RFC 1071); 0xffff when its checksum is right. */
function checksumOf(d: Dissection, at: number, length: number): number {
  let sum = 0;
  for (let offset = 0; offset < length; offset += 2) sum += d.u16(at + offset);
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16);
}
