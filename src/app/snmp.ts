/** SNMP: RFC 1157 (v1), RFC 3416 (v2c), RFC 3412 and RFC 3414 (v3). The community is a password: it is never kept. */

import { BER_OCTET_STRING, BER_OID, BER_SEQUENCE, expectElement, nextBytes, nextElement, nextInteger, oidText } from './ber.ts';
import { CountedSession } from './counted-session.ts';
import { Cursor } from './cursor.ts';
import { addDetail } from './detail.ts';
import { CLIENT, type DatagramDissector, SERVER, type Side, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { hexOf, textOf } from './text.ts';

const OID_LIMIT = 8;
const DATAGRAM_LIMIT = 16;
const VERSION_3 = 3;

const pdus = ['get', 'get_next', 'response', 'set', 'trap', 'get_bulk', 'inform', 'trap', 'report'];
const PDU_FIRST = 0xa0;
const PDU_TRAP_V1 = 0xa4;
const PDU_RESPONSE = 0xa2;
const PDU_REPORT = 0xa8;
const levels = ['none', 'auth', 'reserved', 'auth_priv'];

interface Pdu {
  tag: number;
  error: number;
  oids: string[];
}

interface SnmpMessage {
  version: number;
  pdu: Pdu | null;
  user: string | null;
  engine: string | null;
  level: string | null;
}

/** Bindings of names to values; a datagram of a whole walk has more than are kept. */
function bindings(cursor: Cursor | null): string[] {
  const oids: string[] = [];
  if (cursor === null) return oids;
  while (cursor.left > 0 && oids.length < OID_LIMIT) {
    const binding = expectElement(cursor, BER_SEQUENCE);
    const oid = binding === null ? null : nextBytes(binding, BER_OID);
    if (oid === null) break;
    oids.push(oidText(oid));
  }
  return oids;
}

function pduOf(cursor: Cursor): Pdu | null {
  const element = nextElement(cursor);
  if (element === null || element.tag < PDU_FIRST || element.tag > PDU_REPORT) return null;
  const { tag, content } = element;
  if (tag === PDU_TRAP_V1) {
    // enterprise, agent address, generic and specific number, time stamp
    const enterprise = nextBytes(content, BER_OID);
    if (enterprise === null || nextElement(content) === null || nextInteger(content) === null || nextInteger(content) === null) return null;
    nextElement(content);
    return { tag, error: 0, oids: [oidText(enterprise), ...bindings(expectElement(content, BER_SEQUENCE))].slice(0, OID_LIMIT) };
  }
  const id = nextInteger(content);
  const error = nextInteger(content);
  const index = nextInteger(content);
  const list = expectElement(content, BER_SEQUENCE);
  // A broken list of bindings is still one.
  if (id === null || error === null || index === null || (list === null && content.bytes[content.at] !== BER_SEQUENCE)) return null;
  return { tag, error: tag === PDU_RESPONSE || tag === PDU_REPORT ? error : 0, oids: bindings(list) };
}

function version3(cursor: Cursor): SnmpMessage | null {
  const header = expectElement(cursor, BER_SEQUENCE);
  const security = nextBytes(cursor);
  if (header === null || security === null) return null;
  const id = nextInteger(header);
  const size = nextInteger(header);
  const flags = nextBytes(header);
  const model = nextInteger(header);
  if (id === null || size === null || size < 484 || model === null || model < 1 || model > 3 || flags?.length !== 1 || header.left > 0)
    return null;
  const message: SnmpMessage = { version: VERSION_3, pdu: null, user: null, engine: null, level: levels[flags[0] & 3] };
  const user = expectElement(new Cursor(security), BER_SEQUENCE);
  if (user !== null) {
    const engine = nextBytes(user);
    nextInteger(user);
    nextInteger(user);
    const name = nextBytes(user);
    if (engine !== null && engine.length > 0) message.engine = hexOf(engine, 32);
    if (name !== null && name.length > 0) message.user = textOf(name, 64);
  }
  // In clear: engine, context, PDU. Else ciphertext.
  const scoped = expectElement(cursor, BER_SEQUENCE);
  if (scoped === null) return expectElement(cursor, BER_OCTET_STRING) === null && user !== null ? null : message;
  nextElement(scoped);
  nextElement(scoped);
  message.pdu = pduOf(scoped);
  return message;
}

/** The message that a datagram is; null when it is none. */
function messageOf(bytes: Uint8Array): SnmpMessage | null {
  const outer = new Cursor(bytes);
  const cursor = expectElement(outer, BER_SEQUENCE);
  if (cursor === null || outer.left > 0) return null;
  const version = nextInteger(cursor);
  if (version === VERSION_3) return version3(cursor);
  if ((version !== 0 && version !== 1) || nextBytes(cursor) === null) return null;
  const pdu = pduOf(cursor);
  return pdu === null ? null : { version, pdu, user: null, engine: null, level: null };
}

/** Who sends such a message: agents answer, and send traps on their own. */
function senderOf({ pdu }: SnmpMessage): Side | null {
  if (pdu === null) return null;
  return pdu.tag === PDU_RESPONSE || pdu.tag === PDU_REPORT ? SERVER : CLIENT;
}

function keep(facts: AppFacts, { version, pdu, user, engine, level }: SnmpMessage): void {
  const detail = facts.detail('snmp');
  detail.version ??= ['1', '2c', '', '3'][version];
  if (user !== null) detail.user ??= user;
  if (engine !== null) detail.engine_id ??= engine;
  if (level !== null) detail.security ??= level;
  if (pdu === null) return;
  const name = pdus[pdu.tag - PDU_FIRST];
  addDetail(detail, 'operations', name);
  if (detail.oids === undefined && pdu.oids.length > 0) detail.oids = pdu.oids;
  if (pdu.error === 0) return;
  detail.error ??= pdu.error;
  facts.risks.add('error_code_detected');
}

/** One datagram; false when it is no message. */
function readDatagram(facts: AppFacts, bytes: Uint8Array): boolean {
  const message = messageOf(bytes);
  if (message !== null) keep(facts, message);
  return message !== null;
}

export const snmp: DatagramDissector = {
  transport: 'udp',
  protocol: 'snmp',
  ports: [161, 162],
  probe(datagrams) {
    const { bytes, side } = datagrams[datagrams.length - 1];
    const message = messageOf(bytes);
    if (message === null) return Verdict.NO;
    return (senderOf(message) ?? side) === side ? Verdict.YES : Verdict.NO;
  },
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => readDatagram(facts, bytes)),
};
