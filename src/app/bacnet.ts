/** BACnet/IP: ANSI/ASHRAE 135 annex J (virtual link), clause 6 (network layer), clause 20 (application layer). */
import { CountedSession } from './counted-session.ts';
import { addDetail } from './detail.ts';
import { type DatagramDissector, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';

const DATAGRAM_LIMIT = 16;
const LINK_BACNET_IP = 0x81;
const FORWARDED = 4;
const HEADER_LENGTH = 4;

/** Virtual link functions, and the lengths of those without a network message: [least, entry]. */
const functions = [
  'result',
  'write_broadcast_table',
  'read_broadcast_table',
  'read_broadcast_table_ack',
  'forwarded',
  'register_foreign_device',
  'read_foreign_table',
  'read_foreign_table_ack',
  'delete_foreign_entry',
  'distribute_broadcast',
  'unicast',
  'broadcast',
  'secure',
];
const lengths: Readonly<Record<number, readonly [number, number]>> = {
  0: [6, 0],
  1: [4, 10],
  2: [4, 0],
  3: [4, 10],
  5: [6, 0],
  6: [4, 0],
  7: [4, 10],
  8: [10, 0],
};

const pduTypes = ['confirmed_request', 'unconfirmed_request', 'simple_ack', 'complex_ack', 'segment_ack', 'error', 'reject', 'abort'];
const confirmed: Readonly<Record<number, string>> = {
  5: 'subscribe_cov',
  6: 'atomic_read_file',
  7: 'atomic_write_file',
  10: 'create_object',
  11: 'delete_object',
  12: 'read_property',
  14: 'read_property_multiple',
  15: 'write_property',
  16: 'write_property_multiple',
  17: 'device_communication_control',
  20: 'reinitialize_device',
  26: 'read_range',
};
const unconfirmed = [
  'i_am',
  'i_have',
  'cov_notification',
  'event_notification',
  'private_transfer',
  'text_message',
  'time_synchronization',
  'who_has',
  'who_is',
  'utc_time_synchronization',
  'write_group',
];

const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];

/** Offset of the application message: 0 when there is none (network layer or virtual link only), -1 when the datagram is no BACnet. */
function applicationAt(bytes: Uint8Array): number {
  if (bytes.length < HEADER_LENGTH || bytes[0] !== LINK_BACNET_IP || bytes[1] >= functions.length || u16(bytes, 2) !== bytes.length)
    return -1;
  const shape = lengths[bytes[1]];
  if (shape !== undefined) {
    const rest = bytes.length - shape[0];
    return rest === 0 || (rest > 0 && shape[1] > 0 && rest % shape[1] === 0) ? 0 : -1;
  }
  if (bytes[1] === 12) return 0;
  return networkLayer(bytes, HEADER_LENGTH + (bytes[1] === FORWARDED ? 6 : 0));
}

/** Version 1, control bits with two reserved ones, then addresses as the control says. */
function networkLayer(bytes: Uint8Array, at: number): number {
  if (at + 2 > bytes.length || bytes[at] !== 1 || (bytes[at + 1] & 0x50) !== 0) return -1;
  const control = bytes[at + 1];
  let next = at + 2;
  if ((control & 0x20) !== 0) next += 3 + (bytes[next + 2] ?? 255);
  if ((control & 0x08) !== 0) next += 3 + (bytes[next + 2] ?? 255);
  if ((control & 0x20) !== 0) next++;
  if (next >= bytes.length) return -1;
  if ((control & 0x80) !== 0) return 0;
  return bytes[next] >> 4 < pduTypes.length ? next : -1;
}

/** Service of the message at `at`, when it has one. */
function serviceOf(bytes: Uint8Array, at: number): string | null {
  const type = bytes[at] >> 4;
  if (type === 1) return at + 1 < bytes.length ? (unconfirmed[bytes[at + 1]] ?? `unconfirmed${bytes[at + 1]}`) : null;
  // Behind the flags: limits and id of a request, id of an answer, each with two more bytes in segments.
  const offset = type === 0 ? 3 : type === 2 || type === 5 ? 2 : type === 3 ? 2 : 0;
  if (offset === 0) return null;
  const segmented = (type === 0 || type === 3) && (bytes[at] & 8) !== 0 ? 2 : 0;
  const code = bytes[at + offset + segmented];
  return code === undefined ? null : (confirmed[code] ?? `confirmed${code}`);
}

function keep(facts: AppFacts, bytes: Uint8Array): boolean {
  const at = applicationAt(bytes);
  if (at < 0) return false;
  const detail = facts.detail('bacnet');
  addDetail(detail, 'functions', functions[bytes[1]]);
  if (at === 0) return true;
  const type = bytes[at] >> 4;
  addDetail(detail, 'messages', pduTypes[type]);
  const service = serviceOf(bytes, at);
  if (service !== null) addDetail(detail, 'services', service);
  if (type === 5) facts.risks.add('error_code_detected');
  // I-Am begins with the object identifier of the device: tag 0xc4, type 8 in the upper ten bits.
  if (service === 'i_am' && at + 7 <= bytes.length && bytes[at + 2] === 0xc4 && u16(bytes, at + 3) >> 6 === 8) {
    detail.device ??= ((bytes[at + 4] & 0x3f) << 16) | u16(bytes, at + 5);
  }
  return true;
}

export const bacnet: DatagramDissector = {
  transport: 'udp',
  protocol: 'bacnet',
  ports: [47808],
  probe: (datagrams) => (applicationAt(datagrams[datagrams.length - 1].bytes) < 0 ? Verdict.NO : Verdict.YES),
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => keep(facts, bytes)),
};
