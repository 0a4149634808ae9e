/**
 * Dialogues of commands and replies of three digits: SMTP, FTP, NNTP. The server greets, then its n-th reply answers the
 * client's n-th command; a reply waits for its command, so that the order in which both sides arrive does not matter.
 */
import { CLIENT, Progress, type ProgressCode, SERVER, type StreamHead, type StreamSession, type Successor } from './dissector.ts';
import { asciiOf, isTextLine, LineReader, replyCode } from './lines.ts';

/** Commands that wait for their reply. */
const MAX_PENDING = 256;
/** Lines that are neither commands nor replies before the dialogue is given up. */
const MAX_ODD_LINES = 16;
/** A line that has not ended after so many bytes is no line of these protocols. */
const MAX_LINE = 8192;

export interface Command {
  /** In capitals, empty when the line does not begin with a word. */
  readonly word: string;
  readonly argument: string;
  /** Offset behind the line. */
  readonly end: number;
}

export interface Reply {
  readonly code: number;
  /** Text of the lines without codes, at most MAX_REPLY_LINES. */
  readonly lines: readonly string[];
  readonly end: number;
}

const MAX_REPLY_LINES = 32;

/** Collects the lines of one reply: `250-first`, `250 last`. */
class ReplyReader {
  broken = false;
  readonly lines = new LineReader();
  private code = 0;
  private texts: string[] = [];

  next(head: StreamHead): Reply | null {
    while (!this.broken && this.lines.next(head)) {
      const { start, end } = this.lines;
      const code = replyCode(head.bytes, end, start);
      const mark = start + 3 < end ? head.bytes[start + 3] : 0x20;
      const opens = code >= 100 && code < 600 && (mark === 0x20 || mark === 0x2d);
      if (this.code === 0 && !opens) {
        if (start === end) continue;
        this.broken = true;
        return null;
      }
      const last = opens && mark === 0x20 && (this.code === 0 || code === this.code);
      if (this.code === 0) this.code = code;
      if (this.texts.length < MAX_REPLY_LINES) this.texts.push(asciiOf(head.bytes, opens ? Math.min(start + 4, end) : start, end));
      if (!last) continue;
      const reply: Reply = { code: this.code, lines: this.texts, end: this.lines.at };
      this.code = 0;
      this.texts = [];
      return reply;
    }
    if (head.length - this.lines.at > MAX_LINE) this.broken = true;
    return null;
  }
}

export abstract class Dialogue implements StreamSession {
  confirmed = false;
  successor?: Successor;
  /** Set by a command whose reply decides what the next bytes of the client are. */
  protected waiting = false;
  /** Set when nothing more is wanted. */
  protected finished = false;
  private readonly client = new LineReader();
  private readonly server = new ReplyReader();
  private readonly pending: Command[] = [];
  private greeted = false;
  private odd = 0;
  private replies = 0;

  /** Reads one command of the client. */
  protected abstract onCommand(command: Command): void;
  /** Reads the greeting (no command), or the final reply to a command (null when the client's side is missing). */
  protected abstract onReply(reply: Reply, command: Command | null): void;

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    for (;;) {
      const asked = this.readCommands(heads[CLIENT]);
      const answered = this.readReplies(heads);
      if (this.successor !== undefined) return Progress.HAND_OVER;
      if (this.finished) return Progress.DONE;
      if (asked || answered) continue;
      if (this.waiting && this.serverEnded(heads[SERVER])) {
        // The reply will not be seen: what the client sends next shows what it was.
        if (this.startsTls(heads[CLIENT])) {
          this.successor = { offsets: [this.client.at, heads[SERVER].length === 0 ? 0 : this.server.lines.at] };
          return Progress.HAND_OVER;
        }
        this.waiting = false;
        continue;
      }
      break;
    }
    if (this.odd > MAX_ODD_LINES || (this.server.broken && this.replies === 0 && !this.confirmed)) return Progress.BROKEN;
    const clientEnded = heads[CLIENT].complete || heads[CLIENT].length - this.client.at > MAX_LINE;
    return clientEnded && this.serverEnded(heads[SERVER]) ? Progress.DONE : Progress.MORE;
  }

  /** TLS takes over behind this command and its reply. */
  protected handOver(command: Command | null, reply: Reply): void {
    this.successor = { offsets: [command?.end ?? 0, reply.end] };
  }

  private serverEnded(server: StreamHead): boolean {
    return server.complete || this.server.broken;
  }

  /** A TLS record where the next command would be. */
  private startsTls(client: StreamHead): boolean {
    const { at } = this.client;
    return at + 2 < client.length && client.bytes[at] === 0x16 && client.bytes[at + 1] === 3;
  }

  private readCommands(head: StreamHead): boolean {
    let any = false;
    while (!this.waiting && !this.finished && this.pending.length < MAX_PENDING && this.odd <= MAX_ODD_LINES && this.client.next(head)) {
      any = true;
      const { start, end, at } = this.client;
      let space = start;
      while (space < end && head.bytes[space] !== 0x20) space++;
      const word = space - start <= 16 && isWord(head.bytes, start, space) ? asciiOf(head.bytes, start, space).toUpperCase() : '';
      const argument = isTextLine(head.bytes, start, end) ? asciiOf(head.bytes, Math.min(space + 1, end), end) : '';
      if (!isTextLine(head.bytes, start, end)) this.odd++;
      const command: Command = { word, argument, end: at };
      this.pending.push(command);
      this.onCommand(command);
    }
    return any;
  }

  private readReplies(heads: readonly [StreamHead, StreamHead]): boolean {
    let any = false;
    while (
      this.successor === undefined &&
      (!this.greeted || this.pending.length > 0 || heads[CLIENT].complete || heads[CLIENT].length === 0)
    ) {
      const reply = this.server.next(heads[SERVER]);
      if (reply === null) break;
      any = true;
      this.replies++;
      if (!this.greeted) {
        this.greeted = true;
        this.onReply(reply, null);
        continue;
      }
      // Preliminary replies (1xx) announce another one to the same command.
      if (reply.code < 200) continue;
      this.waiting = false;
      this.onReply(reply, this.pending.shift() ?? null);
    }
    return any;
  }

  protected get greetingSeen(): boolean {
    return this.greeted;
  }
}

function isWord(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const letter = bytes[i] & 0xdf;
    if ((letter < 0x41 || letter > 0x5a) && bytes[i] !== 0x2d) return false;
  }
  return end > start;
}

/** How a first line of 64 bytes at most, `text`, begins: a whole word of `words`, perhaps one, or none. */
export function commandIn(text: string, ended: boolean, words: ReadonlySet<string>): 'yes' | 'maybe' | 'no' {
  const word = /^[A-Za-z-]{1,16}/.exec(text)?.[0] ?? '';
  const capitals = word.toUpperCase();
  if (word === '') return text === '' ? 'maybe' : 'no';
  if (text.length > word.length) return words.has(capitals) && (text[word.length] === ' ' || text[word.length] === ':') ? 'yes' : 'no';
  if (ended) return words.has(capitals) ? 'yes' : 'no';
  for (const known of words) if (known.startsWith(capitals)) return 'maybe';
  return 'no';
}
