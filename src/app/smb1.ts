/** SMB 1 (MS-CIFS section 2.2, MS-SMB): what one message says. The caller has checked the magic. */
import { Cursor } from './cursor.ts';
import type { DetailValue } from './facts.ts';
import { pushUnique } from './framed-session.ts';
import { addNtlm, readNtlm } from './ntlm.ts';
import { textOf } from './text.ts';
import { utf16Of } from './utf16.ts';

export const SMB1_HEADER_BYTES = 32;
export const SMB1_NEGOTIATE = 0x72;
const SESSION_SETUP = 0x73;
const TREE_CONNECT_ANDX = 0x75;
const TREE_CONNECT = 0x70;
const NT_CREATE = 0xa2;
const OPEN_ANDX = 0x2d;
const NO_MORE_COMMANDS = 0xff;
const FLAG_REPLY = 0x80;
const FLAG2_UNICODE = 0x8000;
const FLAG2_EXTENDED_SECURITY = 0x0800;
const MAX_CHAINED = 4;
const MAX_DIALECTS = 16;
export const MAX_TREES = 8;
export const MAX_FILES = 16;

export interface SmbNames {
  trees: string[];
  files: string[];
}

export interface Smb1Message {
  command: number;
  reply: boolean;
  /** Dialects of a negotiate request. */
  dialects: string[];
  /** Index of the dialect that the server chose, -1 when this is not its answer. */
  chosen: number;
}

class Strings {
  readonly #cursor: Cursor;
  readonly #unicode: boolean;
  readonly #start: number;

  constructor(cursor: Cursor, unicode: boolean, messageStart: number) {
    this.#cursor = cursor;
    this.#unicode = unicode;
    this.#start = messageStart;
  }

  /** A string up to its terminator, or up to the end of the block. UTF-16 is aligned to the start of the message. */
  next(): string {
    const cursor = this.#cursor;
    const { bytes, end } = cursor;
    if (!this.#unicode) {
      let at = cursor.at;
      while (at < end && bytes[at] !== 0) at++;
      const text = textOf(bytes.subarray(cursor.at, at));
      cursor.at = Math.min(at + 1, end);
      return text;
    }
    if (((cursor.at - this.#start) & 1) === 1) cursor.skip(1);
    let at = cursor.at;
    while (at + 1 < end && (bytes[at] !== 0 || bytes[at + 1] !== 0)) at += 2;
    const text = utf16Of(bytes.subarray(cursor.at, at));
    cursor.at = Math.min(at + 2, end);
    return text;
  }
}

function put(section: Record<string, DetailValue>, key: string, value: string): void {
  if (value !== '' && section[key] === undefined) section[key] = value;
}

function readSetup(
  words: Cursor,
  data: Cursor,
  strings: Strings,
  reply: boolean,
  extended: boolean,
  section: Record<string, DetailValue>,
): void {
  const count = (words.end - words.at) >> 1;
  words.skip(4);
  if (reply) {
    words.skip(2);
    if (count === 4 && extended) data.skip(words.u16le());
    put(section, 'server_os', strings.next());
    put(section, 'server_software', strings.next());
    put(section, 'server_domain', strings.next());
    return;
  }
  words.skip(10);
  if (count === 12) {
    data.skip(words.u16le());
  } else if (count === 13) {
    data.skip(words.u16le() + words.u16le());
    put(section, 'user', strings.next());
    put(section, 'domain', strings.next());
  } else return;
  put(section, 'client_os', strings.next());
  put(section, 'client_software', strings.next());
}

function readBlock(
  command: number,
  blocks: { words: Cursor; data: Cursor; strings: Strings; reply: boolean; extended: boolean },
  section: Record<string, DetailValue>,
  names: SmbNames,
): void {
  const { words, data, strings, reply, extended } = blocks;
  if (command === SESSION_SETUP) {
    const token = readNtlm(data.bytes.subarray(data.at, data.end));
    if (token !== null) addNtlm(token, section);
    readSetup(words, data, strings, reply, extended, section);
  } else if (reply) return;
  else if (command === TREE_CONNECT_ANDX) {
    words.skip(6);
    data.skip(words.u16le());
    pushUnique(names.trees, strings.next(), MAX_TREES);
  } else if (command === TREE_CONNECT) {
    data.skip(1);
    pushUnique(names.trees, strings.next(), MAX_TREES);
  } else if (command === NT_CREATE || command === OPEN_ANDX) {
    pushUnique(names.files, strings.next(), MAX_FILES);
  }
}

function dialectsOf(data: Cursor): string[] {
  const dialects: string[] = [];
  while (data.left > 1 && dialects.length < MAX_DIALECTS && data.u8() === 2) {
    const start = data.at;
    while (data.left > 0 && data.bytes[data.at] !== 0) data.at++;
    dialects.push(textOf(data.bytes.subarray(start, data.at), 32));
    data.skip(1);
  }
  return dialects;
}

/** Commands that may carry another one behind them. */
const CHAINS = new Set([SESSION_SETUP, TREE_CONNECT_ANDX, NT_CREATE, OPEN_ANDX, 0x24, 0x2e, 0x2f, 0x74]);

export function readSmb1(message: Uint8Array, section: Record<string, DetailValue>, names: SmbNames): Smb1Message {
  const header = new Cursor(message, 4);
  let command = header.u8();
  header.skip(4);
  const reply = (header.u8() & FLAG_REPLY) !== 0;
  const flags2 = header.u16le();
  const result: Smb1Message = { command, reply, dialects: [], chosen: -1 };
  let at = SMB1_HEADER_BYTES;
  for (let i = 0; i < MAX_CHAINED; i++) {
    const cursor = new Cursor(message, at);
    const words = cursor.part(cursor.u8() * 2);
    const data = cursor.part(cursor.u16le());
    if (words.overrun || (cursor.overrun && data.left === 0)) break;
    if (command === SMB1_NEGOTIATE) {
      if (!reply) result.dialects = dialectsOf(data);
      else if (words.left >= 2) result.chosen = words.u16le();
      break;
    }
    const next = words.left >= 4 ? new Cursor(message, words.at, words.end) : null;
    const strings = new Strings(data, (flags2 & FLAG2_UNICODE) !== 0, 0);
    readBlock(command, { words, data, strings, reply, extended: (flags2 & FLAG2_EXTENDED_SECURITY) !== 0 }, section, names);
    if (next === null || !CHAINS.has(command)) break;
    command = next.u8();
    next.skip(1);
    const offset = next.u16le();
    // Offsets only grow, so that a chain cannot loop.
    if (command === NO_MORE_COMMANDS || offset <= at) break;
    at = offset;
  }
  return result;
}
