/** Hot standby router protocol: RFC 2281 (version 1), Cisco's version 2 of groups of 12 bits and IPv6. */
import { ipv4Text, ipv6Text, macText } from './address-text.ts';
import { CountedSession } from './counted-session.ts';
import { addDetail } from './detail.ts';
import { type DatagramDissector, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';

const DATAGRAM_LIMIT = 16;
const V1_LENGTH = 20;
/** Digest extension behind the message. */
const V1_DIGEST = 30;
const ADVERTISE = 3;
const GROUP_STATE = 1;
const GROUP_LENGTH = 40;
const INTERFACE_STATE = 2;

const operations = ['hello', 'coup', 'resign', 'advertise'];
const v1States: Readonly<Record<number, string>> = { 0: 'initial', 1: 'learn', 2: 'listen', 4: 'speak', 8: 'standby', 16: 'active' };
const v2States = ['disabled', 'initial', 'learn', 'listen', 'speak', 'standby', 'active'];

/** The authentication field: `cisco` by default, text or nothing. */
function isText(bytes: Uint8Array, from: number, to: number): boolean {
  let ended = false;
  for (let i = from; i < to; i++) {
    if (bytes[i] === 0) ended = true;
    else if (ended || bytes[i] < 0x20 || bytes[i] > 0x7e) return false;
  }
  return true;
}

function isVersion1(bytes: Uint8Array): boolean {
  if (bytes.length < 16 || bytes[0] !== 0) return false;
  if (bytes[1] === ADVERTISE) {
    // Interface state: type 1, length 10 or 14, state, reserved, active and passive groups, reserved.
    const length = (bytes[4] << 8) | bytes[5];
    return bytes[2] === 0 && bytes[3] === 1 && (length === 10 || length === 14) && bytes.length === 16 && bytes[6] <= 3 && bytes[7] === 0;
  }
  if (bytes.length !== V1_LENGTH && bytes.length !== V1_LENGTH + V1_DIGEST) return false;
  return (
    bytes[1] < ADVERTISE &&
    v1States[bytes[2]] !== undefined &&
    bytes[3] > 0 &&
    bytes[4] >= bytes[3] &&
    bytes[7] === 0 &&
    isText(bytes, 8, 16)
  );
}

function isVersion2(bytes: Uint8Array): boolean {
  if (bytes.length < 2 + GROUP_LENGTH || bytes[0] !== GROUP_STATE || bytes[1] !== GROUP_LENGTH) return false;
  if (bytes[2] !== 2 || bytes[3] > 2 || bytes[4] === 0 || bytes[4] >= v2States.length || (bytes[5] !== 4 && bytes[5] !== 6)) return false;
  let at = 0;
  for (let count = 0; at + 2 <= bytes.length && count < 8; count++) at += 2 + bytes[at + 1];
  return at === bytes.length && ((bytes[6] << 8) | bytes[7]) < 4096;
}

/** Version 2 as well: groups in a state, as six bytes that prove nothing alone. */
function isInterfaceState(bytes: Uint8Array): boolean {
  return bytes.length === 6 && bytes[0] === INTERFACE_STATE && bytes[1] === 4;
}

function keep(facts: AppFacts, bytes: Uint8Array): boolean {
  const detail = facts.detail('hsrp');
  if (isVersion1(bytes)) {
    detail.version ??= 1;
    addDetail(detail, 'operations', operations[bytes[1]]);
    if (bytes[1] === ADVERTISE) return true;
    detail.state = v1States[bytes[2]];
    detail.priority ??= bytes[5];
    detail.group ??= bytes[6];
    detail.virtual_address ??= ipv4Text(bytes, 16);
    return true;
  }
  if (!isVersion2(bytes)) return false;
  detail.version ??= 2;
  addDetail(detail, 'operations', operations[bytes[3]]);
  detail.state = v2States[bytes[4]];
  detail.group ??= (bytes[6] << 8) | bytes[7];
  detail.router ??= macText(bytes, 8);
  detail.priority ??= ((bytes[14] << 24) | (bytes[15] << 16) | (bytes[16] << 8) | bytes[17]) >>> 0;
  detail.virtual_address ??= bytes[5] === 4 ? ipv4Text(bytes, 26) : ipv6Text(bytes, 26);
  return true;
}

export const hsrp: DatagramDissector = {
  transport: 'udp',
  protocol: 'hsrp',
  ports: [1985, 2029],
  probe(datagrams) {
    const { bytes } = datagrams[datagrams.length - 1];
    if (isVersion1(bytes) || isVersion2(bytes)) return Verdict.YES;
    return isInterfaceState(bytes) ? Verdict.MORE : Verdict.NO;
  },
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => keep(facts, bytes)),
};
