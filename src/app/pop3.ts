/**
 * POP3 (RFC 1939, 2449, 2595, 5034). `+OK` alone is not enough: the greeting must name it or carry the time stamp of APOP, or
 * the client must use its commands.
 */
import { commandIn } from './dialogue.ts';
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
import { asciiOf, fieldOf, firstLine, LineReader, wordOf } from './lines.ts';
import type { ProtocolName } from './protocols.ts';

const OPENING = new Set(['USER', 'APOP', 'CAPA', 'AUTH', 'STLS', 'QUIT']);
/** Commands that FTP does not have. */
const ONLY_POP3 = /^(?:CAPA|STLS|APOP \S+ [\da-f]{32}|UIDL(?: \d+)?|RETR \d+|DELE \d+|TOP \d+ \d+)$/im;
/** First commands that are POP3's whatever the greeting says. */
const OWN =
  /^(?:USER \S|APOP \S|CAPA$|STLS$|AUTH$|AUTH (?:PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|SCRAM-SHA-\w+|NTLM|GSSAPI|XOAUTH2|OAUTHBEARER|EXTERNAL)\b)/i;
const MAX_LINES = 512;

function greeting(server: StreamHead): 'yes' | 'maybe' | 'no' {
  const { text, ended } = firstLine(server);
  if (server.length < 4) return '+OK '.startsWith(text) || '-ERR'.startsWith(text) || text === '+OK' ? 'maybe' : 'no';
  if (!/^(?:\+OK|-ERR)(?: |$)/.test(text)) return 'no';
  return /\bPOP-?3?\b|<[^<>@ ]{1,48}@[^<>@ ]{1,48}>|<[\d.]{4,48}@/i.test(text) || (!ended && /<\d{1,20}\./.test(text)) ? 'yes' : 'maybe';
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  const greeted = server.length === 0 ? 'maybe' : greeting(server);
  if (greeted === 'no') return Verdict.NO;
  if (client.length === 0) {
    if (greeted === 'yes' && (client.complete || server.complete)) return Verdict.YES;
    return client.complete && server.complete ? Verdict.NO : Verdict.MORE;
  }
  const { text, ended } = firstLine(client);
  const opening = commandIn(text, ended, OPENING);
  if (opening === 'yes') {
    if (server.length >= 4 && (greeted === 'yes' || OWN.test(text))) return Verdict.YES;
    const seen = Buffer.from(client.bytes.subarray(0, Math.min(client.length, 64))).toString('latin1');
    if (
      seen
        .split(/\r?\n/)
        .slice(0, -1)
        .some((line) => ONLY_POP3.test(line))
    )
      return Verdict.YES;
    return server.complete && (client.complete || client.length >= 64) ? Verdict.NO : Verdict.MORE;
  }
  return opening === 'maybe' && !client.complete ? Verdict.MORE : Verdict.NO;
}

class Pop3Session implements StreamSession {
  confirmed = false;
  successor?: Successor;
  label?: ProtocolName;
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;
  private readonly client = new LineReader();
  private readonly server = new LineReader();
  private greeted = false;
  private waiting = false;
  private lines = 0;
  private unanswered = 0;

  constructor(context: SessionContext) {
    this.context = context;
    this.detail = context.facts.detail('pop3');
    context.facts.risks.add('unsafe_protocol');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const [client, server] = heads;
    for (;;) {
      let any = false;
      while (!this.waiting && this.lines < MAX_LINES && this.client.next(client)) {
        any = true;
        this.onCommand(client.bytes);
      }
      while ((!this.greeted || this.unanswered > 0 || client.complete) && this.server.next(server)) {
        any = true;
        if (this.onReply(server.bytes)) return Progress.HAND_OVER;
      }
      if (!any) break;
    }
    if (this.waiting && server.complete) {
      this.successor = { offsets: [this.client.at, server.length === 0 ? 0 : this.server.at] };
      return Progress.HAND_OVER;
    }
    if (this.lines >= MAX_LINES) return Progress.DONE;
    return client.complete && server.complete ? Progress.DONE : Progress.MORE;
  }

  private onCommand(bytes: Uint8Array): void {
    const { start, end } = this.client;
    const { detail } = this;
    const { risks } = this.context.facts;
    this.lines++;
    this.unanswered++;
    const word = wordOf(bytes, start, end);
    if (word !== '' && (OPENING.has(word) || word === 'PASS')) this.confirmed = true;
    if (word === 'USER' || word === 'PASS') risks.add('cleartext_credentials');
    if (word === 'USER') detail.user ??= fieldOf(bytes, start + 4, end);
    else if (word === 'APOP') detail.user ??= asciiOf(bytes, start + 5, end).split(' ', 1)[0];
    else if (word === 'AUTH' && end - start > 5) {
      detail.auth = asciiOf(bytes, start + 5, end, 32)
        .split(' ', 1)[0]
        .toUpperCase();
      if (/^(?:PLAIN|LOGIN)$/.test(detail.auth)) risks.add('cleartext_credentials');
    } else if (word === 'STLS') this.waiting = true;
  }

  /** True when TLS takes over. */
  private onReply(bytes: Uint8Array): boolean {
    const { start, end, at } = this.server;
    const status = bytes[start];
    const good = status === 0x2b;
    if (!good && status !== 0x2d) return false; // a line of a listing or a message
    const text = asciiOf(bytes, start, Math.min(end, start + 4));
    if (!/^\+OK|^\+ |^\+$|^-ERR/.test(text)) return false;
    if (!this.greeted) {
      this.greeted = true;
      this.detail.banner = fieldOf(bytes, start + 3, end);
      return false;
    }
    this.confirmed = true;
    if (this.unanswered > 0) this.unanswered--;
    if (!this.waiting || this.unanswered > 0) return false;
    this.waiting = false;
    if (!good) return false;
    this.label = 'pops';
    this.detail.starttls = true;
    this.context.facts.risks.delete('unsafe_protocol');
    this.successor = { offsets: [this.client.at, at] };
    return true;
  }
}

export const pop3: StreamDissector = {
  transport: 'tcp',
  protocol: 'pop3',
  ports: [110],
  probe: (heads) => probe([heads[CLIENT], heads[SERVER]]),
  open: (context) => new Pop3Session(context),
};
