/** Ethernet II and IEEE 802.3 with LLC/SNAP, and the tags in front of the payload (IEEE 802.1Q, 802.1ad). */
import { macText } from '../address.ts';
import type { Dissection, Step, StepKind } from '../dissection.ts';
import { step } from '../dissection.ts';

const ETHERNET_BYTES = 14;
/** Field values up to this are lengths (IEEE 802.3), from 0x0600 on EtherTypes. */
const MAX_LENGTH_FIELD = 1500;
const MIN_ETHER_TYPE = 0x0600;
/** Tags in a row that are followed; real networks stack two or three. */
const MAX_TAGS = 8;

const ISL_BYTES = 26;

export function decodeEthernet(d: Dissection, at: number): Step | null {
  if (!d.need('ethernet', at, ETHERNET_BYTES)) return null;
  if (isInterSwitchLink(d, at)) return decodeShim(d, at, 'ISL', ISL_BYTES, 'ethernet');
  const field = d.u16(at + 12);
  const typed = field >= MIN_ETHER_TYPE;
  if (!typed && field > MAX_LENGTH_FIELD)
    return d.fail('ethernet', `type field ${field} is neither a type nor a length`, at, ETHERNET_BYTES);
  d.layers.push({
    name: 'ethernet',
    offset: at,
    length: ETHERNET_BYTES,
    destination: macText(d.slice(at, 6)),
    source: macText(d.slice(at + 6, 6)),
    etherType: typed ? field : null,
    frameLength: typed ? null : field,
  });
  return afterTypeField(d, field, at + ETHERNET_BYTES);
}

/** Cisco ISL stands in front of a whole frame; its destination is one of two fixed prefixes. */
function isInterSwitchLink(d: Dissection, at: number): boolean {
  return (d.u8(at) === 0x01 || d.u8(at) === 0x0c) && d.u32(at + 1) === 0x000c0000;
}

/** What follows a type-or-length field: an EtherType's content, or LLC within the given length. */
function afterTypeField(d: Dissection, field: number, at: number): Step | null {
  if (field >= MIN_ETHER_TYPE) return step('ethertype', at, field);
  d.restrict(at + field, 'IEEE 802.3 length');
  return step('llc', at);
}

export function decodeVlan(d: Dissection, at: number, tpid: number): Step | null {
  const link = d.layers.findLastIndex((layer) => layer.name === 'ethernet');
  const depth = d.layers.filter((layer, index) => index > link && layer.name === 'vlan').length;
  if (depth >= MAX_TAGS) return d.fail('vlan', 'too many tags', at, 4);
  if (!d.need('vlan', at, 4)) return null;
  const tci = d.u16(at);
  const etherType = d.u16(at + 2);
  d.layers.push({
    name: 'vlan',
    offset: at,
    length: 4,
    tpid,
    id: tci & 0x0fff,
    priority: tci >> 13,
    dropEligible: (tci & 0x1000) !== 0,
    etherType,
  });
  return afterTypeField(d, etherType, at + 4);
}

/** Tags whose last two bytes are the next EtherType or length. */
export function decodeTag(d: Dissection, at: number, title: string, length: number): Step | null {
  if (!d.need(title, at, length)) return null;
  d.layers.push({ name: 'shim', offset: at, length, title });
  return afterTypeField(d, d.u16(at + length - 2), at + length);
}

/** Headers of known length in front of a whole frame or packet. */
export function decodeShim(d: Dissection, at: number, title: string, length: number, next: StepKind, value = 0): Step | null {
  if (!d.need(title, at, length)) return null;
  d.layers.push({ name: 'shim', offset: at, length, title });
  return step(next, at + length, value);
}
