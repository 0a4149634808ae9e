/** RTSP 1.0 and 2.0 (RFC 2326, RFC 7826). */
import { addDetail } from './detail.ts';
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
import { anyOf } from './prefix.ts';
import { readSdp } from './sdp.ts';
import { startsWith, startsWithAnyCase } from './text.ts';
import { type TextMessage, TextMessageReader } from './text-message.ts';

const methods = [
  'OPTIONS',
  'DESCRIBE',
  'ANNOUNCE',
  'SETUP',
  'PLAY',
  'PAUSE',
  'RECORD',
  'TEARDOWN',
  'GET_PARAMETER',
  'SET_PARAMETER',
  'REDIRECT',
  'PLAY_NOTIFY',
];
const targets = ['RTSP://', 'RTSPS://', 'RTSPU://', '* RTSP/'];

function judgeRequest(head: StreamHead): VerdictCode {
  const { bytes, length } = head;
  let verdict: VerdictCode = length === 0 ? Verdict.MORE : Verdict.NO;
  for (const method of methods) {
    const start = `${method} `;
    if (!startsWith(bytes, length, start.slice(0, length))) continue;
    for (const target of targets) {
      const left = Math.max(length - start.length, 0);
      if (!startsWithAnyCase(bytes, length, target.slice(0, left), Math.min(start.length, length))) continue;
      if (left >= target.length) return Verdict.YES;
      verdict = Verdict.MORE;
    }
  }
  return verdict;
}

const STATUS = ['RTSP/1.0 ', 'RTSP/2.0 '];

function judgeAnswer(head: StreamHead): VerdictCode {
  const { bytes, length } = head;
  let verdict: VerdictCode = length === 0 ? Verdict.MORE : Verdict.NO;
  for (const status of STATUS) {
    if (!startsWith(bytes, length, status.slice(0, length))) continue;
    if (length > status.length) return bytes[status.length] >= 0x31 && bytes[status.length] <= 0x35 ? Verdict.YES : Verdict.NO;
    verdict = Verdict.MORE;
  }
  return verdict;
}

const MESSAGE_LIMIT = 24;
const LIST_LIMIT = 8;

/** `client_port=5000-5001;server_port=…;source=192.0.2.1`: flows whose address is named are announced. */
function noteTransport(facts: AppFacts, value: string): void {
  const section = facts.detail('rtsp');
  section.transport ??= value;
  const parts = new Map(value.split(';', 16).map((part) => part.trim().split('=', 2) as [string, string | undefined]));
  for (const [addressName, portName] of [
    ['source', 'server_port'],
    ['destination', 'client_port'],
  ]) {
    const address = parts.get(addressName);
    const [rtp, rtcp] = (parts.get(portName) ?? '').split('-', 2).map((text) => Number.parseInt(text, 10));
    if (address === undefined || !/^[0-9A-Fa-f.:]{2,45}$/.test(address)) continue;
    if (rtp > 0 && rtp <= 65_535) facts.expect({ address, port: rtp, protocol: 'rtp' });
    if (rtcp > 0 && rtcp <= 65_535) facts.expect({ address, port: rtcp, protocol: 'rtcp' });
  }
}

function noteMessage(facts: AppFacts, message: TextMessage): void {
  const section = facts.detail('rtsp');
  const { fields, startLine } = message;
  const words = startLine.split(' ', 3);
  if (startLine.startsWith('RTSP/')) {
    section.version ??= words[0].slice(5);
    section.status ??= Number.parseInt(words[1] ?? '', 10) || null;
    const server = fields.get('server');
    if (server !== undefined) section.server ??= server;
  } else if (methods.includes(words[0])) {
    addDetail(section, 'methods', words[0]);
    if (words[1] !== undefined && words[1] !== '*') section.url ??= withoutPassword(words[1]);
    const agent = fields.get('user-agent');
    if (agent !== undefined) section.user_agent ??= agent;
    if (/^basic /i.test(fields.get('authorization') ?? '')) facts.risks.add('cleartext_credentials');
  }
  const transport = fields.get('transport');
  if (transport !== undefined) noteTransport(facts, transport);
  if (message.body.length > 0 && (fields.get('content-type') ?? '').toLowerCase().startsWith('application/sdp')) {
    const codecs = readSdp(message.body).map(({ kind, codecs: names }) => `${kind} ${names.join(',')}`.trim());
    section.media ??= codecs.slice(0, LIST_LIMIT);
  }
}

/** User and password may stand before the host. */
function withoutPassword(url: string): string {
  const start = url.indexOf('://') + 3;
  const slash = url.indexOf('/', start);
  const at = url.lastIndexOf('@', slash < 0 ? url.length : slash);
  return start >= 3 && at > start ? url.slice(0, start) + url.slice(at + 1) : url;
}

class Session implements StreamSession {
  readonly #facts: AppFacts;
  readonly #readers = [new TextMessageReader(), new TextMessageReader()];
  #left = MESSAGE_LIMIT;
  confirmed = false;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
    this.#facts.detail('rtsp');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    for (const side of [CLIENT, SERVER] as const) {
      while (this.#left > 0) {
        const message = this.#readers[side].next(heads[side]);
        if (message === null) break;
        this.#left--;
        this.confirmed ||= message.fields.has('cseq');
        noteMessage(this.#facts, message);
      }
    }
    const ended = this.#readers[CLIENT].ended(heads[CLIENT]) && this.#readers[SERVER].ended(heads[SERVER]);
    return this.#left <= 0 || ended ? Progress.DONE : Progress.MORE;
  }
}

export const rtsp: StreamDissector = {
  transport: 'tcp',
  protocol: 'rtsp',
  ports: [554, 8554, 7070],
  probe(heads) {
    const client = judgeRequest(heads[CLIENT]);
    const server = judgeAnswer(heads[SERVER]);
    return Math.min(client, server) === Verdict.NO ? Verdict.NO : anyOf(client, server);
  },
  open: (context) => new Session(context),
};
