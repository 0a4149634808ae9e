/**
 * MySQL and MariaDB, client/server protocol: packets of length (3 bytes), sequence number, body ("MySQL Internals", chapter
 * Client/Server Protocol: Initial Handshake, Protocol::HandshakeV10, Protocol::HandshakeResponse41, Protocol::SSLRequest, ERR_Packet).
 */
import { Cursor } from './cursor.ts';
import {
  Progress,
  type ProgressCode,
  SERVER,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME } from './framed-session.ts';
import { indexOfByte, textOf } from './text.ts';

const HEADER_BYTES = 4;
const PROTOCOL_10 = 10;
const ERROR = 0xff;
const AUTH_SWITCH = 0xfe;
const NAME_LIMIT = 128;

const CONNECT_WITH_DB = 0x00000008;
const PROTOCOL_41 = 0x00000200;
const SSL = 0x00000800;
const SECURE_CONNECTION = 0x00008000;
const PLUGIN_AUTH = 0x00080000;
const PLUGIN_AUTH_LENENC = 0x00200000;
/** Capabilities, largest packet, character set. */
const RESPONSE_FIXED_BYTES = 9;
/** Of the 23 reserved bytes MariaDB uses the last four. */
const ZERO_BYTES = 19;
const SSL_REQUEST_BYTES = 32;
const CLEARTEXT_PLUGIN = 'mysql_clear_password';

/** Error numbers of servers; a connection that is refused starts with one of the first thousand. */
const FIRST_ERROR = 1000;
const LAST_ERROR = 2999;

function terminated(cursor: Cursor): string {
  const end = indexOfByte(cursor.bytes, cursor.end, 0, cursor.at);
  const stop = end < 0 ? cursor.end : end;
  const text = textOf(cursor.bytes.subarray(cursor.at, stop), NAME_LIMIT);
  cursor.at = Math.min(stop + 1, cursor.end);
  return text;
}

class MysqlSession extends FramedSession {
  #clientPackets = 0;
  #greeted = false;
  #plugin = '';

  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < HEADER_BYTES) return FRAME_UNKNOWN;
    const length = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
    return length === 0 && at === 0 ? NOT_A_FRAME : HEADER_BYTES + length;
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    const body = new Cursor(frame, HEADER_BYTES);
    if (side === SERVER) return this.#onServer(body, frame[3]);
    return this.#clientPackets++ === 0 ? this.#onResponse(body) : this.#onPassword(body);
  }

  #onServer(body: Cursor, sequence: number): ProgressCode {
    const section = this.context.facts.detail('mysql');
    const first = body.u8();
    if (first === ERROR) {
      section.error = body.u16le();
      this.confirmed = true;
      return Progress.DONE;
    }
    if (!this.#greeted) {
      this.#greeted = true;
      if (first !== PROTOCOL_10 || sequence !== 0) return Progress.BROKEN;
      section.version = terminated(body);
      section.thread_id = body.u32le();
      return Progress.MORE;
    }
    if (first === AUTH_SWITCH && body.left > 0) {
      this.#plugin = terminated(body);
      section.auth_plugin = this.#plugin;
      return Progress.MORE;
    }
    // OK, or the first word of caching_sha2_password: the login is over as far as it can be read.
    if (first === 0) section.logged_in = true;
    return first === 1 ? Progress.MORE : Progress.DONE;
  }

  #onResponse(body: Cursor): ProgressCode {
    const section = this.context.facts.detail('mysql');
    const capabilities = body.u32le();
    if ((capabilities & PROTOCOL_41) === 0) return Progress.DONE;
    this.confirmed = true;
    if ((capabilities & SSL) !== 0 && body.end - HEADER_BYTES === SSL_REQUEST_BYTES) {
      section.tls = true;
      return this.handOver();
    }
    body.at = Math.min(HEADER_BYTES + SSL_REQUEST_BYTES, body.end);
    section.user = terminated(body);
    const answerAt = body.at;
    if ((capabilities & (SECURE_CONNECTION | PLUGIN_AUTH_LENENC)) !== 0) body.skip(body.u8());
    else terminated(body);
    const answerBytes = body.at - answerAt - 1;
    const database = (capabilities & CONNECT_WITH_DB) === 0 ? '' : terminated(body);
    if (database !== '') section.database = database;
    if ((capabilities & PLUGIN_AUTH) !== 0) {
      this.#plugin = terminated(body);
      section.auth_plugin = this.#plugin;
    }
    if (this.#plugin === CLEARTEXT_PLUGIN && answerBytes > 0) this.context.facts.risks.add('cleartext_credentials');
    return Progress.MORE;
  }

  #onPassword(body: Cursor): ProgressCode {
    if (this.#plugin === CLEARTEXT_PLUGIN && body.left > 0) this.context.facts.risks.add('cleartext_credentials');
    return Progress.MORE;
  }
}

