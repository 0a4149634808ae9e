/** GRE (RFC 2784, RFC 2890), its PPTP form (RFC 2637), NVGRE (RFC 7637), and ERSPAN types I to III inside it. */
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import { decodeShim } from '../link/ethernet.ts';

const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
const ACKNOWLEDGMENT = 0x0080;
const PPP = 0x880b;
const TRANSPARENT_ETHERNET = 0x6558;
const ERSPAN_1_2 = 0x88be;
const ERSPAN_3 = 0x22eb;
const CISCO_METADATA = 0x8909;
const WCCP = 0x883e;
/** Access points of Aruba number their tunnels from here, and use 0x9000 too. */
const ARUBA_FIRST = 0x8200;
const ARUBA_LAST = 0x82ff;
const ARUBA_OTHER = 0x9000;
const MIN_ETHER_TYPE = 0x0600;
const MAX_ROUTING_ENTRIES = 16;

export function decodeGre(d: Dissection, at: number): Step | null {
  if (!d.need('gre', at, 4)) return null;
  const flags = d.u16(at);
  const protocol = d.u16(at + 2);
  const version = flags & 7;
  if (version > 1) return d.fail('gre', `version ${version} is not known`, at, 4);
  const hasKey = (flags & KEY) !== 0;
  const hasSequence = (flags & SEQUENCE) !== 0;
  const hasChecksum = (flags & (CHECKSUM | ROUTING)) !== 0;
  const hasAcknowledgment = version === 1 && (flags & ACKNOWLEDGMENT) !== 0;
  const fixed = 4 + (hasChecksum ? 4 : 0) + (hasKey ? 4 : 0) + (hasSequence ? 4 : 0) + (hasAcknowledgment ? 4 : 0);
  if (!d.need('gre', at, fixed)) return null;
  const length = (flags & ROUTING) === 0 ? fixed : routedLength(d, at, fixed);
  if (length === null) return d.fail('gre', 'routing entries have no end', at, fixed);
  const keyAt = at + 4 + (hasChecksum ? 4 : 0);
  const key = hasKey ? d.u32(keyAt) : null;
  const sequence = hasSequence ? d.u32(keyAt + (hasKey ? 4 : 0)) : null;
  d.layers.push({ name: 'gre', offset: at, length, version, protocol, key, sequence, checksum: hasChecksum ? d.u16(at + 4) : null });
  // Version 1 is PPTP's: a packet without sequence number only acknowledges.
  if (version === 1) return step(hasSequence && protocol === PPP ? 'ppp' : 'payload', at + length);
  return gre0(d, at + length, protocol, hasSequence);
}

/** RFC 1701: source route entries of a family, an offset and a length, until an empty one. */
function routedLength(d: Dissection, at: number, fixed: number): number | null {
  let length = fixed;
  for (let entry = 0; entry < MAX_ROUTING_ENTRIES; entry++) {
    if (!d.has(at + length, 4)) return null;
    const size = 4 + d.u8(at + length + 3);
    const last = d.u16(at + length) === 0 && size === 4;
    if (!d.has(at + length, size)) return null;
    length += size;
    if (last) return length;
  }
  return null;
}

function gre0(d: Dissection, at: number, protocol: number, hasSequence: boolean): Step | null {
  switch (protocol) {
    case TRANSPARENT_ETHERNET:
      return step('ethernet', at);
    case ERSPAN_1_2:
    case ERSPAN_3:
      return decodeErspan(d, at, protocol, hasSequence);
    case PPP:
      return step('ppp', at);
    case CISCO_METADATA:
      // Inside GRE the EtherType comes first, on Ethernet last.
      return d.need('Cisco MetaData', at, 8) ? decodeShim(d, at, 'Cisco MetaData', 8, 'ethertype', d.u16(at)) : null;
    case WCCP: {
      // Version 2 puts four bytes in front of the packet.
      const redirected = d.has(at, 4) && d.u8(at) >> 4 !== 4;
      return redirected ? decodeShim(d, at, 'WCCP redirect', 4, 'ip') : step('ip', at);
    }
    case ARUBA_OTHER:
      return step('wlan', at);
    default:
      if (protocol >= ARUBA_FIRST && protocol <= ARUBA_LAST) return step('wlan', at);
      return protocol >= MIN_ETHER_TYPE ? step('ethertype', at, protocol) : step('payload', at);
  }
}

/** Type I has no header of its own and no GRE sequence number; a type II or III header says its version. */
function decodeErspan(d: Dissection, at: number, protocol: number, hasSequence: boolean): Step | null {
  if (protocol === ERSPAN_1_2 && !hasSequence) {
    d.layers.push({ name: 'erspan', offset: at, length: 0, type: 1, vlan: null, sessionId: null });
    return step('ethernet', at);
  }
  const type = protocol === ERSPAN_3 ? 3 : 2;
  const fixed = type === 3 ? 12 : 8;
  if (!d.need('erspan', at, fixed)) return null;
  const version = d.u8(at) >> 4;
  if (version !== type - 1) return d.fail('erspan', `version ${version} instead of ${type - 1}`, at, fixed);
  const platform = type === 3 && (d.u8(at + 11) & 1) === 1 ? 8 : 0;
  if (!d.need('erspan', at, fixed + platform)) return null;
  const length = fixed + platform;
  d.layers.push({ name: 'erspan', offset: at, length, type, vlan: d.u16(at) & 0x0fff, sessionId: d.u16(at + 2) & 0x03ff });
  // Type III says what it mirrors: 0 a frame, 2 a packet.
  const content = type === 3 ? (d.u8(at + 10) >> 2) & 0x1f : 0;
  if (content === 2) return step('ip', at + length);
  return step(content === 0 ? 'ethernet' : 'payload', at + length);
}
