/** SMB 2 and 3 (MS-SMB2 section 2.2): what one message, compounds included, says. The caller has checked the magic. */
import { Cursor } from './cursor.ts';
import type { DetailValue } from './facts.ts';
import { pushUnique } from './framed-session.ts';
import { addNtlm, readNtlm } from './ntlm.ts';
import { MAX_FILES, MAX_TREES, type SmbNames } from './smb1.ts';
import { utf16Of } from './utf16.ts';

export const SMB2_HEADER_BYTES = 64;
const NEGOTIATE = 0;
const SESSION_SETUP = 1;
const TREE_CONNECT = 3;
const CREATE = 5;
const FLAG_REPLY = 1;
const MAX_COMPOUNDED = 16;

const DIALECTS: Readonly<Record<number, string>> = { 514: '2.0.2', 528: '2.1', 768: '3.0', 770: '3.0.2', 785: '3.1.1' };
/** The server asks for a second negotiation: no dialect yet. */
const WILDCARD = 0x02ff;

/** The bytes that an (offset, length) pair of 16 bits at `at` points to; offsets count from the header. */
function buffer(message: Uint8Array, at: number): Uint8Array {
  const cursor = new Cursor(message, at);
  const offset = cursor.u16le();
  const length = cursor.u16le();
  if (cursor.overrun || offset < SMB2_HEADER_BYTES || offset >= message.length) return new Uint8Array(0);
  return message.subarray(offset, offset + length);
}

function readOne(message: Uint8Array, section: Record<string, DetailValue>, names: SmbNames): void {
  const command = new Cursor(message, 12).u16le();
  const reply = (new Cursor(message, 16).u32le() & FLAG_REPLY) !== 0;
  const body = SMB2_HEADER_BYTES;
  if (command === NEGOTIATE && reply) {
    const dialect = new Cursor(message, body + 4).u16le();
    const name = DIALECTS[dialect];
    if (name !== undefined) section.dialect = name;
    else if (dialect !== WILDCARD && dialect !== 0) section.dialect = `0x${dialect.toString(16)}`;
  } else if (command === SESSION_SETUP) {
    const ntlm = readNtlm(buffer(message, body + (reply ? 4 : 12)));
    if (ntlm !== null) addNtlm(ntlm, section);
  } else if (command === TREE_CONNECT && !reply) {
    pushUnique(names.trees, utf16Of(buffer(message, body + 4)), MAX_TREES);
  } else if (command === CREATE && !reply) {
    pushUnique(names.files, utf16Of(buffer(message, body + 44)), MAX_FILES);
  }
}

export function readSmb2(message: Uint8Array, section: Record<string, DetailValue>, names: SmbNames): void {
  let at = 0;
  for (let i = 0; i < MAX_COMPOUNDED; i++) {
    const one = message.subarray(at);
    const next = new Cursor(one, 20).u32le();
    readOne(one, section, names);
    if (next < SMB2_HEADER_BYTES || next >= one.length) return;
    at += next;
  }
}
