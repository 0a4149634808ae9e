/** Tags and shims that an EtherType announces, other than VLAN tags: all are skipped by their length. */
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import { decodeShim, decodeTag } from './ethernet.ts';

/** Title and length of tags that end in the next EtherType. */
const TAGS = new Map<number, readonly [string, number]>([
  [0x8909, ['Cisco MetaData', 8]],
  [0x8926, ['VN-Tag', 6]],
  [0x892f, ['HSR', 6]],
  [0x893f, ['E-Tag', 8]],
  [0xf1c1, ['R-Tag', 6]],
]);
const BACKBONE_BRIDGE = 0x88e7;
const TRILL = 0x22f3;
const NSH = 0x894f;
const MACSEC = 0x88e5;
const ARISTA_TIME = 0xd28b;

/** undefined when the type is not of these. */
export function tryShim(d: Dissection, at: number, etherType: number): Step | null | undefined {
  const tag = TAGS.get(etherType);
  if (tag !== undefined) return decodeTag(d, at, tag[0], tag[1]);
  if (etherType === BACKBONE_BRIDGE) return decodeShim(d, at, 'I-Tag', 4, 'ethernet');
  if (etherType === TRILL) return decodeTrill(d, at);
  if (etherType === NSH) return decodeNsh(d, at);
  if (etherType === MACSEC) return decodeMacsec(d, at);
  return etherType === ARISTA_TIME ? decodeArista(d, at) : undefined;
}

/** RFC 6325: the length of the options, in words, stands in the first two bytes. */
function decodeTrill(d: Dissection, at: number): Step | null {
  if (!d.need('TRILL', at, 6)) return null;
  return decodeShim(d, at, 'TRILL', 6 + ((d.u16(at) >> 6) & 0x1f) * 4, 'ethernet');
}

/** RFC 8300: a length in words, and a next protocol of its own numbering. */
function decodeNsh(d: Dissection, at: number): Step | null {
  if (!d.need('NSH', at, 8)) return null;
  const length = (d.u8(at + 1) & 0x3f) * 4;
  if (length < 8) return d.fail('NSH', `length ${length} below 8`, at, 8);
  const next = d.u8(at + 3);
  const after = decodeShim(d, at, 'NSH', length, 'payload');
  if (after === null) return null;
  if (next === 1 || next === 2) return step('ip', after.at);
  if (next === 3) return step('ethernet', after.at);
  if (next === 4) return step('ethertype', after.at, NSH);
  return next === 5 ? step('mpls', after.at) : after;
}

/** Arista's time stamps: subtype 1, then a version whose low byte tells the width of the stamp. */
function decodeArista(d: Dissection, at: number): Step | null {
  if (!d.need('Arista time stamp', at, 4)) return null;
  const width = d.u8(at + 3);
  if (d.u16(at) !== 1 || (width !== 0x10 && width !== 0x20)) return step('payload', at);
  return decodeTag(d, at, 'Arista time stamp', 4 + (width === 0x10 ? 8 : 6) + 2);
}

const CHECK_VALUE_BYTES = 16;

/**
 * IEEE 802.1AE. Frames that are only authenticated are readable: a tag of 6 bytes, 8 more with a channel identifier, then
 * EtherType and payload in front of the check value.
 */
function decodeMacsec(d: Dissection, at: number): Step | null {
  if (!d.need('MACsec', at, 6)) return null;
  const control = d.u8(at);
  // Version, encrypted, changed.
  if ((control & 0x8c) !== 0) return decodeShim(d, at, 'MACsec', 6, 'payload');
  const tag = (control & 0x20) !== 0 ? 14 : 6;
  if (!d.need('MACsec', at, tag)) return null;
  const short = d.u8(at + 1) & 0x3f;
  const room = d.end - at - tag;
  if (short !== 0) d.restrict(at + tag + short, 'MACsec length');
  else if (room > CHECK_VALUE_BYTES) d.restrict(d.end - CHECK_VALUE_BYTES, 'MACsec length');
  return decodeTag(d, at, 'MACsec', tag + 2);
}
