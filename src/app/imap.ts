/**
 * IMAP4rev1 and rev2 (RFC 3501, RFC 9051): untagged greeting, then tagged commands and their tagged results. STARTTLS hands over.
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
import { asciiOf, fieldOf, firstLine, LineReader } from './lines.ts';
import type { ProtocolName } from './protocols.ts';

const COMMANDS = new Set(
  (
    'CAPABILITY NOOP LOGOUT STARTTLS AUTHENTICATE LOGIN ENABLE SELECT EXAMINE CREATE DELETE RENAME SUBSCRIBE UNSUBSCRIBE LIST LSUB NAMESPACE ' +
    'STATUS APPEND IDLE CHECK CLOSE UNSELECT EXPUNGE SEARCH FETCH STORE COPY MOVE UID ID SORT THREAD GETQUOTA GETQUOTAROOT XLIST COMPRESS'
  ).split(' '),
);
/** Words that could be a command of something else. */
const COMMON = new Set(['LIST', 'STATUS', 'CREATE', 'DELETE', 'COPY', 'MOVE', 'ID', 'CHECK', 'CLOSE', 'SEARCH', 'ENABLE', 'SORT']);
const MAX_LINES = 512;
const MAX_CAPABILITIES = 24;

const TAGGED = /^([A-Za-z0-9.*_-]{1,16}) ([A-Za-z]{2,16})(?: (.*))?$/;

