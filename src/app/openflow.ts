/** OpenFlow 1.0 to 1.5 (Open Networking Foundation, "OpenFlow Switch Specification", section 7). */
import { addDetail } from './detail.ts';
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME } from './framed-session.ts';
import { hexOf } from './text.ts';

const HEADER_LENGTH = 8;
const HELLO = 0;
const ERROR = 1;
const FEATURES_REPLY = 6;
const LAST_VERSION = 6;

/** Names up to the point where the versions go different ways. */
const types = [
  'hello',
  'error',
  'echo_request',
  'echo_reply',
  'experimenter',
  'features_request',
  'features_reply',
  'get_config_request',
  'get_config_reply',
  'set_config',
  'packet_in',
  'flow_removed',
  'port_status',
  'packet_out',
  'flow_mod',
];
/** The last message type of versions 1.0, 1.1 … 1.5. */
const lastTypes = [0, 21, 23, 25, 29, 34, 35];
/** Bytes that a message of this type has at least. */
const least: Readonly<Record<number, number>> = { 1: 12, 5: 8, 6: 24, 8: 12, 9: 12 };

const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];

function messageLength(bytes: Uint8Array, at: number, end: number): number {
  if (at < end && (bytes[at] === 0 || bytes[at] > LAST_VERSION)) return NOT_A_FRAME;
  if (end - at < HEADER_LENGTH) return FRAME_UNKNOWN;
  const length = u16(bytes, at + 2);
  const type = bytes[at + 1];
  return type > lastTypes[bytes[at]] || length < (least[type] ?? HEADER_LENGTH) ? NOT_A_FRAME : length;
}

class OpenFlowSession extends FramedSession {
  private count = 0;

  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    return messageLength(bytes, at, end);
  }

  protected override onFrame(frame: Uint8Array, _side: 0 | 1, whole: boolean): ProgressCode {
    const { facts } = this.context;
    const detail = facts.detail('openflow');
    const type = frame[1];
    // Both sides offer their highest version; the lower one is spoken.
    const version = `1.${frame[0] - 1}`;
    if (detail.version === undefined || version < String(detail.version)) detail.version = version;
    addDetail(detail, 'messages', types[type] ?? `type${type}`);
    if (type === ERROR) facts.risks.add('error_code_detected');
    if (type === FEATURES_REPLY && whole && frame.length >= 16) detail.datapath ??= hexOf(frame.subarray(8, 16));
    if (++this.count > 1) this.confirmed = true;
    return Progress.MORE;
  }
}

/** Starts with a HELLO: bare, or with one element of version bits. Zero bytes when that cannot be told yet. */
function helloLength(head: StreamHead): number {
  const { bytes } = head;
  const length = messageLength(bytes, 0, head.length);
  if (length <= 0) return length;
  if (bytes[1] !== HELLO) return NOT_A_FRAME;
  if (length === HEADER_LENGTH) return length;
  if (length < 16 || length > 64) return NOT_A_FRAME;
  if (head.length < 12) return FRAME_UNKNOWN;
  return u16(bytes, 8) === 1 && u16(bytes, 10) <= length - HEADER_LENGTH && u16(bytes, 10) >= 8 ? length : NOT_A_FRAME;
}

/** Eight bytes of HELLO prove little: a second message behind it does, or the HELLO of the other side. */
function probeHead(head: StreamHead): VerdictCode {
  const length = helloLength(head);
  if (length === FRAME_UNKNOWN) return Verdict.MORE;
  if (length < 0) return Verdict.NO;
  if (length > HEADER_LENGTH) return Verdict.YES;
  const next = messageLength(head.bytes, length, Math.min(head.length, 64));
  if (next < 0) return Verdict.NO;
  if (next === FRAME_UNKNOWN) return Verdict.MORE;
  // Nobody says hello twice.
  return head.bytes[length + 1] === HELLO ? Verdict.NO : Verdict.YES;
}

/** Requests whose answer has the next number: echo, features, configuration; statistics and barriers, which 1.1 renumbered. */
const asked = (version: number, type: number) =>
  type === 2 || type === 5 || type === 7 || type === 18 || type === (version === 1 ? 16 : 20);

/** A connection that was there before: one side's first message answers the other's, with its version and transaction id. */
function isExchange(left: StreamHead, right: StreamHead): boolean {
  if (messageLength(left.bytes, 0, left.length) <= 0 || messageLength(right.bytes, 0, right.length) <= 0) return false;
  for (let i = 4; i < HEADER_LENGTH; i++) if (left.bytes[i] !== right.bytes[i]) return false;
  const [first, second] = left.bytes[1] < right.bytes[1] ? [left, right] : [right, left];
  return first.bytes[0] === second.bytes[0] && second.bytes[1] === first.bytes[1] + 1 && asked(first.bytes[0], first.bytes[1]);
}

/** May still become the half of an exchange. */
function canExchange(head: StreamHead): boolean {
  if (head.length === 0) return !head.complete;
  const length = messageLength(head.bytes, 0, head.length);
  return length === FRAME_UNKNOWN ? !head.complete : length > 0 && head.bytes[1] > 1;
}

export const openflow: StreamDissector = {
  transport: 'tcp',
  protocol: 'openflow',
  ports: [6653, 6633],
  probe(heads) {
    const verdicts = [CLIENT, SERVER].map((side) => (heads[side].length === 0 ? Verdict.MORE : probeHead(heads[side])));
    if (isExchange(heads[CLIENT], heads[SERVER])) return Verdict.YES;
    if (verdicts.includes(Verdict.NO)) return canExchange(heads[CLIENT]) && canExchange(heads[SERVER]) ? Verdict.MORE : Verdict.NO;
    const both = heads[CLIENT].length >= HEADER_LENGTH && heads[SERVER].length >= HEADER_LENGTH;
    return both || verdicts.includes(Verdict.YES) ? Verdict.YES : Verdict.MORE;
  },
  open: (context) => new OpenFlowSession(context),
};
