/**
 * Oracle Net, TNS layer: packet header of 8 bytes, CONNECT with the connect descriptor, and the answers ACCEPT, REFUSE, REDIRECT, RESEND
 * (Oracle Net Services, "Syntax Rules for Configuration Files", for the descriptor; layouts as observed, Oracle publishes none).
 */
import { Cursor } from './cursor.ts';
import { CLIENT, Progress, type ProgressCode, type Side, type StreamDissector, Verdict } from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME } from './framed-session.ts';
import { textOf } from './text.ts';

const HEADER_BYTES = 8;
const CONNECT = 1;
const ACCEPT = 2;
const REFUSE = 4;
const REDIRECT = 5;
const RESEND = 11;
const HIGHEST_TYPE = 19;
const CONNECT_FIXED_BYTES = 34;
const DESCRIPTOR_LIMIT = 2048;
const FIRST_VERSION = 300;
const LAST_VERSION = 330;
const ANSWERS: Readonly<Record<number, string>> = { [ACCEPT]: 'accept', [REFUSE]: 'refuse', [REDIRECT]: 'redirect' };

/** The value of `(KEY=value)`, the first one; keys in either case. */
export function descriptorValue(descriptor: string, key: string): string {
  const upper = descriptor.toUpperCase();
  const start = upper.indexOf(`(${key}=`);
  if (start < 0) return '';
  const from = start + key.length + 2;
  const end = descriptor.indexOf(')', from);
  return descriptor.slice(from, end < 0 ? from + 128 : Math.min(end, from + 128)).trim();
}

class OracleSession extends FramedSession {
  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < HEADER_BYTES) return FRAME_UNKNOWN;
    const length = (bytes[at] << 8) | bytes[at + 1];
    return length < HEADER_BYTES || bytes[at + 4] > HIGHEST_TYPE ? NOT_A_FRAME : length;
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    const type = frame[4];
    if (side === CLIENT) {
      if (type === CONNECT) this.#readConnect(frame);
      return Progress.MORE;
    }
    if (type === RESEND) return Progress.MORE;
    const answer = ANSWERS[type];
    if (answer === undefined) return Progress.BROKEN;
    this.confirmed = true;
    const section = this.context.facts.detail('oracle');
    section.answer = answer;
    if (type === ACCEPT) section.server_version = new Cursor(frame, HEADER_BYTES).u16();
    return Progress.DONE;
  }

  #readConnect(frame: Uint8Array): void {
    const section = this.context.facts.detail('oracle');
    section.version = new Cursor(frame, HEADER_BYTES).u16();
    const pointer = new Cursor(frame, 24);
    const length = pointer.u16();
    const descriptor = textOf(new Cursor(frame, pointer.u16()).take(length), DESCRIPTOR_LIMIT);
    const keys = { SERVICE_NAME: 'service', SID: 'sid', PROGRAM: 'program', USER: 'os_user' };
    for (const [key, name] of Object.entries(keys)) {
      const value = descriptorValue(descriptor, key);
      if (value !== '') section[name] = value;
    }
    const client = descriptor.toUpperCase().indexOf('(CID=');
    if (client >= 0) section.client_host = descriptorValue(descriptor.slice(client), 'HOST');
  }
}

export const oracle: StreamDissector = {
  transport: 'tcp',
  protocol: 'oracle',
  ports: [1521],
  probe([client, server]) {
    const end = Math.min(client.length, 64);
    if (end === 0) return client.complete || server.length > 0 ? Verdict.NO : Verdict.MORE;
    const cursor = new Cursor(client.bytes, 0, end);
    const length = cursor.u16();
    const checksum = cursor.u16();
    const type = cursor.u8();
    cursor.skip(1);
    const headerChecksum = cursor.u16();
    if (end >= 5 && (checksum !== 0 || type !== CONNECT)) return Verdict.NO;
    if (end < 28) return client.complete ? Verdict.NO : Verdict.MORE;
    const version = cursor.u16();
    const compatible = cursor.u16();
    const inRange = version >= FIRST_VERSION && version <= LAST_VERSION && compatible >= FIRST_VERSION && compatible <= version;
    const pointer = new Cursor(client.bytes, 24, end);
    const dataBytes = pointer.u16();
    const offset = pointer.u16();
    // Long descriptors come in a packet of their own.
    const agrees = offset >= CONNECT_FIXED_BYTES && (offset + dataBytes === length || offset === length);
    if (headerChecksum !== 0 || !inRange || !agrees) return Verdict.NO;
    const answer = server.length >= 5 ? server.bytes[4] : ACCEPT;
    return server.length > 0 && answer !== RESEND && ANSWERS[answer] === undefined ? Verdict.NO : Verdict.YES;
  },
  open: (context) => new OracleSession(context),
};
