/**
 * The git:// transport (gitprotocol-pack): pkt-lines whose first four bytes are their length in hexadecimal. The client's first
 * one names the service, the repository and the host; the server's hold object names of 40 or 64 digits.
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
import { textOf } from './text.ts';

const PROBE = 64;
const REQUEST = /^([0-9a-f]{4})(git-(?:upload-pack|receive-pack|upload-archive)) (\/[^\0]*)/;
const REQUEST_SO_FAR = /^[0-9a-f]{0,4}$|^[0-9a-f]{4}g(?:i(?:t(?:-[a-z-]{0,16} ?)?)?)?$/;
/** Advertised references, the version of the second protocol, or an error. */
const ANSWER = /^[0-9a-f]{4}(?:[0-9a-f]{40}(?:[0-9a-f]{24})? [!-~]|ERR |version [12]\n)/;
const LIMIT = 4096;

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  const text = Buffer.from(client.bytes.subarray(0, Math.min(client.length, PROBE))).toString('latin1');
  if (client.length > 0) {
    const request = REQUEST.exec(text);
    if (request !== null) return Number.parseInt(request[1], 16) > request[2].length + 5 ? Verdict.YES : Verdict.NO;
    return !client.complete && client.length < PROBE && REQUEST_SO_FAR.test(text) ? Verdict.MORE : Verdict.NO;
  }
  if (!client.complete) return Verdict.MORE;
  const answer = Buffer.from(server.bytes.subarray(0, Math.min(server.length, PROBE))).toString('latin1');
  if (ANSWER.test(answer)) return /^[0-9a-f]{4}ERR /.test(answer) ? Verdict.NO : Verdict.YES;
  return server.complete || !/^[0-9a-f]*(?: .*)?$/s.test(answer) ? Verdict.NO : Verdict.MORE;
}

class GitSession implements StreamSession {
  confirmed = false;
  private readonly context: SessionContext;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const [client, server] = heads;
    const detail = this.context.facts.detail('git');
    if (client.length >= 4) {
      const size = Math.min(Number.parseInt(textOf(client.bytes.subarray(0, 4)), 16) || 4, LIMIT);
      if (client.length < size && !client.complete) return Progress.MORE;
      const parts = Buffer.from(client.bytes.subarray(4, Math.min(size, client.length)))
        .toString('utf8')
        .split('\0', 8);
      const space = parts[0].indexOf(' ');
      detail.service = clean(parts[0].slice(0, Math.max(space, 0)));
      detail.repository = clean(parts[0].slice(space + 1).trimEnd());
      const host = parts.find((part) => part.startsWith('host='))?.slice(5);
      if (host !== undefined) this.context.facts.nameHost(clean(host).replace(/:\d{1,5}$/, ''), 'protocol');
      const version = parts.find((part) => /^version=\d$/.test(part));
      if (version !== undefined) detail.version = Number(version.slice(8));
      this.confirmed = true;
    } else if (!client.complete) return Progress.MORE;
    const answer = Buffer.from(server.bytes.subarray(0, Math.min(server.length, PROBE))).toString('latin1');
    if (ANSWER.test(answer)) {
      this.confirmed = true;
      detail.accepted = !/^[0-9a-f]{4}ERR /.test(answer);
      return Progress.DONE;
    }
    return server.complete || server.length >= PROBE ? Progress.DONE : Progress.MORE;
  }
}

function clean(text: string): string {
  return textOf(Buffer.from(text, 'utf8'), 256);
}

export const git: StreamDissector = {
  transport: 'tcp',
  protocol: 'git',
  ports: [9418],
  probe: (heads) => probe([heads[CLIENT], heads[SERVER]]),
  open: (context) => new GitSession(context),
};
