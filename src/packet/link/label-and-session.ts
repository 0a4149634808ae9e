/** What stands between the link and IP: MPLS labels (RFC 3032), PPPoE (RFC 2516) and PPP (RFC 1661). */
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import { decodeShim } from './ethernet.ts';

const MAX_LABELS = 16;
const ETHERNET_BYTES = 14;

/** One label; behind the last one the content is guessed from its first nibble, as routers do (RFC 4928). */
export function decodeMpls(d: Dissection, at: number): Step | null {
  if (d.layers.filter((layer) => layer.name === 'mpls').length >= MAX_LABELS) return d.fail('mpls', 'too many labels', at, 4);
  if (!d.need('mpls', at, 4)) return null;
  const word = d.u32(at);
  const bottom = (word & 0x100) !== 0;
  d.layers.push({ name: 'mpls', offset: at, length: 4, label: word >>> 12, trafficClass: (word >> 9) & 7, bottom, ttl: word & 0xff });
  if (!bottom) return step('mpls', at + 4);
  if (!d.need('mpls', at + 4, 1)) return null;
  const nibble = d.u8(at + 4) >> 4;
  if (nibble === 4 || nibble === 6) return step('ip', at + 4);
  return nibble === 1 && d.has(at + 4, 4) ? associatedChannel(d, at + 4) : pseudowire(d, at + 4);
}

/** RFC 4385: the channel types of IPv4 and IPv6 carry packets. */
function associatedChannel(d: Dissection, at: number): Step | null {
  const channel = d.u16(at + 2);
  return decodeShim(d, at, 'Associated Channel', 4, channel === 0x0021 || channel === 0x0057 ? 'ip' : 'payload');
}

const INNER_TYPES = new Set([0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x8847, 0x8848, 0x8863, 0x8864, 0x88cc, 0x9000, 0x9100]);
const MAX_LENGTH_FIELD = 1500;

function looksLikeEthernet(d: Dissection, at: number): boolean {
  if (!d.has(at, ETHERNET_BYTES)) return false;
  const type = d.u16(at + 12);
  return INNER_TYPES.has(type) || (type <= MAX_LENGTH_FIELD && at + ETHERNET_BYTES + type <= d.end);
}

/** A pseudowire does not say whether it has a control word, so its first bytes are read both ways (RFC 4448). */
function pseudowire(d: Dissection, at: number): Step | null {
  const controlWord = d.has(at, 4) && d.u8(at) >> 4 === 0;
  const plain = looksLikeEthernet(d, at);
  if (controlWord && (d.u16(at) === 0 || !plain) && looksLikeEthernet(d, at + 4)) return decodeShim(d, at, 'Control Word', 4, 'ethernet');
  return step(plain ? 'ethernet' : 'payload', at);
}

export function decodePppoe(d: Dissection, at: number, session: boolean): Step | null {
  if (!d.need('pppoe', at, 6)) return null;
  const payloadLength = d.u16(at + 4);
  d.layers.push({ name: 'pppoe', offset: at, length: 6, code: d.u8(at + 1), sessionId: d.u16(at + 2), payloadLength });
  d.restrict(at + 6 + payloadLength, 'PPPoE payload length');
  return step(session ? 'ppp' : 'payload', at + 6);
}

/** PPP with or without the HDLC address and control bytes, and with the one-byte form of the protocol field. */
export function decodePpp(d: Dissection, at: number): Step | null {
  const from = d.has(at, 2) && d.u16(at) === 0xff03 ? at + 2 : at;
  if (!d.need('ppp', from, 1)) return null;
  // Protocol numbers end in an odd byte; an odd first byte is a compressed field (RFC 1661, 6.5).
  const short = (d.u8(from) & 1) === 1;
  if (!short && !d.need('ppp', from, 2)) return null;
  const protocol = short ? d.u8(from) : d.u16(from);
  if ((protocol & 1) === 0) return d.fail('ppp', `protocol 0x${protocol.toString(16)} is even`, from, 2);
  const next = from + (short ? 1 : 2);
  d.layers.push({ name: 'ppp', offset: at, length: next - at, protocol });
  return afterPpp(d, protocol, next);
}

function afterPpp(d: Dissection, protocol: number, at: number): Step | null {
  if (protocol === 0x0021 || protocol === 0x0057) return step('ip', at);
  if (protocol === 0x0281 || protocol === 0x0283) return step('mpls', at);
  // Bridging control (RFC 3518): flags, then the MAC type; 1 is 802.3.
  if (protocol === 0x0031 && d.has(at, 2) && d.u8(at + 1) === 1) return decodeShim(d, at, 'Bridged 802.3', 2, 'ethernet');
  return step('payload', at);
}
