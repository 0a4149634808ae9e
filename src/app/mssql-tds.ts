/**
 * Microsoft SQL Server, Tabular Data Stream (MS-TDS section 2.2): PRELOGIN, LOGIN7, and the first token of answers. TLS runs inside
 * TDS packets here, so that nothing is handed over.
 */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  Progress,
  type ProgressCode,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME } from './framed-session.ts';
import { addNtlm, readNtlm } from './ntlm.ts';
import { utf16Of } from './utf16.ts';

const HEADER_BYTES = 8;
const SQL_BATCH = 0x01;
const RESPONSE = 0x04;
const LOGIN7 = 0x10;
const SSPI = 0x11;
const PRELOGIN = 0x12;
const END_OF_MESSAGE = 0x01;
const TOKEN_VERSION = 0x00;
const TOKEN_ENCRYPTION = 0x01;
const TOKEN_INSTANCE = 0x02;
const TOKENS_END = 0xff;
const MAX_TOKENS = 16;
const TOKEN_ERROR = 0xaa;
const TOKEN_LOGIN_ACK = 0xad;
const TOKEN_SSPI = 0xed;
/** Where LOGIN7 points to its authentication token. */
const LOGIN_TOKEN_AT = 78;
const LOGIN_FIXED_BYTES = 94;
/** The values of the encryption option; 0 encrypts the login only. */
const ENCRYPTION = ['login', 'on', 'not_supported', 'required'];
const NAME_LIMIT = 128;
const VERSIONS: Readonly<Record<number, string>> = { 112: '7.0', 113: '7.1', 114: '7.2', 115: '7.3', 116: '7.4' };

class TdsSession extends FramedSession {
  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < HEADER_BYTES) return FRAME_UNKNOWN;
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    return length <= HEADER_BYTES || bytes[at] > 0x17 || bytes[at + 7] !== 0 ? NOT_A_FRAME : length;
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    const body = frame.subarray(HEADER_BYTES);
    const type = frame[0];
    if (side === CLIENT) {
      if (type === PRELOGIN) {
        // The second one carries TLS.
        if (body[0] !== TOKEN_VERSION) return Progress.DONE;
        this.#readPrelogin(body, side);
      } else if (type === LOGIN7) this.#readLogin(body);
      else if (type === SSPI) this.#readNtlmToken(body);
      else return type === SQL_BATCH ? Progress.DONE : Progress.MORE;
      return Progress.MORE;
    }
    if (type !== RESPONSE && type !== PRELOGIN) return Progress.BROKEN;
    this.confirmed = true;
    if (body[0] === TOKEN_VERSION) this.#readPrelogin(body, side);
    else if (body[0] === TOKEN_ERROR) this.context.facts.detail('mssql_tds').error = new Cursor(body, 3).u32le();
    else if (body[0] === TOKEN_SSPI) {
      this.#readNtlmToken(body);
      return Progress.MORE;
    } else if (body[0] === TOKEN_LOGIN_ACK || body[0] === 0xe3) this.context.facts.detail('mssql_tds').logged_in = true;
    return body[0] === TOKEN_VERSION ? Progress.MORE : Progress.DONE;
  }

  #readPrelogin(body: Uint8Array, side: Side): void {
    const section = this.context.facts.detail('mssql_tds');
    const cursor = new Cursor(body);
    for (let i = 0; i < MAX_TOKENS; i++) {
      const token = cursor.u8();
      if (token === TOKENS_END) return;
      const value = new Cursor(body, cursor.u16()).part(cursor.u16());
      if (cursor.overrun) return;
      if (token === TOKEN_VERSION && value.left >= 4) {
        section[side === CLIENT ? 'client_version' : 'server_version'] = `${value.u8()}.${value.u8()}.${value.u16()}`;
      } else if (token === TOKEN_ENCRYPTION && side !== CLIENT) {
        section.encryption = ENCRYPTION[value.u8() & 3];
      } else if (token === TOKEN_INSTANCE && side === CLIENT && value.left > 1) {
        const name = String.fromCharCode(...value.take(Math.min(value.left - 1, NAME_LIMIT)));
        if (/^[\w$-]+$/.test(name)) section.instance = name;
      }
    }
  }

  #readLogin(body: Uint8Array): void {
    const section = this.context.facts.detail('mssql_tds');
    const version = VERSIONS[body[7]];
    if (version !== undefined) section.tds_version = version;
    const field = (at: number) => {
      const cursor = new Cursor(body, at);
      const offset = cursor.u16le();
      const value = new Cursor(body, offset).part(cursor.u16le() * 2);
      return offset < LOGIN_FIXED_BYTES - 8 ? '' : utf16Of(value.take(value.left), NAME_LIMIT);
    };
    const names = { host: 36, user: 40, application: 48, server: 52, library: 60, database: 68 };
    for (const [key, at] of Object.entries(names)) {
      const text = field(at);
      if (text !== '') section[key] = text;
    }
    // The password is only scrambled (MS-TDS 2.2.6.4).
    if (new Cursor(body, 46).u16le() > 0) this.context.facts.risks.add('cleartext_credentials');
    this.#readNtlmToken(body.subarray(new Cursor(body, LOGIN_TOKEN_AT).u16le()));
    this.confirmed = true;
  }

  #readNtlmToken(token: Uint8Array): void {
    const ntlm = readNtlm(token);
    if (ntlm !== null) addNtlm(ntlm, this.context.facts.detail('ntlm'));
  }
}

