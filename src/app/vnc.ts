/** VNC: the Remote Framebuffer protocol (RFC 6143 section 7.1 to 7.3, and the security types registered for it). */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { eitherSide } from './prefix.ts';
import { startsWith, textOf } from './text.ts';

/** `RFB 003.008` and a line feed. */
const VERSION_LENGTH = 12;
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;

function versionFits(head: StreamHead): VerdictCode {
  const { bytes, length } = head;
  const end = Math.min(length, VERSION_LENGTH);
  const pattern = 'RFB 000.000\n';
  for (let i = 0; i < end; i++) {
    const wanted = pattern.charCodeAt(i);
    if (wanted === 0x30 ? !isDigit(bytes[i]) : bytes[i] !== wanted) return Verdict.NO;
  }
  if (end === VERSION_LENGTH) return Verdict.YES;
  return head.complete && length > 0 ? Verdict.NO : Verdict.MORE;
}

const securityNames = new Map<number, string>([
  [1, 'none'],
  [2, 'vnc'],
  [5, 'ra2'],
  [6, 'ra2ne'],
  [16, 'tight'],
  [17, 'ultra'],
  [18, 'tls'],
  [19, 'vencrypt'],
  [20, 'sasl'],
  [21, 'md5'],
  [22, 'xvp'],
  [30, 'apple_dh'],
  [35, 'apple'],
]);
const securityName = (type: number) => securityNames.get(type) ?? String(type);
/** Challenge and response of type `vnc`: 16 bytes each (RFC 6143 section 7.2.2). */
const CHALLENGE = 16;
/** Everything of ServerInit before the name (section 7.3.2). */
const SERVER_INIT = 24;
const NAME_LIMIT = 128;

class Session implements StreamSession {
  readonly #facts: AppFacts;
  confirmed = false;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
    this.#facts.risks.add('desktop_or_file_sharing_session');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const [client, server] = heads;
    const section = this.#facts.detail('vnc');
    if (client.length >= VERSION_LENGTH) section.client_version = textOf(client.bytes.subarray(4, 11));
    if (server.length >= VERSION_LENGTH) section.server_version = textOf(server.bytes.subarray(4, 11));
    if (client.length < VERSION_LENGTH || server.length < VERSION_LENGTH) return this.#wait(heads);
    // The client chooses; 3.3 leaves the choice of security to the server.
    const old = startsWith(client.bytes, client.length, 'RFB 003.003');
    this.confirmed = true;
    return (old ? this.#readOld(server) : this.#readNew(client, server)) ? Progress.DONE : this.#wait(heads);
  }

  #wait([client, server]: readonly [StreamHead, StreamHead]): ProgressCode {
    return client.complete && server.complete ? Progress.DONE : Progress.MORE;
  }

  #readNew(client: StreamHead, server: StreamHead): boolean {
    const cursor = new Cursor(server.bytes, VERSION_LENGTH, server.length);
    const count = cursor.u8();
    const types = cursor.take(count);
    if (cursor.overrun) return false;
    const section = this.#facts.detail('vnc');
    section.security_types = [...types.subarray(0, 16)].map(securityName);
    if (count === 0) return true;
    if (client.length <= VERSION_LENGTH) return false;
    const chosen = client.bytes[VERSION_LENGTH];
    section.security = securityName(chosen);
    if (chosen !== 1 && chosen !== 2) return true;
    if (chosen === 2) cursor.skip(CHALLENGE);
    // RFC 6143 appendix A: version 3.7 gives no result for `none`.
    const silent = chosen === 1 && startsWith(client.bytes, client.length, 'RFB 003.007');
    return silent ? this.#readName(cursor) : this.#readResult(cursor);
  }

  #readOld(server: StreamHead): boolean {
    const cursor = new Cursor(server.bytes, VERSION_LENGTH, server.length);
    const type = cursor.u32();
    if (cursor.overrun) return false;
    this.#facts.detail('vnc').security = securityName(type);
    if (type !== 1 && type !== 2) return true;
    if (type === 1) return this.#readName(cursor);
    cursor.skip(CHALLENGE);
    return this.#readResult(cursor);
  }

  /** True when there is nothing more to come: the server refuses, or has named its screen. */
  #readResult(cursor: Cursor): boolean {
    const result = cursor.u32();
    if (cursor.overrun) return false;
    this.#facts.detail('vnc').authenticated = result === 0;
    return result !== 0 || this.#readName(cursor);
  }

  #readName(cursor: Cursor): boolean {
    const at = cursor.at;
    cursor.skip(SERVER_INIT - 4);
    const length = cursor.u32();
    const name = cursor.take(Math.min(length, NAME_LIMIT));
    if (cursor.overrun) return false;
    const section = this.#facts.detail('vnc');
    section.width = (cursor.bytes[at] << 8) | cursor.bytes[at + 1];
    section.height = (cursor.bytes[at + 2] << 8) | cursor.bytes[at + 3];
    section.desktop = textOf(name, NAME_LIMIT);
    return true;
  }
}

export const vnc: StreamDissector = {
  transport: 'tcp',
  protocol: 'vnc',
  ports: [5900, 5901, 5902, 5903],
  probe: (heads) => eitherSide(versionFits(heads[CLIENT]), versionFits(heads[SERVER])),
  open: (context) => new Session(context),
};