function greeting(server: StreamHead): 'yes' | 'maybe' | 'no' {
  const { text, ended } = firstLine(server);
  const greeted = /^\* (OK|PREAUTH|BYE)(?: |$)/.exec(text);
  if (greeted === null)
    return text.length < 10 && !ended && ['* OK ', '* PREAUTH ', '* BYE '].some((known) => known.startsWith(text)) ? 'maybe' : 'no';
  return /IMAP|\[CAPABILITY /i.test(text) ? 'yes' : 'maybe';
}

/** A tagged command whose tag is one: with a digit, or of a few letters. */
function command(client: StreamHead): 'yes' | 'maybe' | 'no' {
  const { text, ended } = firstLine(client);
  const parts = TAGGED.exec(text);
  if (parts === null) return !ended && text.length < 34 && /^[A-Za-z0-9.*_-]{0,16}(?: [A-Za-z]{0,16})?$/.test(text) ? 'maybe' : 'no';
  const word = parts[2].toUpperCase();
  if (!ended && parts[3] === undefined) return 'maybe';
  return COMMANDS.has(word) && !/^(?:GET|POST|PUT|HEAD|USER|SITE)$/i.test(parts[1]) ? (COMMON.has(word) ? 'maybe' : 'yes') : 'no';
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  const greeted = server.length === 0 ? 'maybe' : greeting(server);
  const asked = client.length === 0 ? 'maybe' : command(client);
  if (greeted === 'no' || asked === 'no') return Verdict.NO;
  if (client.length > 0 && server.length >= 5 && asked === 'yes') return Verdict.YES;
  if (client.length > 0 && server.length >= 5 && greeted === 'yes' && firstLine(client).ended) return Verdict.YES;
  if (client.length === 0 && greeted === 'yes' && (server.complete || client.complete)) return Verdict.YES;
  if (server.length === 0 && server.complete && asked === 'yes') {
    const { text } = firstLine(client);
    return /^\S*\d\S* (?:CAPABILITY|STARTTLS|LOGIN \S+ \S+|AUTHENTICATE \S+|SELECT \S+|UID FETCH .+)$/i.test(text)
      ? Verdict.YES
      : Verdict.NO;
  }
  return client.complete && server.complete ? Verdict.NO : Verdict.MORE;
}

class ImapSession implements StreamSession {
  confirmed = false;
  successor?: Successor;
  label?: ProtocolName;
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;
  private readonly client = new LineReader();
  private readonly server = new LineReader();
  /** Tag of the STARTTLS command that waits for its result. */
  private startTls: string | null = null;
  private greeted = false;
  private lines = 0;
  /** Bytes of a literal that belong to no line. */
  private literal = 0;

  constructor(context: SessionContext) {
    this.context = context;
    this.detail = context.facts.detail('imap');
    context.facts.risks.add('unsafe_protocol');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const [client, server] = heads;
    for (;;) {
      const asked = this.readClient(client);
      const answered = this.readServer(client, server);
      if (this.successor !== undefined) return Progress.HAND_OVER;
      if (!asked && !answered) break;
    }
    if (this.startTls !== null && server.complete) {
      this.successor = { offsets: [this.client.at, server.length === 0 ? 0 : this.server.at] };
      return Progress.HAND_OVER;
    }
    if (this.lines >= MAX_LINES) return Progress.DONE;
    return client.complete && server.complete ? Progress.DONE : Progress.MORE;
  }

  private readClient(head: StreamHead): boolean {
    let any = false;
    while (this.startTls === null && this.lines < MAX_LINES) {
      if (this.literal > 0) {
        const step = Math.min(this.literal, head.length - this.client.at);
        this.client.at += step;
        this.literal -= step;
        if (this.literal > 0) break;
      }
      if (!this.client.next(head)) break;
      any = true;
      this.lines++;
      this.onCommand(head.bytes, this.client.start, this.client.end);
    }
    return any;
  }

  private onCommand(bytes: Uint8Array, start: number, end: number): void {
    const { detail } = this;
    const { risks } = this.context.facts;
    const literal = /\{(\d{1,9})\+?\}$/.exec(asciiOf(bytes, Math.max(start, end - 14), end));
    if (literal !== null) this.literal = Number(literal[1]);
    const parts = TAGGED.exec(asciiOf(bytes, start, end, 512));
    if (parts === null) return;
    const [, tag, name, argument = ''] = parts;
    const word = name.toUpperCase();
    if (!COMMANDS.has(word)) return;
    this.confirmed = true;
    if (word === 'LOGIN') {
      const user = /^"((?:[^"\\]|\\.){0,256})"|^([^\s{]{1,256})/.exec(argument);
      if (user !== null) detail.user ??= user[1] ?? user[2];
      risks.add('cleartext_credentials');
    } else if (word === 'AUTHENTICATE') {
      detail.auth = argument.split(' ', 1)[0].toUpperCase().slice(0, 32);
      if (/^(?:PLAIN|LOGIN)$/.test(detail.auth)) risks.add('cleartext_credentials');
    } else if (word === 'STARTTLS') this.startTls = tag;
    else if (word === 'SELECT' || word === 'EXAMINE') detail.mailbox ??= argument.slice(0, 256);
    else if (word === 'ID' && argument !== 'NIL') detail.client ??= argument.slice(0, 256);
  }

  private readServer(client: StreamHead, head: StreamHead): boolean {
    let any = false;
    // Results wait for their command, so that the order in which both sides arrive does not matter.
    while ((!this.greeted || this.lines > 0 || client.complete) && this.lines < MAX_LINES && this.server.next(head)) {
      any = true;
      const { start, end, at } = this.server;
      const text = asciiOf(head.bytes, start, Math.min(end, start + 512), 512);
      if (!this.greeted) {
        this.greeted = true;
        this.detail.banner = fieldOf(head.bytes, start + 2, end);
      }
      const capabilities = /^\* (?:OK |PREAUTH )?\[?CAPABILITY ([^\]]{1,400})/i.exec(text);
      if (capabilities !== null) this.detail.capabilities = capabilities[1].trim().split(' ', MAX_CAPABILITIES);
      if (this.startTls !== null && text.startsWith(`${this.startTls} `)) this.onStartTls(text, at);
      if (this.successor !== undefined) break;
    }
    return any;
  }

  private onStartTls(text: string, at: number): void {
    const good = / OK\b/i.test(text.slice(this.startTls!.length, this.startTls!.length + 4));
    this.startTls = null;
    if (!good) return;
    this.label = 'imaps';
    this.detail.starttls = true;
    this.context.facts.risks.delete('unsafe_protocol');
    this.successor = { offsets: [this.client.at, at] };
  }
}

export const imap: StreamDissector = {
  transport: 'tcp',
  protocol: 'imap',
  ports: [143],
  probe: (heads) => probe([heads[CLIENT], heads[SERVER]]),
  open: (context) => new ImapSession(context),
};
