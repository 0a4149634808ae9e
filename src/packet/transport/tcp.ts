/** TCP (RFC 9293) and the beginning of other transports with ports. */
import { hexText } from '../address.ts';
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import { decodeTcpOptions } from './tcp-options.ts';

const MIN_BYTES = 20;

/** Notes the ports of a header whose rest is missing, when even they are there. */
export function decodePortsOnly(d: Dissection, at: number, protocol: number): void {
  if (!d.has(at, 4)) return;
  d.layers.push({ name: 'ports', offset: at, length: 4, protocol, sourcePort: d.u16(at), destinationPort: d.u16(at + 2) });
}

export function decodeTcp(d: Dissection, at: number): Step | null {
  if (!d.need('tcp', at, MIN_BYTES)) {
    decodePortsOnly(d, at, 6);
    return null;
  }
  const length = (d.u8(at + 12) >> 4) * 4;
  if (length < MIN_BYTES) {
    decodePortsOnly(d, at, 6);
    return d.fail('tcp', `header length ${length} below 20`, at, MIN_BYTES);
  }
  const options = d.slice(at + MIN_BYTES, Math.min(length - MIN_BYTES, d.available(at + MIN_BYTES)));
  d.layers.push({
    name: 'tcp',
    offset: at,
    length,
    sourcePort: d.u16(at),
    destinationPort: d.u16(at + 2),
    sequence: d.u32(at + 4),
    acknowledgment: d.u32(at + 8),
    flags: d.u8(at + 13),
    window: d.u16(at + 14),
    checksum: d.u16(at + 16),
    urgentPointer: d.u16(at + 18),
    options: decodeTcpOptions(options, length - MIN_BYTES),
    optionsHex: hexText(options),
  });
  // The fixed part is there, so the packet counts as TCP; cut options are only reported.
  return d.need('tcp options', at, length) ? step('payload', at + length) : null;
}
