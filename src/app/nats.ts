/**
 * NATS (the vendor's client protocol): the server greets with INFO and a JSON object, the client answers with CONNECT and one.
 */
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  type Successor,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { DetailValue } from './facts.ts';
import { LineReader } from './lines.ts';
import { textOf } from './text.ts';

const MAX_LINES = 64;
const MAX_SUBJECTS = 8;
/** JSON that is parsed. */
const MAX_JSON = 8192;

const INFO = /^INFO {1,2}\{\s?"(?:server_id|server_name|version|proto|go|host|port|auth_required|tls_required|max_payload|client_id)"/i;
const CONNECT =
  /^CONNECT \{\s?"(?:verbose|pedantic|tls_required|lang|name|user|auth_token|echo|protocol|version|headers|no_responders|jwt|nkey|sig|pass)"/i;

function matches(head: StreamHead, full: RegExp, word: string): 'yes' | 'maybe' | 'no' {
  const text = Buffer.from(head.bytes.subarray(0, Math.min(head.length, 64))).toString('latin1');
  if (full.test(text)) return 'yes';
  if (head.length <= word.length) return word.startsWith(text) ? 'maybe' : 'no';
  return text.startsWith(word) && /^[ {"\w]{0,24}$/.test(text.slice(word.length)) ? 'maybe' : 'no';
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  const greeted = matches(server, INFO, 'INFO ');
  const asked = matches(client, CONNECT, 'CONNECT ');
  if (greeted === 'yes' && client.length > 0 && client.bytes[0] === 0x16) return Verdict.YES;
  if (greeted === 'no' || asked === 'no') return Verdict.NO;
  if (greeted === 'yes' || asked === 'yes') return Verdict.YES;
  return client.complete && server.complete ? Verdict.NO : Verdict.MORE;
}

class NatsSession implements StreamSession {
  confirmed = false;
  successor?: Successor;
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;
  private readonly client = new LineReader();
  private readonly server = new LineReader();
  private readonly subjects: string[] = [];
  private lines = 0;
  private greeted = false;
  private skip = 0;

  constructor(context: SessionContext) {
    this.context = context;
    this.detail = context.facts.detail('nats');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const [client, server] = heads;
    if (!this.greeted && this.server.next(server)) {
      this.greeted = true;
      this.onInfo(server.bytes, this.server.start + 5, this.server.end);
    }
    // TLS begins right behind INFO.
    if (this.greeted && client.length > 0 && client.bytes[0] === 0x16) {
      this.successor = { offsets: [0, this.server.at] };
      return Progress.HAND_OVER;
    }
    while (this.lines < MAX_LINES && this.nextLine(client));
    return (client.complete || this.lines >= MAX_LINES) && (server.complete || this.greeted) ? Progress.DONE : Progress.MORE;
  }

  private nextLine(client: StreamHead): boolean {
    const step = Math.min(this.skip, client.length - this.client.at);
    this.client.at += step;
    this.skip -= step;
    if (this.skip > 0 || !this.client.next(client)) return false;
    this.lines++;
    this.onLine(client.bytes, this.client.start, this.client.end);
    return true;
  }

  private onInfo(bytes: Uint8Array, start: number, end: number): void {
    const info = objectOf(bytes, start, end);
    if (info === null) return;
    this.confirmed = true;
    for (const key of ['server_id', 'server_name', 'version', 'cluster'] as const) {
      const value = info[key];
      if (typeof value === 'string') this.detail[key] = value.slice(0, 128);
    }
    if (typeof info.auth_required === 'boolean') this.detail.auth_required = info.auth_required;
  }

  private onLine(bytes: Uint8Array, start: number, end: number): void {
    const text = textOf(bytes.subarray(start, Math.min(end, start + 512)), 512);
    const words = text.split(' ', 5);
    const word = words[0].toUpperCase();
    if (word === 'CONNECT') {
      const options = objectOf(bytes, start + 8, end);
      if (options === null) return;
      this.confirmed = true;
      if (typeof options.user === 'string') this.detail.user = options.user.slice(0, 256);
      if (typeof options.name === 'string') this.detail.client = options.name.slice(0, 256);
      if (typeof options.lang === 'string') this.detail.language = options.lang.slice(0, 32);
      if (typeof options.pass === 'string' || typeof options.auth_token === 'string') this.context.facts.risks.add('cleartext_credentials');
    } else if (word === 'PUB' || word === 'SUB' || word === 'HPUB') {
      if (word !== 'SUB') this.skip = Math.min(Number(words.at(-1)) || 0, 2 ** 26) + 2;
      if (words[1] === undefined || this.subjects.length >= MAX_SUBJECTS) return;
      this.subjects.push(`${word.toLowerCase()} ${words[1]}`.slice(0, 128));
      this.detail.subjects = this.subjects;
    }
  }
}

function objectOf(bytes: Uint8Array, start: number, end: number): Record<string, unknown> | null {
  if (end - start > MAX_JSON || end <= start) return null;
  try {
    const value: unknown = JSON.parse(textOf(bytes.subarray(start, end), MAX_JSON));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

export const nats: StreamDissector = {
  transport: 'tcp',
  protocol: 'nats',
  ports: [4222],
  probe: (heads) => probe([heads[CLIENT], heads[SERVER]]),
  open: (context) => new NatsSession(context),
};
