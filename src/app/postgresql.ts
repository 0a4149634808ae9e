/** PostgreSQL, frontend/backend protocol 3 (PostgreSQL documentation, "Message Formats"). */
import { Cursor } from './cursor.ts';
import { CLIENT, Progress, type ProgressCode, type Side, type StreamDissector, type StreamHead, Verdict } from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME } from './framed-session.ts';
import { indexOfByte, startsWith, textOf } from './text.ts';

const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;
const REQUEST_BYTES = 8;
const CANCEL_BYTES = 16;
const MAX_STARTUP_BYTES = 10_000;
const MAX_PARAMETERS = 32;
const NAME_LIMIT = 128;
const CLEARTEXT = 3;
const AUTHENTICATION: Readonly<Record<number, string>> = {
  0: 'ok',
  2: 'kerberos',
  3: 'cleartext',
  5: 'md5',
  7: 'gssapi',
  9: 'sspi',
  10: 'sasl',
};
const STARTUP_KEYS: Readonly<Record<string, string>> = { user: 'user', database: 'database', application_name: 'application' };
/** Types of backend and frontend messages, as letters. */
const BACKEND = 'RKSZENTDCIAGHW123nstVvcd';
const FRONTEND = 'pQPBDSECHXFfcd';
/** `N`, `S` and `G` answer an encryption request in one byte. */
const REFUSED = 0x4e;
const ACCEPTED_SSL = 0x53;
const ACCEPTED_GSS = 0x47;

function terminated(cursor: Cursor): string {
  const end = indexOfByte(cursor.bytes, cursor.end, 0, cursor.at);
  const stop = end < 0 ? cursor.end : end;
  const text = textOf(cursor.bytes.subarray(cursor.at, stop), NAME_LIMIT);
  cursor.at = Math.min(stop + 1, cursor.end);
  return text;
}

class PostgresqlSession extends FramedSession {
  /** Encryption requests that wait for their one-byte answer. */
  #pending = 0;
  #started = false;
  #answers = 0;
  #authentication = -1;

  protected override measure(bytes: Uint8Array, at: number, end: number, side: Side): number {
    const isRequest = side === CLIENT && !this.#started;
    if (side !== CLIENT && this.#answers < this.#pending) return 1;
    const header = isRequest ? 4 : 5;
    if (end - at < header) return FRAME_UNKNOWN;
    const length = new Cursor(bytes, at + header - 4).u32();
    if (isRequest) return length < REQUEST_BYTES || length > MAX_STARTUP_BYTES ? NOT_A_FRAME : length;
    const known = (side === CLIENT ? FRONTEND : BACKEND).includes(String.fromCharCode(bytes[at]));
    return known && length >= 4 && length < 0x40000000 ? 1 + length : NOT_A_FRAME;
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    if (side === CLIENT) return this.#started ? this.#onFrontend(frame) : this.#onRequest(frame);
    if (this.#answers < this.#pending) return this.#onAnswer(frame[0]);
    return this.#onBackend(frame);
  }

  #onRequest(frame: Uint8Array): ProgressCode {
    const section = this.context.facts.detail('postgresql');
    const cursor = new Cursor(frame, 4);
    const code = cursor.u32();
    if (code === SSL_REQUEST || code === GSS_REQUEST) {
      this.#pending++;
      return this.#pending > 2 ? Progress.BROKEN : Progress.MORE;
    }
    this.confirmed = true;
    if (code === CANCEL_REQUEST) {
      section.cancel = true;
      return Progress.DONE;
    }
    this.#started = true;
    section.version = `${code >>> 16}.${code & 0xffff}`;
    for (let i = 0; i < MAX_PARAMETERS && cursor.left > 1; i++) {
      const key = STARTUP_KEYS[terminated(cursor)];
      const value = terminated(cursor);
      if (key !== undefined) section[key] = value;
    }
    return Progress.MORE;
  }

  #onAnswer(answer: number): ProgressCode {
    this.#answers++;
    const section = this.context.facts.detail('postgresql');
    if (answer === REFUSED) {
      section.tls = false;
      return Progress.MORE;
    }
    this.confirmed = true;
    if (answer === ACCEPTED_GSS) return Progress.DONE;
    if (answer !== ACCEPTED_SSL) return Progress.DONE;
    section.tls = true;
    return this.handOver(this.#pending * REQUEST_BYTES);
  }

  #onBackend(frame: Uint8Array): ProgressCode {
    const section = this.context.facts.detail('postgresql');
    const type = String.fromCharCode(frame[0]);
    const body = new Cursor(frame, 5);
    if (type === 'R') {
      const kind = body.u32();
      if (kind !== 0 && this.#authentication < 0) {
        this.#authentication = kind;
        const name = AUTHENTICATION[kind];
        if (name !== undefined) section.authentication = kind === 10 ? `sasl ${terminated(body)}` : name;
      }
      if (kind === 0) section.logged_in = true;
      this.confirmed ||= kind in AUTHENTICATION;
    } else if (type === 'S' && terminated(body) === 'server_version') section.server_version = terminated(body);
    else if (type === 'E') this.#readError(body);
    return type === 'Z' || type === 'E' ? Progress.DONE : Progress.MORE;
  }

  #readError(body: Cursor): void {
    const section = this.context.facts.detail('postgresql');
    for (let i = 0; i < MAX_PARAMETERS && body.left > 1; i++) {
      const field = String.fromCharCode(body.u8());
      const value = terminated(body);
      if (field === 'C') section.error = value;
    }
  }

  #onFrontend(frame: Uint8Array): ProgressCode {
    if (frame[0] === 0x70 && this.#authentication === CLEARTEXT) this.context.facts.risks.add('cleartext_credentials');
    return Progress.MORE;
  }
}

export const postgresql: StreamDissector = {
  transport: 'tcp',
  protocol: 'postgresql',
  ports: [5432],
  probe([client]: readonly [StreamHead, StreamHead]) {
    const { bytes, complete } = client;
    const end = Math.min(client.length, 64);
    if (end > 1 && (bytes[0] !== 0 || bytes[1] !== 0)) return Verdict.NO;
    if (end < REQUEST_BYTES) return complete ? Verdict.NO : Verdict.MORE;
    const cursor = new Cursor(bytes, 0, end);
    const length = cursor.u32();
    const code = cursor.u32();
    if (code === SSL_REQUEST || code === GSS_REQUEST) return length === REQUEST_BYTES ? Verdict.YES : Verdict.NO;
    if (code === CANCEL_REQUEST) return length === CANCEL_BYTES ? Verdict.YES : Verdict.NO;
    if (code >>> 16 !== 3 || (code & 0xffff) > 9 || length > MAX_STARTUP_BYTES || length < 16) return Verdict.NO;
    // Parameters start with a name that is a word.
    if (end < 13) return Verdict.MORE;
    return ['user\0', 'datab', 'appli', 'clien', 'optio', 'repli'].some((word) => startsWith(bytes, end, word, REQUEST_BYTES))
      ? Verdict.YES
      : Verdict.NO;
  },
  open: (context) => new PostgresqlSession(context),
};
