/** SIP over UDP and TCP (RFC 3261), and the media that its bodies announce (RFC 8866). */
import { addDetail } from './detail.ts';
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
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
import type { AppFacts, DetailValue } from './facts.ts';
import { eitherSide } from './prefix.ts';
import { expectMedia, readSdp } from './sdp.ts';
import { startsWith, startsWithAnyCase } from './text.ts';
import { type TextMessage, TextMessageReader } from './text-message.ts';

const methods = [
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'REGISTER',
  'OPTIONS',
  'PRACK',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
  'INFO',
  'REFER',
  'MESSAGE',
  'UPDATE',
];
/** RFC 3261 section 19.1, RFC 3966, and what buddies and presence use. */
const schemes = ['SIP:', 'SIPS:', 'TEL:', 'URN:', 'PRES:', 'IM:'];
const VERSION = 'SIP/2.0';

/** RFC 3261 section 7.3.3. */
const longNames = new Map([
  ['i', 'call-id'],
  ['f', 'from'],
  ['t', 'to'],
  ['c', 'content-type'],
  ['l', 'content-length'],
  ['m', 'contact'],
  ['v', 'via'],
]);

const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;

/** The verdict on the start of a message at `at`: a known method with a URI, or the version with a status. */
function judgeStart(bytes: Uint8Array, length: number, at: number): VerdictCode {
  const left = length - at;
  let verdict: VerdictCode = Verdict.NO;
  const version = `${VERSION} `;
  if (startsWith(bytes, length, version.slice(0, left), at)) {
    if (left < version.length + 4) verdict = Verdict.MORE;
    else if ([0, 1, 2].every((i) => isDigit(bytes[at + version.length + i])) && bytes[at + version.length + 3] === 0x20) return Verdict.YES;
  }
  for (const method of methods) {
    const start = `${method} `;
    if (!startsWith(bytes, length, start.slice(0, left), at)) continue;
    if (left < start.length) return Verdict.MORE;
    for (const scheme of schemes) {
      if (startsWithAnyCase(bytes, length, scheme.slice(0, left - start.length), at + start.length)) {
        if (left >= start.length + scheme.length) return Verdict.YES;
        verdict = Verdict.MORE;
      }
    }
  }
  return verdict;
}

/** Empty lines before a message keep a connection alive (RFC 5626 section 3.5.1). */
const LEADING_LIMIT = 8;

function startOf(bytes: Uint8Array, length: number): number {
  let at = 0;
  while (at < length && at < LEADING_LIMIT && (bytes[at] === 0x0d || bytes[at] === 0x0a)) at++;
  return at;
}

function noteRequest(section: Record<string, DetailValue>, startLine: string): void {
  const [method, uri] = startLine.split(' ', 2);
  addDetail(section, 'methods', method);
  section.method ??= method;
  section.uri ??= uri ?? null;
}

function noteStatus(section: Record<string, DetailValue>, startLine: string): void {
  const status = Number.parseInt(startLine.slice(VERSION.length + 1), 10);
  // A final answer stays until another final one comes.
  if (status >= 200 || typeof section.status !== 'number' || section.status < 200) {
    section.status = status;
    section.reason = startLine.slice(VERSION.length + 5);
  }
}

function noteAuthorization(facts: AppFacts, value: string | undefined): void {
  if (value === undefined) return;
  if (/^basic /i.test(value)) facts.risks.add('cleartext_credentials');
  const start = value.indexOf('username="');
  const end = value.indexOf('"', start + 10);
  if (start >= 0 && end > start) facts.detail('sip').user ??= value.slice(start + 10, end);
}

function noteMedia(facts: AppFacts, message: TextMessage): void {
  if (message.body.length === 0 || !(message.fields.get('content-type') ?? '').toLowerCase().startsWith('application/sdp')) return;
  const media = readSdp(message.body);
  expectMedia(facts, media);
  for (const { kind, address, port, codecs } of media) {
    const codecText = codecs.length > 0 ? ` ${codecs.join(',')}` : '';
    addDetail(facts.detail('sip'), 'media', `${kind} ${address ?? '?'}:${port}${codecText}`);
  }
}

