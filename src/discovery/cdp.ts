/** Cisco Discovery Protocol: version, lifetime, checksum, then fields of type, length (with both) and value. */
import { ipText } from '../app/address-text.ts';
import { Cursor } from '../app/cursor.ts';
import { textOf } from '../app/text.ts';
import { fromSender, type LinkPacket } from './link-packet.ts';
import { type NameFact, NOTHING_SAID, type PortFact, type Reading, UNREADABLE } from './observation.ts';

const HEADER_LENGTH = 4;
const FIELD_LIMIT = 64;
const ADDRESS_LIMIT = 16;
const DEVICE_ID = 1;
const ADDRESSES = 2;
const PORT_ID = 3;
const CAPABILITIES = 4;
const VERSION = 5;
const PLATFORM = 6;
const NATIVE_VLAN = 10;
const MANAGEMENT_ADDRESSES = 22;
const ROUTER = 0x01;
/** Transparent and source-route bridge, switch. */
const FORWARDS_FRAMES = 0x02 | 0x04 | 0x08;

interface Fields {
  device: string | null;
  port: string | null;
  capabilities: number;
  version: string | null;
  platform: string | null;
  vlan: number | null;
  addresses: string[];
}

/** A count, then protocol type, its length, the protocol, length and address each. */
function addressesIn(content: Cursor): string[] {
  const addresses: string[] = [];
  for (let count = Math.min(content.u32(), ADDRESS_LIMIT); count > 0 && content.left > 0; count--) {
    content.skip(1);
    content.skip(content.u8());
    const text = ipText(content.take(content.u16()));
    if (text !== null) addresses.push(text);
  }
  return addresses;
}

function takeField(fields: Fields, type: number, content: Cursor): void {
  const text = () => textOf(content.take(content.left), 255);
  if (type === DEVICE_ID) fields.device = text();
  else if (type === PORT_ID) fields.port = text();
  else if (type === CAPABILITIES) fields.capabilities = content.u32();
  else if (type === VERSION) fields.version = text();
  else if (type === PLATFORM) fields.platform = text();
  else if (type === NATIVE_VLAN) fields.vlan = content.u16() || null;
  else if (type === ADDRESSES || type === MANAGEMENT_ADDRESSES) fields.addresses.push(...addressesIn(content));
}

function factsOf(packet: LinkPacket, fields: Fields, malformed: boolean): Reading {
  const { device, platform, vlan, capabilities } = fields;
  const names: NameFact[] = device ? [{ name: device, source: 'cdp' }] : [];
  const isSwitch = (capabilities & FORWARDS_FRAMES) !== 0;
  const port: PortFact | null = isSwitch && device && fields.port ? { switch: device, port: fields.port, vlan } : null;
  const forwards = isSwitch ? 'frames' : (capabilities & ROUTER) !== 0 ? 'packets' : null;
  // The first clause names the system, the others its build.
  const os = fields.version?.split(/[,?\r\n]/)[0] || null;
  return { observations: [fromSender(packet, { names, addresses: fields.addresses, model: platform, os, port, forwards })], malformed };
}

export function readCdp(packet: LinkPacket): Reading {
  const layer = packet.view.layers.at(-1);
  if (layer?.name !== 'llc' || layer.content !== 'CDP') return UNREADABLE;
  const { offset, length: wanted, capturedLength } = packet.view.payload;
  const cursor = new Cursor(packet.frame, offset, offset + capturedLength);
  const version = cursor.u8();
  const lifetime = cursor.u8();
  if (cursor.left < 2 || version === 0 || version > 2) return UNREADABLE;
  cursor.skip(HEADER_LENGTH - 2);
  const fields: Fields = { device: null, port: null, capabilities: 0, version: null, platform: null, vlan: null, addresses: [] };
  let malformed = false;
  for (let count = 0; cursor.left >= 4 && count < FIELD_LIMIT; count++) {
    const type = cursor.u16();
    const length = cursor.u16();
    if (length < 4) return factsOf(packet, fields, true);
    const content = cursor.part(length - 4);
    takeField(fields, type, content);
    malformed ||= content.overrun || cursor.overrun;
  }
  malformed ||= cursor.left > 0 || capturedLength < wanted;
  return lifetime === 0 ? NOTHING_SAID : factsOf(packet, fields, malformed);
}
