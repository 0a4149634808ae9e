/** Precision time protocol over UDP: IEEE 1588-2002 (v1), IEEE 1588-2008 and -2019 (v2) clause 13. */
import { CountedSession } from './counted-session.ts';
import { addDetail } from './detail.ts';
import { type DatagramDissector, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { hexOf, textOf } from './text.ts';

const DATAGRAM_LIMIT = 16;

/** Version 2, by message type: [name, least length, control field of version 1 that it repeats]. */
const types: Readonly<Record<number, readonly [string, number, number]>> = {
  0: ['sync', 44, 0],
  1: ['delay_req', 44, 1],
  2: ['pdelay_req', 54, 5],
  3: ['pdelay_resp', 54, 5],
  8: ['follow_up', 44, 2],
  9: ['delay_resp', 54, 3],
  10: ['pdelay_resp_follow_up', 54, 5],
  11: ['announce', 64, 5],
  12: ['signaling', 44, 5],
  13: ['management', 48, 4],
};

const V1_HEADER = 40;
const v1Controls = ['sync', 'delay_req', 'follow_up', 'delay_resp', 'management'];

const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];

function isVersion2(bytes: Uint8Array): boolean {
  if (bytes.length < 44 || (bytes[1] & 15) !== 2) return false;
  const type = types[bytes[0] & 15];
  const length = u16(bytes, 2);
  // Over IPv6 two bytes follow that checksums may be corrected in.
  if (type === undefined || length < type[1] || (bytes.length !== length && bytes.length !== length + 2)) return false;
  // Without extensions a message has exactly its length; the control field is 0 in newer clocks.
  return (bytes[32] === type[2] || bytes[32] === 0) && (bytes[0] >> 4 <= 1 || bytes[0] >> 4 === 2) && isPlausible(bytes, length, type[1]);
}

/** What follows the fixed part are extensions with a type and a length, until exactly the end. */
function isPlausible(bytes: Uint8Array, length: number, fixed: number): boolean {
  let at = fixed;
  for (let count = 0; at + 4 <= length && count < 32; count++) at += 4 + u16(bytes, at + 2);
  return at === length;
}

function isVersion1(bytes: Uint8Array): boolean {
  if (bytes.length < V1_HEADER + 4 || u16(bytes, 0) !== 1 || u16(bytes, 2) !== 1) return false;
  if ((bytes[20] !== 1 && bytes[20] !== 2) || bytes[32] >= v1Controls.length) return false;
  // The subdomain is a text padded with zeros: `_DFLT` where nobody changed it.
  let text = 0;
  while (text < 16 && bytes[4 + text] > 0x20 && bytes[4 + text] < 0x7f) text++;
  for (let i = text; i < 16; i++) if (bytes[4 + i] !== 0) return false;
  return text > 0;
}

function keep(facts: AppFacts, bytes: Uint8Array): boolean {
  const detail = facts.detail('ptpv2');
  if (isVersion2(bytes)) {
    detail.version ??= 2;
    detail.domain ??= bytes[4];
    addDetail(detail, 'messages', types[bytes[0] & 15][0]);
    detail.clock ??= hexOf(bytes.subarray(20, 28));
    if ((bytes[0] & 15) === 11) detail.grandmaster ??= hexOf(bytes.subarray(53, 61));
    return true;
  }
  if (!isVersion1(bytes)) return false;
  detail.version ??= 1;
  detail.subdomain ??= textOf(bytes.subarray(4, 20)).replaceAll('?', '');
  addDetail(detail, 'messages', v1Controls[bytes[32]]);
  detail.clock ??= hexOf(bytes.subarray(22, 28));
  return true;
}

export const ptp: DatagramDissector = {
  transport: 'udp',
  protocol: 'ptpv2',
  ports: [319, 320],
  probe(datagrams) {
    const { bytes } = datagrams[datagrams.length - 1];
    return isVersion2(bytes) || isVersion1(bytes) ? Verdict.YES : Verdict.NO;
  },
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => keep(facts, bytes)),
};
