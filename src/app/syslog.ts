/**
 * Syslog over UDP (RFC 5426) and TCP (RFC 6587, octet counting or lines): `<PRI>` from 0 to 191 without leading zeros, then
 * what RFC 5424 or RFC 3164 demand, or the forms of devices that follow neither, recognised by a second mark.
 */
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
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
import { isTextLine } from './lines.ts';
import { textOf } from './text.ts';

/** How much of a message is looked at. */
const LOOK = 160;
const PROBE = 64;
const PRI = /^<(0|[1-9]\d{0,2})>/;
const MONTH = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
/** Version, time stamp or nil, host or nil. */
const MODERN = /^1 (?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)|-) [!-~]/;
const TRADITIONAL = new RegExp(`^ ?(?:${MONTH}) [ \\d]\\d (?:\\d{4} )?\\d\\d:\\d\\d:\\d\\d`);
/** Cisco: a sequence number, perhaps a name, a time or XML; or the message without a time. */
const CISCO = new RegExp(
  `^\\d{1,10}: (?:[\\w.-]{1,64}: )?(?:\\[syslog@\\d+ |<ios-log-msg>|[*.]?(?:${MONTH}) [ \\d]\\d |\\d{1,2}w\\dd: |\\d\\d:\\d\\d:\\d\\d: |%[A-Z])|^(?:[\\w.-]{1,64}: )?%[A-Z0-9_]{2,40}-(?:[A-Z0-9_]{1,40}-)?[0-7]-[A-Z0-9_]{2,}:`,
);
/** A date of another form, or `key=value` pairs that begin with one. */
const DATED = /^ ?(?:\d{1,10} )?(?:date=)?(?:\d{4}-\d\d-\d\d|\d\d\/\d\d\/\d{4}|\d{4}\/\d\d\/\d\d)[T -]?(?: ?time=)?\d{0,2}/;
/** A tag with a process id, or one that is followed by text: the weakest form. */
const TAGGED = /^ ?[\w./-]{2,48}(?:\[\d{1,10}\]|\(\w+\)\[\d+\]): [ -~]|^ ?[A-Za-z][\w.-]{1,47}: [A-Za-z][ -~]{8}/;
const SEVERITIES = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'informational', 'debug'];

type Form = 'rfc5424' | 'rfc3164' | 'cisco' | 'dated' | 'tagged';

interface Message {
  pri: number;
  form: Form;
  rest: string;
}

/** Null when `text` is no message. */
function parse(text: string): Message | null {
  const pri = PRI.exec(text);
  if (pri === null || Number(pri[1]) > 191) return null;
  const rest = text.slice(pri[0].length);
  const form: Form | null = MODERN.test(rest)
    ? 'rfc5424'
    : TRADITIONAL.test(rest)
      ? 'rfc3164'
      : CISCO.test(rest)
        ? 'cisco'
        : DATED.test(rest)
          ? 'dated'
          : TAGGED.test(rest)
            ? 'tagged'
            : null;
  return form === null ? null : { pri: Number(pri[1]), form, rest };
}

function note(facts: AppFacts, message: Message): void {
  const detail = facts.detail('syslog');
  detail.messages = ((detail.messages as number | undefined) ?? 0) + 1;
  if (detail.form !== undefined) return;
  detail.form = message.form;
  detail.facility = message.pri >> 3;
  detail.severity = SEVERITIES[message.pri & 7];
  const words = message.rest.trimStart().split(/ +/, 6);
  if (message.form === 'rfc5424') {
    if (words[2] !== undefined && words[2] !== '-') detail.host = words[2];
    if (words[3] !== undefined && words[3] !== '-') detail.program = words[3];
  } else if (message.form === 'rfc3164') {
    const named = /^ ?\w{3} [ \d]\d (?:\d{4} )?[\d:]{8}(?:\.\d+)?:? +([\w.:-]{1,64}) +([\w./-]{1,48})(?:\[\d+\])?:/.exec(message.rest);
    if (named !== null) {
      detail.host = named[1];
      detail.program = named[2];
    }
  } else if (message.form === 'tagged') detail.program = /^ ?([\w./-]{1,48})/.exec(message.rest)?.[1] ?? '';
}

function probeDatagrams(datagrams: readonly Datagram[]): VerdictCode {
  let weak = 0;
  for (const { bytes } of datagrams) {
    if (bytes.length < 8 || bytes[0] !== 0x3c) return Verdict.NO;
    const text = textOf(bytes.subarray(0, LOOK), LOOK);
    const message = parse(text);
    if (message === null) return Verdict.NO;
    // Without a date the whole message must at least be text.
    if (message.form !== 'tagged') return Verdict.YES;
    if (!isTextLine(bytes, 0, bytes.length - trailing(bytes))) return Verdict.NO;
    weak++;
    if (/\[\d{1,10}\]: /.test(message.rest) || weak >= 2) return Verdict.YES;
  }
  return Verdict.MORE;
}

/** Line ends and NULs behind the message. */
function trailing(bytes: Uint8Array): number {
  let count = 0;
  while (
    count < bytes.length &&
    (bytes[bytes.length - 1 - count] === 0x0a || bytes[bytes.length - 1 - count] === 0x0d || bytes[bytes.length - 1 - count] === 0)
  )
    count++;
  return count;
}

class SyslogDatagrams implements DatagramSession {
  confirmed = true;
  private readonly context: SessionContext;
  private count = 0;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance({ bytes }: Datagram): boolean {
    const message = parse(textOf(bytes.subarray(0, LOOK), LOOK));
    if (message !== null) note(this.context.facts, message);
    return ++this.count >= 4;
  }
}

/** Octet count of RFC 6587 in front, then the message. */
const COUNTED = /^([1-9]\d{0,4}) (?=<)/;

function probeStream(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  if (client.length === 0) return client.complete ? Verdict.NO : Verdict.MORE;
  // Receivers say nothing (RELP and RFC 3195 have their own frames).
  if (server.length > 0) return Verdict.NO;
  const text = Buffer.from(client.bytes.subarray(0, Math.min(client.length, PROBE)))
    .toString('latin1')
    .replace(COUNTED, '');
  const message = parse(text);
  if (message !== null && message.form !== 'tagged') return Verdict.YES;
  const over = client.complete || client.length >= PROBE;
  if (over) return Verdict.NO;
  return /^(?:[1-9]\d{0,4} ?)?(?:<(?:\d{0,3}(?:>.*)?)?)?$/s.test(text) ? Verdict.MORE : Verdict.NO;
}

class SyslogStream implements StreamSession {
  confirmed = false;
  private readonly context: SessionContext;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const client = heads[CLIENT];
    if (client.length < LOOK && !client.complete) return Progress.MORE;
    const text = textOf(client.bytes.subarray(0, Math.min(client.length, LOOK)), LOOK);
    const message = parse(text.replace(COUNTED, ''));
    if (message === null || heads[SERVER].length > 0) return Progress.BROKEN;
    this.confirmed = true;
    this.context.facts.detail('syslog').octet_counting = COUNTED.test(text);
    note(this.context.facts, message);
    return Progress.DONE;
  }
}

export const syslogUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'syslog',
  ports: [514],
  probe: probeDatagrams,
  open: (context) => new SyslogDatagrams(context),
};

export const syslogTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'syslog',
  ports: [514, 601],
  probe: probeStream,
  open: (context) => new SyslogStream(context),
};