/** Packet header of a first message: whole, channel and window 0. */
function isFirstHeader(bytes: Uint8Array, type: number): boolean {
  return bytes[0] === type && bytes[1] <= END_OF_MESSAGE && bytes[6] <= 1 && bytes[7] === 0;
}

function preloginVerdict({ bytes, length }: StreamHead, type: number): VerdictCode {
  const end = Math.min(length, 64);
  const size = (bytes[2] << 8) | bytes[3];
  if (end < HEADER_BYTES + 6) return Verdict.MORE;
  const cursor = new Cursor(bytes, HEADER_BYTES, end);
  // VERSION comes first; its value of 6 bytes lies behind the list of options, which is made of fives.
  const isVersion = cursor.u8() === TOKEN_VERSION;
  const offset = cursor.u16();
  const valueBytes = cursor.u16();
  const isList = (offset - 1) % 5 === 0 && offset >= 6 && HEADER_BYTES + offset + valueBytes <= size;
  if (!isFirstHeader(bytes, type) || !isVersion || valueBytes !== 6 || !isList) return Verdict.NO;
  const listEnd = HEADER_BYTES + offset - 1;
  if (listEnd >= 64) return Verdict.NO;
  if (end <= listEnd) return Verdict.MORE;
  return bytes[listEnd] === TOKENS_END ? Verdict.YES : Verdict.NO;
}

function loginVerdict({ bytes, length }: StreamHead): VerdictCode {
  const end = Math.min(length, 64);
  if (end < HEADER_BYTES + 40) return Verdict.MORE;
  const cursor = new Cursor(bytes, HEADER_BYTES, end);
  const total = cursor.u32le();
  cursor.skip(3);
  const isVersion7 = VERSIONS[cursor.u8()] !== undefined;
  cursor.at = HEADER_BYTES + 36;
  const firstOffset = cursor.u16le();
  const sane = total >= LOGIN_FIXED_BYTES - 8 && total < 0x20000 && firstOffset >= LOGIN_FIXED_BYTES - 8 && firstOffset <= total;
  return isFirstHeader(bytes, LOGIN7) && isVersion7 && sane ? Verdict.YES : Verdict.NO;
}

export const mssqlTds: StreamDissector = {
  transport: 'tcp',
  protocol: 'mssql_tds',
  ports: [1433],
  probe([client, server]) {
    if (client.length > 0) {
      if (client.bytes[0] === PRELOGIN) return preloginVerdict(client, PRELOGIN);
      return client.bytes[0] === LOGIN7 ? loginVerdict(client) : Verdict.NO;
    }
    if (server.length === 0) return Verdict.MORE;
    return server.bytes[0] === RESPONSE ? preloginVerdict(server, RESPONSE) : Verdict.NO;
  },
  open: (context) => new TdsSession(context),
};
