/** NTLM messages inside other protocols (MS-NLMP section 2.2.1). Responses to challenges are never kept. */
import { Cursor } from './cursor.ts';
import type { DetailValue } from './facts.ts';
import { startsWith, textOf } from './text.ts';
import { utf16Of } from './utf16.ts';

const SIGNATURE = 'NTLMSSP\0';
const NEGOTIATE = 1;
const CHALLENGE = 2;
const AUTHENTICATE = 3;
const FLAG_UNICODE = 0x00000001;
const FLAG_VERSION = 0x02000000;
/** Names of Windows are shorter; DNS names may have 255. */
const NAME_LIMIT = 256;
const MAX_PAIRS = 16;
/** Where a message may start inside a token (SPNEGO, a DCE/RPC trailer). */
const SEARCH_BYTES = 1024;

export interface NtlmMessage {
  type: 'negotiate' | 'challenge' | 'authenticate';
  /** Challenge: the server's own names. Authenticate: what the client says. */
  domain: string;
  user: string;
  workstation: string;
  computer: string;
  dnsDomain: string;
  dnsComputer: string;
  /** `10.0.17763`, empty when the message has none. */
  version: string;
}

function field(bytes: Uint8Array, at: number, unicode: boolean): string {
  const cursor = new Cursor(bytes, at);
  const length = cursor.u16le();
  cursor.skip(2);
  const offset = cursor.u32le();
  if (cursor.overrun || offset + length > bytes.length) return '';
  const value = bytes.subarray(offset, offset + length);
  return unicode ? utf16Of(value, NAME_LIMIT) : textOf(value, NAME_LIMIT);
}

function versionAt(bytes: Uint8Array, at: number): string {
  const cursor = new Cursor(bytes, at);
  const text = `${cursor.u8()}.${cursor.u8()}.${cursor.u16le()}`;
  return cursor.overrun || text === '0.0.0' ? '' : text;
}

function readTargetInfo(bytes: Uint8Array, message: NtlmMessage): void {
  const header = new Cursor(bytes, 40);
  const length = header.u16le();
  header.skip(2);
  const pairs = new Cursor(bytes, header.u32le()).part(length);
  if (header.overrun) return;
  for (let i = 0; i < MAX_PAIRS && pairs.left >= 4; i++) {
    const id = pairs.u16le();
    const value = pairs.take(pairs.u16le());
    if (id === 1) message.computer = utf16Of(value, NAME_LIMIT);
    else if (id === 2) message.domain = utf16Of(value, NAME_LIMIT);
    else if (id === 3) message.dnsComputer = utf16Of(value, NAME_LIMIT);
    else if (id === 4) message.dnsDomain = utf16Of(value, NAME_LIMIT);
    else if (id === 0) return;
  }
}

/** The first NTLM message in a token, null when there is none. Reads nothing behind the token. */
export function readNtlm(token: Uint8Array): NtlmMessage | null {
  let start = -1;
  const last = Math.min(token.length - SIGNATURE.length - 4, SEARCH_BYTES);
  for (let at = 0; at <= last; at++) {
    if (token[at] === 0x4e && startsWith(token, token.length, SIGNATURE, at)) {
      start = at;
      break;
    }
  }
  if (start < 0) return null;
  const bytes = token.subarray(start);
  const type = new Cursor(bytes, 8).u32le();
  const name = type === NEGOTIATE ? 'negotiate' : type === CHALLENGE ? 'challenge' : 'authenticate';
  if (type < NEGOTIATE || type > AUTHENTICATE) return null;
  const message: NtlmMessage = {
    type: name,
    domain: '',
    user: '',
    workstation: '',
    computer: '',
    dnsDomain: '',
    dnsComputer: '',
    version: '',
  };
  const flagsAt = type === NEGOTIATE ? 12 : type === CHALLENGE ? 20 : 60;
  const flags = new Cursor(bytes, flagsAt).u32le();
  const hasVersion = (flags & FLAG_VERSION) !== 0;
  if (type === NEGOTIATE) {
    message.domain = field(bytes, 16, false);
    message.workstation = field(bytes, 24, false);
    if (hasVersion) message.version = versionAt(bytes, 32);
  } else if (type === CHALLENGE) {
    readTargetInfo(bytes, message);
    if (hasVersion) message.version = versionAt(bytes, 48);
  } else {
    const unicode = (flags & FLAG_UNICODE) !== 0;
    message.domain = field(bytes, 28, unicode);
    message.user = field(bytes, 36, unicode);
    message.workstation = field(bytes, 44, unicode);
    if (hasVersion) message.version = versionAt(bytes, 64);
  }
  return message;
}

/** Puts what a message says into a section: `user`, `domain`, `workstation`, `server_name`, `server_domain`, `server_version`. */
export function addNtlm(message: NtlmMessage, section: Record<string, DetailValue>): void {
  const put = (key: string, value: string) => {
    if (value !== '') section[key] = value;
  };
  if (message.type === 'challenge') {
    put('server_name', message.dnsComputer === '' ? message.computer : message.dnsComputer);
    put('server_domain', message.dnsDomain === '' ? message.domain : message.dnsDomain);
    put('server_version', message.version);
    return;
  }
  if (message.type === 'authenticate') put('user', message.user);
  put('domain', message.domain);
  put('workstation', message.workstation);
}
