/**
 * Telnet (RFC 854, 855): told by its option negotiation, IAC with WILL, WONT, DO or DONT and a registered option, or a
 * subnegotiation. Two of them in a row begin no other stream; one on each side is as good.
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
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { DetailValue } from './facts.ts';
import { hexNumber, textOf } from './text.ts';

const IAC = 255;
const SB = 250;
const SE = 240;
const WILL = 251;
const DONT = 254;
/** Options of the IANA registry: 0-49, 138-140, 255; those of MUDs up to 93 and 200, 201. */
const isOption = (option: number) =>
  option <= 49 || (option >= 69 && option <= 93) || (option >= 138 && option <= 140) || option === 200 || option === 201 || option === 255;

const OPTION_NAMES: Readonly<Record<number, string>> = {
  0: 'binary',
  1: 'echo',
  3: 'suppress_go_ahead',
  5: 'status',
  6: 'timing_mark',
  24: 'terminal_type',
  31: 'window_size',
  32: 'terminal_speed',
  33: 'remote_flow_control',
  34: 'linemode',
  35: 'x_display',
  36: 'environ',
  37: 'authentication',
  38: 'encryption',
  39: 'new_environ',
  40: 'tn3270e',
};
const PROBE = 64;
const MAX_OPTIONS = 32;
/** Bytes of a subnegotiation. */
const MAX_SUB = 512;
/** How much of the server's text is searched for prompts. */
const MAX_TEXT = 4096;

/** Length of the Telnet command at `at`: 0 when it is not there whole, -1 when it is none. */
function commandAt(bytes: Uint8Array, length: number, at: number): number {
  if (bytes[at] !== IAC) return -1;
  if (at + 1 >= length) return 0;
  const command = bytes[at + 1];
  if (command >= WILL && command <= DONT) {
    if (at + 2 >= length) return 0;
    return isOption(bytes[at + 2]) ? 3 : -1;
  }
  if (command !== SB) return command > SE && command < SB ? 2 : -1;
  if (at + 2 < length && !isOption(bytes[at + 2])) return -1;
  const end = Math.min(length - 1, at + MAX_SUB);
  for (let i = at + 3; i < end; i++) if (bytes[i] === IAC && bytes[i + 1] === SE) return i + 2 - at;
  return end === length - 1 ? 0 : -1;
}

/** Negotiations at the very beginning; -1 when the head begins otherwise. */
function negotiations(head: StreamHead): number {
  const length = Math.min(head.length, PROBE);
  let at = 0;
  let count = 0;
  while (at < length && head.bytes[at] === IAC) {
    const size = commandAt(head.bytes, length, at);
    if (size < 0) return -1;
    if (size === 0) break;
    if (size !== 2) count++;
    at += size;
  }
  return head.length > 0 && head.bytes[0] !== IAC ? -1 : count;
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const client = negotiations(heads[CLIENT]);
  const server = negotiations(heads[SERVER]);
  // One side may begin with text; bytes that are neither negotiation nor text are not Telnet.
  const odd = (head: StreamHead, count: number) => count < 0 && (head.bytes[0] === IAC || head.bytes[0] === 0x16 || head.bytes[0] >= 0x80);
  if (odd(heads[CLIENT], client) || odd(heads[SERVER], server)) return Verdict.NO;
  if (client >= 2 || server >= 2 || (client >= 1 && server >= 1)) return Verdict.YES;
  if (client < 0 && server < 0) return Verdict.NO;
  return heads[CLIENT].complete && heads[SERVER].complete ? Verdict.NO : Verdict.MORE;
}

class TelnetSession implements StreamSession {
  confirmed = false;
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;
  private readonly at: [number, number] = [0, 0];
  private readonly options: [string[], string[]] = [[], []];
  private text = '';
  private count = 0;

  constructor(context: SessionContext) {
    this.context = context;
    this.detail = context.facts.detail('telnet');
    context.facts.risks.add('unsafe_protocol');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    this.readSide(heads[CLIENT], CLIENT);
    this.readSide(heads[SERVER], SERVER);
    return heads[CLIENT].complete && heads[SERVER].complete ? Progress.DONE : Progress.MORE;
  }

  private readSide(head: StreamHead, side: Side): void {
    const { bytes, length } = head;
    while (this.at[side] < length) {
      const at = this.at[side];
      if (bytes[at] !== IAC) {
        if (side === SERVER) this.onText(bytes[at]);
        this.at[side]++;
        continue;
      }
      const size = commandAt(bytes, length, at);
      if (size === 0) return;
      this.at[side] += size < 0 ? 2 : size;
      if (size >= 3) this.onOption(bytes, at, size, side);
    }
  }

  private onOption(bytes: Uint8Array, at: number, size: number, side: Side): void {
    this.count++;
    if (this.count >= 2) this.confirmed = true;
    const option = bytes[at + 2];
    const command = bytes[at + 1];
    if (command === SB) {
      // IS, then the name of the terminal (RFC 1091).
      if (option === 24 && side === CLIENT && bytes[at + 3] === 0 && size > 6)
        this.detail.terminal = textOf(bytes.subarray(at + 4, at + size - 2), 64);
      return;
    }
    const list = this.options[side];
    const name = `${['will', 'wont', 'do', 'dont'][command - WILL]} ${OPTION_NAMES[option] ?? hexNumber(option, 2)}`;
    if (list.length < MAX_OPTIONS && !list.includes(name)) list.push(name);
    this.detail[side === CLIENT ? 'client_options' : 'server_options'] = list;
  }

  /** A password prompt in clear: what is typed next is a secret in clear. */
  private onText(byte: number): void {
    if (this.text.length >= MAX_TEXT || byte === 0) return;
    this.text += String.fromCharCode(byte);
    if (byte !== 0x3a) return;
    if (/pass(?:word|wort|code):$|mot de passe ?:$/i.test(this.text.slice(-24))) {
      this.detail.password_prompt = true;
      this.context.facts.risks.add('cleartext_credentials');
    }
  }
}

export const telnet: StreamDissector = {
  transport: 'tcp',
  protocol: 'telnet',
  ports: [23, 2323],
  probe,
  open: (context) => new TelnetSession(context),
};