function noteMessage(facts: AppFacts, message: TextMessage): void {
  const section = facts.detail('sip');
  const { fields, startLine } = message;
  if (startLine.startsWith(VERSION)) {
    noteStatus(section, startLine);
    const agent = fields.get('server') ?? fields.get('user-agent');
    if (agent !== undefined) section.server ??= agent;
  } else {
    noteRequest(section, startLine);
    const agent = fields.get('user-agent');
    if (agent !== undefined) section.user_agent ??= agent;
  }
  for (const [key, name] of [
    ['from', 'from'],
    ['to', 'to'],
    ['call_id', 'call-id'],
    ['contact', 'contact'],
  ]) {
    const value = fields.get(name);
    if (value !== undefined) section[key] ??= value;
  }
  noteAuthorization(facts, fields.get('authorization') ?? fields.get('proxy-authorization'));
  noteMedia(facts, message);
}

/** A call is set up in fewer messages; registrations go on for as long as the phone is there. */
const MESSAGE_LIMIT = 24;

class UdpSession implements DatagramSession {
  readonly #facts: AppFacts;
  #left = MESSAGE_LIMIT;
  confirmed = false;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
    this.#facts.detail('sip');
  }

  advance({ bytes }: Datagram): boolean {
    const at = startOf(bytes, bytes.length);
    if (judgeStart(bytes, bytes.length, at) === Verdict.YES) {
      const rest = bytes.subarray(at);
      const message = new TextMessageReader(longNames).next({ bytes: rest, length: rest.length, complete: true });
      if (message !== null) {
        this.confirmed ||= message.fields.has('call-id') || message.fields.has('via');
        noteMessage(this.#facts, message);
      }
    }
    return --this.#left <= 0;
  }
}

export const sipUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'sip',
  ports: [5060],
  probe(datagrams) {
    const { bytes } = datagrams[datagrams.length - 1];
    const at = startOf(bytes, bytes.length);
    // A keepalive, of line ends or of zeros, may come first.
    if (at === bytes.length || (bytes.length <= 4 && bytes.every((byte) => byte === 0))) return Verdict.MORE;
    return judgeStart(bytes, bytes.length, at) === Verdict.YES ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new UdpSession(context),
};

function judgeHead(head: StreamHead): VerdictCode {
  const at = startOf(head.bytes, head.length);
  if (at === head.length) return Verdict.MORE;
  return judgeStart(head.bytes, head.length, at);
}

class TcpSession implements StreamSession {
  readonly #facts: AppFacts;
  readonly #readers = [new TextMessageReader(longNames), new TextMessageReader(longNames)];
  #left = MESSAGE_LIMIT;
  confirmed = false;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
    this.#facts.detail('sip');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    for (const side of [CLIENT, SERVER] as const) {
      while (this.#left > 0) {
        const message = this.#readers[side].next(heads[side]);
        if (message === null) break;
        this.#left--;
        this.#note(message);
      }
    }
    const ended = this.#readers[CLIENT].ended(heads[CLIENT]) && this.#readers[SERVER].ended(heads[SERVER]);
    return this.#left <= 0 || ended ? Progress.DONE : Progress.MORE;
  }

  #note(message: TextMessage): void {
    const line = Buffer.from(message.startLine);
    if (judgeStart(line, line.length, 0) !== Verdict.YES) return;
    this.confirmed ||= message.fields.has('call-id');
    noteMessage(this.#facts, message);
  }
}

export const sipTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'sip',
  ports: [5060],
  probe: (heads) => eitherSide(judgeHead(heads[CLIENT]), judgeHead(heads[SERVER])),
  open: (context) => new TcpSession(context),
};
