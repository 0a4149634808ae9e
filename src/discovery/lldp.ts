/** LLDP (IEEE 802.1AB): a switch names itself and the port towards this link. */
import { Cursor } from '../app/cursor.ts';
import { textOf } from '../app/text.ts';
import type { LldpLayer } from '../packet/link/layers.ts';
import { fromSender, type LinkPacket } from './link-packet.ts';
import { type NameFact, NOTHING_SAID, type PortFact, type Reading, UNREADABLE } from './observation.ts';

const TLV_LIMIT = 64;
const ORGANISATION = 127;
/** Organisation and subtype: port VLAN id (IEEE 802.1Q annex D), model name (ANSI/TIA-1057). */
const PORT_VLAN = 0x0080c201;
const MODEL_NAME = 0x0012bb0a;
const FORWARDS_FRAMES = new Set(['bridge', 'c-vlan', 's-vlan', 'relay']);
const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
const DESCRIPTION_LIMIT = 80;

interface Extension {
  vlan: number | null;
  model: string | null;
}

function extensionOf(frame: Uint8Array, at: number): Extension {
  const extension: Extension = { vlan: null, model: null };
  const cursor = new Cursor(frame, at);
  for (let count = 0; count < TLV_LIMIT && cursor.left >= 2; count++) {
    const head = cursor.u16();
    const content = cursor.part(head & 0x1ff);
    if (head >> 9 === 0) break;
    if (head >> 9 !== ORGANISATION || content.left < 4) continue;
    const kind = content.u32();
    if (kind === PORT_VLAN && content.left >= 2) extension.vlan = content.u16() || null;
    if (kind === MODEL_NAME) extension.model = textOf(content.take(content.left), 32);
  }
  return extension;
}

/** A port whose id is an address is better known by its description. */
function portOf({ portId, portDescription }: LldpLayer): string | null {
  const hasOnlyAddress = portId === null || MAC.test(portId);
  return hasOnlyAddress ? portDescription || portId : portId;
}

function forwards(capabilities: readonly string[]): 'frames' | 'packets' | null {
  if (capabilities.some((capability) => FORWARDS_FRAMES.has(capability))) return 'frames';
  return capabilities.includes('router') ? 'packets' : null;
}

export function readLldp(packet: LinkPacket): Reading {
  const layer = packet.view.layers.findLast(({ name }) => name === 'lldp');
  if (layer?.name !== 'lldp') return UNREADABLE;
  const malformed = packet.view.error !== null || layer.chassisId === null || layer.portId === null;
  // A lifetime of 0 says that it goes away.
  if (layer.chassisId === null || layer.ttl === 0) return { ...NOTHING_SAID, malformed };
  const { vlan, model } = extensionOf(packet.frame, layer.offset);
  const names: NameFact[] = layer.systemName ? [{ name: layer.systemName, source: 'lldp' }] : [];
  const role = forwards(layer.capabilities);
  const portName = portOf(layer);
  // Of a station it is its own interface, which tells nothing about where something is attached.
  const isSwitch = role === 'frames' && portName !== null;
  const port: PortFact | null = isSwitch ? { switch: layer.systemName || layer.chassisId, port: portName, vlan } : null;
  const os = layer.systemDescription?.split(/[\r\n]/)[0].slice(0, DESCRIPTION_LIMIT) || null;
  // Management addresses may be of another interface, but they are the device's.
  const addresses = layer.managementAddresses.filter((address) => address.includes('.') || address.includes(':'));
  return { observations: [fromSender(packet, { names, addresses, model, os, port, forwards: role })], malformed };
}
