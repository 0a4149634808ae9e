/**
 * Redis (RESP2 and RESP3, the vendor's protocol specification): commands as arrays of bulk strings, replies by their first
 * byte. Inline commands count only together with replies that are RESP from the first byte on.
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
import { asciiOf, LineReader } from './lines.ts';
import { hasUnprintable, textOf } from './text.ts';

const PROBE = 64;
const MAX_COMMANDS = 16;
/** Elements of one command that are looked at, and of all that are skipped. */
const MAX_ELEMENTS = 1_048_576;
const MAX_BULK = 536_870_912;

/** `*2\r\n$3\r\nGET\r\n`: counts and lengths that agree with what follows. */
const COMMAND = /^\*([1-9]\d{0,5})\r\n\$([1-9]\d?)\r\n([A-Za-z][A-Za-z0-9._-]{0,24})(\r\n|$)/;
const COMMAND_SO_FAR = /^\*(?:[1-9]\d{0,5}(?:\r(?:\n(?:\$(?:[1-9]\d?(?:\r(?:\n(?:[A-Za-z][A-Za-z0-9._-]{0,24}\r?)?)?)?)?)?)?)?)?$/;
const REPLY =
  /^(?:\+[\x20-\x7e]{1,64}\r\n|-[A-Z][A-Z0-9]{0,20}(?: [\x20-\x7e]{0,64})?(?:\r\n|$)|:-?\d{1,20}\r\n|\$(?:-1|\d{1,9})\r\n|[*%~>](?:-1|\d{1,7})\r\n(?:[*$:+\-#,_%~]|$)|_\r\n|#[tf]\r\n)/;
const REPLY_SO_FAR = /^(?:[+-][\x20-\x7e]{0,64}\r?|[:$*%~>]-?\d{0,20}\r?|_\r?|#[tf]?\r?)$/;
const INLINE =
  /^(?:PING|AUTH \S+(?: \S+)?|INFO(?: \w+)?|SELECT \d+|GET \S+|SET \S+ \S+|KEYS \S+|CONFIG GET \S+|DBSIZE|FLUSHALL|MONITOR|QUIT|ECHO \S+|PUBLISH \S+ [^\r\n]{1,48})\r?\n/i;

function textAt(head: StreamHead): string {
  return Buffer.from(head.bytes.subarray(0, Math.min(head.length, PROBE))).toString('latin1');
}

/** Whether the first line of the server is a reply, and whether further lines within 64 bytes could be. */
function isReply(head: StreamHead): 'yes' | 'maybe' | 'no' {
  const text = textAt(head);
  if (text === '') return 'maybe';
  if (!REPLY.test(text)) return head.length < PROBE && !head.complete && REPLY_SO_FAR.test(text) ? 'maybe' : 'no';
  // After simple strings and errors the next line must be a reply again.
  let rest = text;
  while (/^[+:-]/.test(rest)) {
    const end = rest.indexOf('\r\n');
    if (end < 0) return 'yes';
    rest = rest.slice(end + 2);
  }
  return rest === '' || /^[$*%~>_#,(=]/.test(rest) ? 'yes' : 'no';
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  const replied = isReply(server);
  if (replied === 'no') return Verdict.NO;
  const text = textAt(client);
  const command = COMMAND.exec(text);
  if (command !== null) {
    const cut = command[4] === '' && client.length < PROBE;
    if (cut) return client.complete ? Verdict.NO : Verdict.MORE;
    return Number(command[2]) === command[3].length ? Verdict.YES : Verdict.NO;
  }
  if (INLINE.test(text)) {
    if (server.length > 0 && replied === 'yes')
      return isOwnReply(server) ? Verdict.YES : server.complete || server.length >= PROBE ? Verdict.NO : Verdict.MORE;
    return server.complete ? Verdict.NO : Verdict.MORE;
  }
  if (client.length === 0) return client.complete && server.complete ? Verdict.NO : Verdict.MORE;
  const inlineSoFar = client.length < 48 && /^[A-Za-z]{1,8}(?: [^\r\n]*)?\r?$/.test(text);
  return !client.complete && (COMMAND_SO_FAR.test(text) || inlineSoFar) ? Verdict.MORE : Verdict.NO;
}

/** Replies that POP3 and others cannot give: no `+OK` and `-ERR` alone. */
function isOwnReply(server: StreamHead): boolean {
  return /^(?:\+PONG\r\n|-(?:NOAUTH|WRONGPASS|WRONGTYPE|NOPERM|MISCONF|LOADING|DENIED) |-ERR (?:unknown command|wrong number|invalid password|Client sent AUTH|AUTH |operation not)|[:*%~]-?\d+\r\n|\$(?:-1|\d+)\r\n|\+OK\r\n[:$*+-](?:-?\d+|PONG)\r\n)/i.test(
    textAt(server),
  );
}

class RedisSession implements StreamSession {
  confirmed = false;
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;
  private readonly lines = new LineReader();
  private readonly names: string[] = [];
  /** Elements that the open command still has, and the bytes of the open bulk string. */
  private elements = 0;
  private bulk = -1;
  private words: string[] = [];
  private commands = 0;
  private dead = false;

  constructor(context: SessionContext) {
    this.context = context;
    this.detail = context.facts.detail('redis');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const [client, server] = heads;
    while (!this.dead && this.step(client));
    this.detail.commands = this.names;
    this.detail.requests = this.commands;
    if (server.length > 3 && isReply(server) === 'yes') {
      this.confirmed = true;
      if (server.bytes[0] === 0x2d) {
        const reply = new LineReader();
        if (reply.next(server)) this.detail.error ??= asciiOf(server.bytes, reply.start + 1, reply.end, 128);
      }
    }
    if (this.dead && !this.confirmed) return Progress.BROKEN;
    return (this.dead || client.complete) && (server.complete || server.length >= PROBE) ? Progress.DONE : Progress.MORE;
  }

  /** One header line, or the bytes of one bulk string; false when more bytes are needed. */
  private step(head: StreamHead): boolean {
    if (this.bulk >= 0) return this.readBulk(head);
    if (!this.lines.next(head)) return false;
    const { start, end } = this.lines;
    const line = asciiOf(head.bytes, start, end, 512);
    if (this.elements === 0) {
      const count = /^\*(\d{1,7})$/.exec(line);
      if (count !== null) {
        this.elements = Math.min(Number(count[1]), MAX_ELEMENTS);
        this.words = [];
      } else if (/^[A-Za-z]{2,16}(?: |$)/.test(line)) this.onCommand(line.split(' ', 4));
      else if (line !== '') this.dead = true;
      return true;
    }
    const size = /^\$(\d{1,9})$/.exec(line);
    if (size === null || Number(size[1]) > MAX_BULK) this.dead = true;
    else this.bulk = Number(size[1]);
    return true;
  }

  private readBulk(head: StreamHead): boolean {
    const { at } = this.lines;
    if (at + this.bulk + 2 > head.length) return false;
    const bytes = head.bytes.subarray(at, at + Math.min(this.bulk, 256));
    if (head.bytes[at + this.bulk] !== 0x0d || head.bytes[at + this.bulk + 1] !== 0x0a) {
      this.dead = true;
      return true;
    }
    if (this.words.length < 4) this.words.push(textOf(bytes, 256));
    if (this.words.length === 1 && hasUnprintable(bytes)) this.dead = true;
    this.lines.at = at + this.bulk + 2;
    this.bulk = -1;
    this.elements--;
    if (this.elements === 0 && !this.dead) {
      this.confirmed = true;
      this.onCommand(this.words);
    }
    return true;
  }

  private onCommand(words: readonly string[]): void {
    const { detail } = this;
    const name = (words[0] ?? '').toUpperCase().slice(0, 32);
    this.commands++;
    if (this.names.length < MAX_COMMANDS && !this.names.includes(name)) this.names.push(name);
    const auth = name === 'AUTH' ? 1 : name === 'HELLO' && words[2]?.toUpperCase() === 'AUTH' ? 3 : 0;
    if (auth > 0) {
      this.context.facts.risks.add('cleartext_credentials');
      // With two arguments the first is the user; a single one is the password.
      if (auth === 3 || words.length > 2) detail.user ??= words[auth] ?? '';
    }
    if (name === 'HELLO' && words[1] !== undefined) detail.version ??= words[1].slice(0, 8);
    if (name === 'SELECT' && words[1] !== undefined) detail.database ??= words[1].slice(0, 16);
  }
}

export const redis: StreamDissector = {
  transport: 'tcp',
  protocol: 'redis',
  ports: [6379],
  probe: (heads) => probe([heads[CLIENT], heads[SERVER]]),
  open: (context) => new RedisSession(context),
};
