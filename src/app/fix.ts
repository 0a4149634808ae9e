/**
 * FIX (the FIX session layer): fields `tag=value` ended by SOH; every message begins with 8 (version), 9 (length of the body)
 * and 35 (type). Version `O` and `FIXCOMP` are what Interactive Brokers makes of it.
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
import { textOf } from './text.ts';

const PROBE = 64;
const SOH = '\x01';
/** With `|` for SOH. */
const MESSAGE = /^8=(?:FIXT?\.\d\.\d(?:SP\d)?|O)\|9=\d{1,9}\|35=[A-Za-z0-9]{1,3}\||^8=FIXCOMP\|9=\d{1,9}\|\D/;
const SO_FAR = /^(?:8|8=(?:O|F|FI|FIX[\w.]{0,8})?(?:\|(?:9|9=\d{0,9}(?:\|(?:3|35|35=[A-Za-z0-9]{0,3})?)?)?)?)?$/;
/** Fields of the first message that are read. */
const MAX_FIELDS = 64;
const LIMIT = 2048;
const KEPT: Readonly<Record<string, string>> = {
  '8': 'version',
  '35': 'type',
  '49': 'sender',
  '56': 'target',
  '50': 'sender_sub',
  '55': 'symbol',
};

function begins(head: StreamHead): 'yes' | 'maybe' | 'no' {
  const text = Buffer.from(head.bytes.subarray(0, Math.min(head.length, PROBE)))
    .toString('latin1')
    .replaceAll('|', ' ')
    .replaceAll(SOH, '|');
  if (MESSAGE.test(text)) return 'yes';
  return SO_FAR.test(text) && !head.complete ? 'maybe' : head.length === 0 ? 'maybe' : 'no';
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const client = begins(heads[CLIENT]);
  const server = begins(heads[SERVER]);
  if (client === 'no' || server === 'no') return Verdict.NO;
  if (client === 'yes' || server === 'yes') return Verdict.YES;
  return heads[CLIENT].complete && heads[SERVER].complete ? Verdict.NO : Verdict.MORE;
}

class FixSession implements StreamSession {
  confirmed = false;
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;
  private readonly done: [boolean, boolean] = [false, false];

  constructor(context: SessionContext) {
    this.context = context;
    this.detail = context.facts.detail('fix');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    // The client's first message names both ends; the server's is read for the same when the client was not seen.
    for (const side of [CLIENT, SERVER] as const) {
      if (!this.done[side] && heads[side].length > 0) this.done[side] = this.onMessage(heads[side]);
      if (heads[side].complete) this.done[side] = true;
    }
    return this.done[CLIENT] && this.done[SERVER] ? Progress.DONE : Progress.MORE;
  }

  /** True when the first message was there whole, or enough of it. */
  private onMessage(head: StreamHead): boolean {
    const text = Buffer.from(head.bytes.subarray(0, Math.min(head.length, LIMIT))).toString('latin1');
    const lengthField = text.indexOf(`${SOH}9=`);
    const bodyStart = text.indexOf(SOH, lengthField + 1) + 1;
    const size = Number.parseInt(text.slice(lengthField + 3, lengthField + 12), 10) || 0;
    if (lengthField < 0 || bodyStart <= 0) return false;
    if (head.length < Math.min(bodyStart + size, LIMIT) && !head.complete) return false;
    this.confirmed = true;
    for (const field of text.slice(0, bodyStart + size).split(SOH, MAX_FIELDS)) {
      const equals = field.indexOf('=');
      const tag = field.slice(0, equals);
      const name = KEPT[tag];
      if (name !== undefined) this.detail[name] ??= textOf(Buffer.from(field.slice(equals + 1), 'latin1'), 64);
      // RawData and Password of a logon.
      if (tag === '554') this.context.facts.risks.add('cleartext_credentials');
    }
    return true;
  }
}

export const fix: StreamDissector = {
  transport: 'tcp',
  protocol: 'fix',
  ports: [4000, 5001, 9876],
  probe,
  open: (context) => new FixSession(context),
};
