/**
 * The rsync daemon protocol (rsync's own documentation): both sides begin with `@RSYNCD: <version>`.
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
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { DetailValue } from './facts.ts';
import { asciiOf, fieldOf, firstLine, LineReader } from './lines.ts';

const GREETING = /^@RSYNCD: (\d{1,3}(?:\.\d{1,3})?)(?: [\w -]{1,40})?$/;
const MAGIC = '@RSYNCD: ';
const MAX_LINES = 8;

function greets(head: StreamHead): 'yes' | 'maybe' | 'no' {
  const { text, ended } = firstLine(head);
  if (ended) return GREETING.test(text) ? 'yes' : 'no';
  if (text.length <= MAGIC.length) return MAGIC.startsWith(text) ? 'maybe' : 'no';
  return /^@RSYNCD: \d[\d. \w-]*$/.test(text) ? 'maybe' : 'no';
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const client = greets(heads[CLIENT]);
  const server = greets(heads[SERVER]);
  if (client === 'no' || server === 'no') return Verdict.NO;
  if (client === 'yes' || server === 'yes') return Verdict.YES;
  return heads[CLIENT].complete && heads[SERVER].complete ? Verdict.NO : Verdict.MORE;
}

class RsyncSession implements StreamSession {
  confirmed = false;
  private readonly detail: Record<string, DetailValue>;
  private readonly client = new LineReader();
  private readonly server = new LineReader();
  private asked = 0;
  private answered = 0;

  constructor(context: SessionContext) {
    this.detail = context.facts.detail('rsync');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const [client, server] = heads;
    // The client sends its version, the module, and perhaps the answer to a challenge; then the binary part begins.
    while (this.asked < 2 && this.client.next(client)) {
      const { start, end } = this.client;
      if (this.asked++ === 0) this.version('client_version', client.bytes, start, end);
      else this.detail.module = fieldOf(client.bytes, start, end, 128);
    }
    while (this.answered < MAX_LINES && this.server.next(server)) {
      const { start, end } = this.server;
      if (this.answered++ === 0) this.version('server_version', server.bytes, start, end);
      else if (asciiOf(server.bytes, start, end).startsWith('@RSYNCD: AUTHREQD')) this.detail.auth = true;
      else if (asciiOf(server.bytes, start, end).startsWith('@RSYNCD: OK')) this.answered = MAX_LINES;
    }
    return (this.asked >= 2 || client.complete) && (this.answered >= MAX_LINES || server.complete) ? Progress.DONE : Progress.MORE;
  }

  private version(key: string, bytes: Uint8Array, start: number, end: number): void {
    const version = GREETING.exec(asciiOf(bytes, start, end))?.[1];
    if (version === undefined) return;
    this.detail[key] = version;
    this.confirmed = true;
  }
}

export const rsync: StreamDissector = {
  transport: 'tcp',
  protocol: 'rsync',
  ports: [873],
  probe,
  open: (context) => new RsyncSession(context),
};
