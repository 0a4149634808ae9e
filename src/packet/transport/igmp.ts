/** IGMP versions 1 to 3 (RFC 2236, RFC 3376). */
import { ipv4Text } from '../address.ts';
import type { Dissection, Step } from '../dissection.ts';
import { step } from '../dissection.ts';

const TITLES = new Map<number, string>([
  [0x11, 'Membership Query'],
  [0x12, 'Membership Report v1'],
  [0x13, 'DVMRP'],
  [0x14, 'PIMv1'],
  [0x16, 'Membership Report v2'],
  [0x17, 'Leave Group'],
  [0x22, 'Membership Report v3'],
]);
const MAX_RECORDS = 16;
const REPORT_V3 = 0x22;

export function decodeIgmp(d: Dissection, at: number): Step | null {
  if (!d.need('igmp', at, 8)) return null;
  const type = d.u8(at);
  const records: string[] = [];
  if (type === REPORT_V3) {
    let cursor = at + 8;
    while (records.length < Math.min(d.u16(at + 6), MAX_RECORDS) && d.has(cursor, 8)) {
      records.push(ipv4Text(d.slice(cursor + 4, 4)));
      cursor += 8 + d.u16(cursor + 2) * 4 + d.u8(cursor + 1) * 4;
    }
  }
  d.layers.push({
    name: 'igmp',
    offset: at,
    length: 8,
    type,
    title: TITLES.get(type) ?? `Type 0x${type.toString(16)}`,
    maxResponse: d.u8(at + 1),
    checksum: d.u16(at + 2),
    group: type === REPORT_V3 ? null : ipv4Text(d.slice(at + 4, 4)),
    records,
  });
  return step('payload', at + 8);
}