const isPrintable = (byte: number) => byte >= 0x20 && byte < 0x7f;

function greetingVerdict({ bytes, length }: StreamHead): VerdictCode {
  if (length === 0) return Verdict.MORE;
  const end = Math.min(length, 64);
  if (end > 2 && (bytes[2] !== 0 || bytes[1] > 3)) return Verdict.NO;
  if (end > 3 && bytes[3] !== 0) return Verdict.NO;
  if (end < 7) return Verdict.MORE;
  const body = bytes[0] | (bytes[1] << 8);
  if (bytes[4] === ERROR) {
    const error = bytes[5] | (bytes[6] << 8);
    const inRange = error >= FIRST_ERROR && error <= LAST_ERROR && body >= 8;
    if (!inRange || end < Math.min(body + HEADER_BYTES, 24)) return inRange ? Verdict.MORE : Verdict.NO;
    for (let at = 7; at < Math.min(end, body + HEADER_BYTES); at++) if (!isPrintable(bytes[at]) && bytes[at] < 0x80) return Verdict.NO;
    return Verdict.YES;
  }
  if (bytes[4] !== PROTOCOL_10 || body < 40) return Verdict.NO;
  // The version: digits first, printable, closed by 0.
  if (bytes[5] < 0x30 || bytes[5] > 0x39) return Verdict.NO;
  const stop = indexOfByte(bytes, end, 0, 5);
  for (let at = 5; at < (stop < 0 ? end : stop); at++) if (!isPrintable(bytes[at])) return Verdict.NO;
  if (stop < 0) return end === 64 ? Verdict.NO : Verdict.MORE;
  return stop - 5 >= 3 ? Verdict.YES : Verdict.NO;
}

function responseVerdict({ bytes, length }: StreamHead): VerdictCode {
  if (length === 0) return Verdict.MORE;
  const end = Math.min(length, 64);
  if (end > 3 && bytes[3] !== 1) return Verdict.NO;
  if (end < HEADER_BYTES + SSL_REQUEST_BYTES) return Verdict.MORE;
  const cursor = new Cursor(bytes);
  const body = cursor.u16le() | (cursor.u8() << 16);
  cursor.skip(1);
  const capabilities = cursor.u32le();
  if (body < SSL_REQUEST_BYTES || body > 4096 || (capabilities & PROTOCOL_41) === 0) return Verdict.NO;
  const zeros = bytes.subarray(HEADER_BYTES + RESPONSE_FIXED_BYTES, HEADER_BYTES + RESPONSE_FIXED_BYTES + ZERO_BYTES);
  if (zeros.some((byte) => byte !== 0)) return Verdict.NO;
  return body > SSL_REQUEST_BYTES || (capabilities & SSL) !== 0 ? Verdict.YES : Verdict.NO;
}

export const mysql: StreamDissector = {
  transport: 'tcp',
  protocol: 'mysql',
  ports: [3306],
  probe([client, server]) {
    const greeting = greetingVerdict(server);
    if (greeting === Verdict.YES) return Verdict.YES;
    if (greeting === Verdict.NO && server.length > 0) return Verdict.NO;
    return responseVerdict(client);
  },
  open: (context) => new MysqlSession(context, SERVER),
};
