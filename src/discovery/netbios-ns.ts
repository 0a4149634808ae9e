/** NetBIOS name service (RFC 1002 section 4.2): names that a node registers, answers for, or lists as its own. */

import { ipv4Text } from '../app/address-text.ts';
import { Cursor } from '../app/cursor.ts';
import { netbiosNameAt, rawNetbiosName, suffixName } from '../app/netbios-name.ts';
import { fromSender, type LinkPacket } from './link-packet.ts';
import { type NameFact, NOTHING_SAID, type Reading, type ServiceFact, UNREADABLE } from './observation.ts';

const HEADER_LENGTH = 12;
const RESPONSE = 0x8000;
const OPCODE_QUERY = 0;
/** Registration, refresh (two codes are in use), registration of a node with several addresses. */
const claims = new Set([5, 8, 9, 15]);
const TYPE_NB = 0x20;
const TYPE_NBSTAT = 0x21;
const GROUP = 0x8000;
const ENTRY_LIMIT = 32;

interface Claim {
  readonly name: string;
  readonly suffix: number;
  readonly group: boolean;
}

interface Record {
  readonly type: number;
  readonly content: Cursor;
}

/** The record behind the name at `at`, which is spelled out or a pointer; null when it does not fit. */
function recordAt(payload: Uint8Array, at: number): Record | null {
  const isPointer = (payload[at] & 0xc0) === 0xc0;
  const next = isPointer ? at + 2 : netbiosNameAt(payload, at, payload.length)?.next;
  if (next === undefined) return null;
  const cursor = new Cursor(payload, next);
  const type = cursor.u16();
  cursor.skip(6);
  const content = cursor.part(cursor.u16());
  return cursor.overrun ? null : { type, content };
}

/** Flags and an address, as often as there is room. */
function addressesIn(content: Cursor): { group: boolean; addresses: string[] } {
  let group = false;
  const addresses: string[] = [];
  while (content.left >= 6 && addresses.length < ENTRY_LIMIT) {
    group ||= (content.u16() & GROUP) !== 0;
    addresses.push(ipv4Text(content.take(4)));
  }
  return { group, addresses };
}

function statusNames(content: Cursor): Claim[] {
  const found: Claim[] = [];
  for (let count = Math.min(content.u8(), ENTRY_LIMIT); count > 0 && content.has(18); count--) {
    const entry = content.take(16);
    found.push({ name: rawNetbiosName(entry, 0), suffix: entry[15], group: (content.u16() & GROUP) !== 0 });
  }
  return found;
}

function readingOf(packet: LinkPacket, found: readonly Claim[], addresses: readonly string[], malformed = false): Reading {
  const names: NameFact[] = [];
  const services: ServiceFact[] = [];
  for (const { name, suffix, group } of found) {
    if (name === '' || name === '*' || name.startsWith('\u0001') || name.startsWith('?')) continue;
    if (suffix === 0) names.push({ name, source: group ? 'netbios_workgroup' : 'netbios' });
    else if (suffix === 0x20 || suffix === 0x1b || suffix === 0x1d) services.push({ name: suffixName(suffix), port: null, protocol: null });
    // The name of a file server is that of its computer.
    if (suffix === 0x20 && !group && found.length === 1) names.push({ name, source: 'netbios' });
  }
  if (names.length === 0 && services.length === 0) return { ...NOTHING_SAID, malformed };
  return { observations: [fromSender(packet, { names, services, addresses })], malformed };
}

export function readNetbiosNs(packet: LinkPacket): Reading {
  const { net, udp } = packet;
  const payload = udp?.payload;
  if (net === null || payload === undefined || payload.length < HEADER_LENGTH) return UNREADABLE;
  const name = netbiosNameAt(payload, HEADER_LENGTH, payload.length);
  if (name === null) return UNREADABLE;
  const header = new Cursor(payload, 2, HEADER_LENGTH);
  const bits = header.u16();
  const opcode = (bits >> 11) & 15;
  if ((bits & RESPONSE) === 0) {
    if (!claims.has(opcode)) return NOTHING_SAID;
    const record = recordAt(payload, name.next + 4);
    if (record === null) return UNREADABLE;
    const { group, addresses } = addressesIn(record.content);
    return readingOf(packet, [{ name: name.name, suffix: name.suffix, group }], group ? [] : addresses);
  }
  if (opcode !== OPCODE_QUERY || (bits & 15) !== 0) return NOTHING_SAID;
  const record = recordAt(payload, HEADER_LENGTH);
  if (record === null) return UNREADABLE;
  if (record.type === TYPE_NBSTAT) return readingOf(packet, statusNames(record.content), [], record.content.overrun);
  if (record.type !== TYPE_NB) return NOTHING_SAID;
  const { group, addresses } = addressesIn(record.content);
  // A name server answers for others.
  if (!addresses.includes(net.source)) return NOTHING_SAID;
  return readingOf(packet, [{ name: name.name, suffix: name.suffix, group }], group ? [] : addresses);
}
