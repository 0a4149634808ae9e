/** IEEE 802.2 LLC, and SNAP (RFC 1042), which leads back to an EtherType. */
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import { decodeShim } from './ethernet.ts';

const MIN_ETHER_TYPE = 0x0600;
const IP_SAP = 0x06;
const OUI_BRIDGE_TUNNEL = 0x0000f8;
const OUI_CISCO = 0x00000c;
const OUI_BRIDGED_802_1 = 0x0080c2;

const CONTENT = new Map<number, string>([
  [0x42, 'STP'],
  [0xe0, 'IPX'],
  [0xf0, 'NetBIOS'],
  [0xfe, 'OSI'],
  [IP_SAP, 'IP'],
  [0xff, 'IPX raw'],
]);
const CISCO_CONTENT = new Map<number, string>([
  [0x2000, 'CDP'],
  [0x2003, 'VTP'],
  [0x2004, 'DTP'],
  [0x010b, 'PVST'],
  [0x010c, 'PVST'],
  [0x0111, 'UDLD'],
]);

export function decodeLlc(d: Dissection, at: number): Step | null {
  if (!d.need('llc', at, 3)) return null;
  const dsap = d.u8(at);
  const ssap = d.u8(at + 1);
  const control = d.u8(at + 2);
  // Unnumbered frames have one control byte, the others two.
  const length = (control & 3) === 3 ? 3 : 4;
  if ((dsap & 0xfe) === 0xaa) return decodeSnap(d, at, length);
  const content = CONTENT.get(dsap) ?? 'other';
  d.layers.push({
    name: 'llc',
    offset: at,
    length: Math.min(length, d.available(at)),
    dsap,
    ssap,
    control,
    oui: null,
    protocolId: null,
    content,
  });
  return step(dsap === IP_SAP ? 'ip' : 'payload', at + length);
}

function decodeSnap(d: Dissection, at: number, llcLength: number): Step | null {
  const length = llcLength + 5;
  if (!d.need('llc', at, length)) return null;
  const oui = (d.u8(at + llcLength) << 16) | d.u16(at + llcLength + 1);
  const protocolId = d.u16(at + llcLength + 3);
  const encapsulated = (oui === 0 || oui === OUI_BRIDGE_TUNNEL) && protocolId >= MIN_ETHER_TYPE;
  const content = encapsulated ? 'SNAP' : oui === OUI_CISCO ? (CISCO_CONTENT.get(protocolId) ?? 'Cisco') : 'SNAP other';
  const [dsap, ssap, control] = [d.u8(at), d.u8(at + 1), d.u8(at + 2)];
  d.layers.push({ name: 'llc', offset: at, length, dsap, ssap, control, oui, protocolId, content });
  if (encapsulated) return step('ethertype', at + length, protocolId);
  // Bridged 802.3, with or without its FCS: two bytes of padding, then the frame (RFC 2684, 5.2).
  const bridged = oui === OUI_BRIDGED_802_1 && (protocolId === 1 || protocolId === 7);
  return bridged ? decodeShim(d, at + length, 'Bridged 802.3', 2, 'ethernet') : step('payload', at + length);
}
