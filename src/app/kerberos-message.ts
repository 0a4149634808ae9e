/** Kerberos messages: RFC 4120 section 5, in DER. */
import { BER_SEQUENCE, expectElement, nextElement, nextInteger } from './ber.ts';
import { Cursor } from './cursor.ts';
import { textOf } from './text.ts';

export interface KerberosMessage {
  /** 10 AS-REQ … 30 KRB-ERROR. */
  type: number;
  realm: string | null;
  client: string | null;
  server: string | null;
  /** Encryption types that were asked for, or the one that a ticket came with. */
  etypes: number[];
  error: number | null;
}

const APPLICATION = 0x60;
const CONTEXT = 0xa0;
const GENERAL_STRING = 0x1b;
const NAME_PARTS = 8;
const ETYPE_LIMIT = 16;

const messageTypes: Readonly<Record<number, string>> = {
  10: 'AS-REQ',
  11: 'AS-REP',
  12: 'TGS-REQ',
  13: 'TGS-REP',
  14: 'AP-REQ',
  15: 'AP-REP',
  20: 'KRB-SAFE',
  21: 'KRB-PRIV',
  22: 'KRB-CRED',
  30: 'KRB-ERROR',
};

export function messageName(type: number): string {
  return messageTypes[type] ?? `type${type}`;
}

function stringOf(cursor: Cursor): string | null {
  const element = nextElement(cursor);
  if (element === null || element.tag !== GENERAL_STRING) return null;
  const { bytes, at, end } = element.content;
  return textOf(bytes.subarray(at, end), 255);
}

/** PrincipalName: a type, and the parts of the name. */
function principal(cursor: Cursor): string | null {
  const name = expectElement(cursor, BER_SEQUENCE);
  if (name === null || expectElement(name, CONTEXT) === null) return null;
  const strings = expectElement(name, CONTEXT + 1);
  const list = strings === null ? null : expectElement(strings, BER_SEQUENCE);
  if (list === null) return null;
  const parts: string[] = [];
  while (list.left > 0 && parts.length < NAME_PARTS) {
    const part = stringOf(list);
    if (part === null) break;
    parts.push(part);
  }
  return parts.length === 0 ? null : parts.join('/');
}

function integers(cursor: Cursor): number[] {
  const list = expectElement(cursor, BER_SEQUENCE);
  const out: number[] = [];
  if (list === null) return out;
  while (out.length < ETYPE_LIMIT) {
    const value = nextInteger(list);
    if (value === null) break;
    out.push(value);
  }
  return out;
}

/** Calls `visit` with the number and content of each context tag in a sequence. */
function eachField(cursor: Cursor, visit: (field: number, content: Cursor) => void): void {
  for (let count = 0; count < 24 && cursor.left > 0; count++) {
    const element = nextElement(cursor);
    if (element === null) return;
    if ((element.tag & 0xe0) === CONTEXT) visit(element.tag & 31, element.content);
  }
}

/** Body of AS-REQ and TGS-REQ. */
function requestBody(content: Cursor, message: KerberosMessage): void {
  const body = expectElement(content, BER_SEQUENCE);
  if (body === null) return;
  eachField(body, (field, value) => {
    if (field === 1) message.client ??= principal(value);
    else if (field === 2) message.realm ??= stringOf(value);
    else if (field === 3) message.server ??= principal(value);
    else if (field === 8) message.etypes = integers(value);
  });
}

/** A ticket says for whom it is. */
function ticket(content: Cursor, message: KerberosMessage): void {
  const outer = expectElement(content, APPLICATION + 1);
  const inner = outer === null ? null : expectElement(outer, BER_SEQUENCE);
  if (inner === null) return;
  eachField(inner, (field, value) => {
    if (field === 1) message.realm ??= stringOf(value);
    else if (field === 2) message.server ??= principal(value);
    else if (field === 3) encrypted(value, message);
  });
}

function encrypted(content: Cursor, message: KerberosMessage): void {
  const data = expectElement(content, BER_SEQUENCE);
  const type = data === null ? null : expectElement(data, CONTEXT);
  const etype = type === null ? null : nextInteger(type);
  if (etype !== null && message.etypes.length < ETYPE_LIMIT) message.etypes.push(etype);
}

type FieldReader = (field: number, value: Cursor, message: KerberosMessage) => void;

const readers: Readonly<Record<number, FieldReader>> = {
  10: (field, value, message) => field === 4 && requestBody(value, message),
  12: (field, value, message) => field === 4 && requestBody(value, message),
  11: (field, value, message) => reply(field, value, message),
  13: (field, value, message) => reply(field, value, message),
  14: (field, value, message) => field === 3 && ticket(value, message),
  30: (field, value, message) => failure(field, value, message),
};

function reply(field: number, value: Cursor, message: KerberosMessage): void {
  if (field === 3) message.realm ??= stringOf(value);
  else if (field === 4) message.client ??= principal(value);
  else if (field === 5) ticket(value, message);
}

function failure(field: number, value: Cursor, message: KerberosMessage): void {
  if (field === 6) message.error = nextInteger(value);
  else if (field === 8) message.client ??= principal(value);
  else if (field === 9) message.realm ??= stringOf(value);
  else if (field === 10) message.server ??= principal(value);
}

/** Offset of the version field within the sequence: requests number their fields from 1. */
const firstField = (type: number) => (type === 10 || type === 12 ? 1 : 0);

/**
 * True when a message starts at `at`: application tag, sequence, protocol version 5, and a message type that repeats the
 * tag. Undefined when the bytes end before all of that is there.
 */
export function isKerberosStart(bytes: Uint8Array, at: number, end: number): boolean | undefined {
  if (at >= end) return undefined;
  const type = bytes[at] & 31;
  if ((bytes[at] & 0xe0) !== APPLICATION || messageTypes[type] === undefined) return false;
  // Two lengths of at most 5 bytes, tags, and two short fields.
  let offset = at + 1;
  for (let level = 0; level < 2; level++) {
    if (offset >= end) return undefined;
    const length = bytes[offset];
    if (length > 0x84 || length === 0x80) return false;
    offset += 1 + (length > 0x80 ? length - 0x80 : 0);
    if (level === 0 && offset < end && bytes[offset++] !== BER_SEQUENCE) return false;
  }
  const field = CONTEXT + firstField(type);
  const expected = [field, 3, 2, 1, 5, field + 1, 3, 2, 1, type];
  for (let i = 0; i < expected.length; i++) {
    if (offset + i >= end) return undefined;
    if (bytes[offset + i] !== expected[i]) return false;
  }
  return true;
}

/** Reads the message in [at, end), as far as it is there; null when it is none. */
export function kerberosMessageOf(bytes: Uint8Array, at: number, end: number): KerberosMessage | null {
  if (isKerberosStart(bytes, at, end) !== true) return null;
  const message: KerberosMessage = { type: bytes[at] & 31, realm: null, client: null, server: null, etypes: [], error: null };
  const outer = nextElement(new Cursor(bytes, at, end));
  const fields = outer === null ? null : expectElement(outer.content, BER_SEQUENCE);
  const read = readers[message.type];
  if (fields !== null && read !== undefined) eachField(fields, (field, value) => read(field, value, message));
  return message;
}
