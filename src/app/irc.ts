/**
 * IRC (RFC 1459, RFC 2812; IRCv3 capabilities): registration of the client, numeric replies and notices of the server.
 */
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  type Successor,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { DetailValue } from './facts.ts';
import { asciiOf, fieldOf, LineReader, wordOf } from './lines.ts';

const PROBE = 64;
const MAX_LINES = 512;
const MAX_CHANNELS = 16;
const TEXT = 256;

/** Lines of a client. NICK and PASS need another one, because other protocols have such words. */
const OWN =
  /^(?:CAP (?:LS(?: 30\d)?|REQ :?\S.*|LIST|END)|USER \S+ \S+ \S+ :?.+|JOIN [#&+!]\S.*|(?:PRIVMSG|NOTICE) [#&]?[^\s:]+ :.*|MODE #\S+.*|WHO #\S+|AUTHENTICATE (?:PLAIN|EXTERNAL|SCRAM-\S+))$/i;
const WEAK = /^(?:NICK :?[A-Za-z[\]\\`_^{|}][\w[\]\\`^{|}-]{0,63}|PASS \S+|USER \S.*|PING :?\S+|PONG :?\S+|QUIT(?: :.*)?)$/i;
/** Lines of a server. */
const SERVER_LINE =
  /^(?:(?:@\S+ )?:[\w.-]{1,63}(?:![^\s@]{1,64}@\S{1,64})? (?:\d{3} \S+ .*|NOTICE \S+ :.*|CAP \S+ (?:LS|ACK|NAK|NEW).*|PRIVMSG \S+ :.*|JOIN :?#\S+.*|PONG .*)|NOTICE (?:AUTH|\*) :.*|ERROR :(?:Closing Link|Trying to reconnect|Your host).*)$/i;

/** Control characters that are neither CTCP's delimiter (01) nor formatting. */
function isUnfit(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (code === 0x7f || (code < 0x20 && ![0x01, 0x02, 0x03, 0x0f, 0x16, 0x1d, 0x1f].includes(code))) return true;
  }
  return false;
}

interface Seen {
  own: number;
  weak: number;
  bad: boolean;
  /** No more lines within the first 64 bytes. */
  over: boolean;
}

/** What the first 64 bytes hold. A line that is cut by the limit counts as far as it goes. */
function linesOf(head: StreamHead, own: RegExp, weak: RegExp | null): Seen {
  const length = Math.min(head.length, PROBE);
  const over = head.complete || head.length >= PROBE;
  const lines =
    asciiOf(head.bytes, 0, length, PROBE).length === 0 ? [] : Buffer.from(head.bytes.subarray(0, length)).toString('latin1').split(/\r?\n/);
  const seen: Seen = { own: 0, weak: 0, bad: false, over };
  for (const [index, line] of lines.entries()) {
    const last = index === lines.length - 1;
    if (line === '' || line === '\r') continue;
    if (isUnfit(last && line.endsWith('\r') ? line.slice(0, -1) : line)) seen.bad = true;
    else if (last && head.length < PROBE) continue;
    else if (own.test(line)) seen.own++;
    else if (weak?.test(line) === true) seen.weak++;
    else if (!last) seen.bad = true;
  }
  return seen;
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const client = linesOf(heads[CLIENT], OWN, WEAK);
  const server = linesOf(heads[SERVER], SERVER_LINE, WEAK);
  if (client.bad || server.bad) return Verdict.NO;
  if (client.own > 0 && (server.own > 0 || server.weak > 0 || heads[SERVER].length === 0)) return Verdict.YES;
  if (client.weak >= 1 && server.own >= 1) return Verdict.YES;
  if (server.own >= 1 && heads[CLIENT].length === 0 && (heads[CLIENT].complete || heads[SERVER].complete)) return Verdict.YES;
  const first = (head: StreamHead) => head.length === 0 || /[:A-Za-z@]/.test(String.fromCharCode(head.bytes[0]));
  if (!first(heads[CLIENT]) || !first(heads[SERVER])) return Verdict.NO;
  return client.over && server.over ? Verdict.NO : Verdict.MORE;
}

class IrcSession implements StreamSession {
  confirmed = false;
  successor?: Successor;
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;
  private readonly readers = [new LineReader(), new LineReader()] as const;
  private readonly lines: [number, number] = [0, 0];
  private readonly channels: string[] = [];
  private startTls = false;

  constructor(context: SessionContext) {
    this.context = context;
    this.detail = context.facts.detail('irc');
    context.facts.risks.add('unsafe_protocol');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    for (const side of [CLIENT, SERVER] as const) {
      const reader = this.readers[side];
      while (this.lines[side] < MAX_LINES) {
        if ((side === CLIENT && this.startTls) || !reader.next(heads[side])) break;
        this.lines[side]++;
        if (side === CLIENT) this.onClient(heads[side].bytes, reader.start, reader.end);
        else if (this.onServer(heads[side].bytes, reader.start, reader.end)) return Progress.HAND_OVER;
      }
    }
    const ended = (side: Side) => heads[side].complete || this.lines[side] >= MAX_LINES;
    return ended(CLIENT) && ended(SERVER) ? Progress.DONE : Progress.MORE;
  }

  private onClient(bytes: Uint8Array, start: number, end: number): void {
    const { detail } = this;
    const word = wordOf(bytes, start, end);
    const argument = fieldOf(bytes, start + word.length, end, TEXT);
    if (word === 'NICK') detail.nick ??= argument.replace(/^:/, '');
    else if (word === 'USER') {
      detail.user ??= argument.split(' ', 1)[0];
      detail.real_name ??= argument.includes(' :') ? argument.slice(argument.indexOf(' :') + 2) : '';
    } else if (word === 'PASS' || word === 'OPER' || word === 'AUTHENTICATE') this.context.facts.risks.add('cleartext_credentials');
    else if (word === 'JOIN') this.join(argument);
    else if (word === 'STARTTLS') this.startTls = true;
    else if (!/^(?:CAP|PRIVMSG|NOTICE|MODE|WHO|WHOIS|PART|PONG|PING|QUIT|LIST|TOPIC|USERHOST|ISON|AWAY)$/.test(word)) return;
    this.confirmed = true;
  }

  private join(argument: string): void {
    for (const channel of argument.split(' ', 1)[0].split(',', MAX_CHANNELS)) {
      if (this.channels.length < MAX_CHANNELS && !this.channels.includes(channel)) this.channels.push(channel);
    }
    this.detail.channels = this.channels;
  }

  /** True when TLS takes over (numeric 670). */
  private onServer(bytes: Uint8Array, start: number, end: number): boolean {
    const text = asciiOf(bytes, start, end, 512);
    const line = /^(?:@\S+ )?:(\S{1,128}) (\S{1,16})(?: (.*))?$/.exec(text);
    if (line === null) return false;
    this.confirmed = true;
    const [, prefix, word, rest = ''] = line;
    if (/^\d{3}$/.test(word) && !prefix.includes('!')) this.detail.server ??= prefix;
    if (word === '001') this.detail.nick ??= rest.split(' ', 1)[0];
    if (word !== '670' || !this.startTls) return false;
    this.successor = { offsets: [this.readers[CLIENT].at, this.readers[SERVER].at] };
    return true;
  }
}

export const irc: StreamDissector = {
  transport: 'tcp',
  protocol: 'irc',
  ports: [6667, 6666, 6668, 6669, 7000],
  probe,
  open: (context) => new IrcSession(context),
};
