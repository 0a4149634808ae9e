/** LLDP (IEEE 802.1AB): the mandatory TLVs and the ones that name the system. */
import { hexText, ipv4Text, ipv6Text, macText } from '../address.ts';
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';
import type { LldpLayer } from './layers.ts';

const MAX_TLVS = 64;
const CAPABILITIES = ['other', 'repeater', 'bridge', 'wlan-ap', 'router', 'telephone', 'docsis', 'station', 'c-vlan', 's-vlan', 'relay'];

type Draft = { -readonly [Key in keyof LldpLayer]: LldpLayer[Key] };

export function decodeLldp(d: Dissection, at: number): Step | null {
  const draft: Draft = {
    name: 'lldp',
    offset: at,
    length: 0,
    chassisId: null,
    portId: null,
    ttl: null,
    portDescription: null,
    systemName: null,
    systemDescription: null,
    capabilities: [],
    managementAddresses: [],
  };
  let cursor = at;
  for (let count = 0; count < MAX_TLVS; count++) {
    if (!d.need('lldp', cursor, 2)) break;
    const head = d.u16(cursor);
    const type = head >> 9;
    const length = head & 0x1ff;
    if (!d.need('lldp', cursor + 2, length)) break;
    takeTlv(draft, type, d.slice(cursor + 2, length));
    cursor += 2 + length;
    if (type === 0) break;
  }
  draft.length = cursor - at;
  d.layers.push(draft);
  return d.error === null ? step('payload', cursor) : null;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Network address: one byte of IANA address family, then the address. */
function networkAddress(bytes: Uint8Array): string {
  if (bytes[0] === 1 && bytes.length === 5) return ipv4Text(bytes.subarray(1));
  if (bytes[0] === 2 && bytes.length === 17) return ipv6Text(bytes.subarray(1));
  return hexText(bytes);
}

/** Chassis and port ids: the subtype says how to read them; 4 and 5, 3 and 4 differ between the two. */
function identifier(bytes: Uint8Array, macSubtype: number, addressSubtype: number): string | null {
  if (bytes.length < 2) return null;
  const value = bytes.subarray(1);
  if (bytes[0] === macSubtype) return macText(value);
  return bytes[0] === addressSubtype ? networkAddress(value) : text(value);
}

function takeTlv(draft: Draft, type: number, value: Uint8Array): void {
  if (type === 1) draft.chassisId = identifier(value, 4, 5);
  else if (type === 2) draft.portId = identifier(value, 3, 4);
  else if (type === 3 && value.length >= 2) draft.ttl = ((value[0] ?? 0) << 8) | (value[1] ?? 0);
  else if (type === 4) draft.portDescription = text(value);
  else if (type === 5) draft.systemName = text(value);
  else if (type === 6) draft.systemDescription = text(value);
  else if (type === 7 && value.length >= 4) {
    const enabled = ((value[2] ?? 0) << 8) | (value[3] ?? 0);
    draft.capabilities = CAPABILITIES.filter((_, bit) => (enabled & (1 << bit)) !== 0);
  } else if (type === 8 && value.length >= 2) {
    const length = value[0] ?? 0;
    if (length >= 2 && length < value.length) draft.managementAddresses.push(networkAddress(value.subarray(1, 1 + length)));
  }
}
