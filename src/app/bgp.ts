/** BGP-4: RFC 4271, with AS numbers of four bytes (RFC 6793) and shutdown messages (RFC 9003). */
import { ipv4Text } from './address-text.ts';
import { addDetail } from './detail.ts';
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME } from './framed-session.ts';
import { eitherSide } from './prefix.ts';
import { textOf } from './text.ts';

const MARKER_LENGTH = 16;
const HEADER_LENGTH = 19;
const PLAIN_MOST = 4096;
const OPEN = 1;
const UPDATE = 2;
const NOTIFICATION = 3;
const KEEPALIVE = 4;
const PARAMETER_CAPABILITIES = 2;
const CAPABILITY_FOUR_BYTE_AS = 65;
const CAPABILITY_LIMIT = 16;

const types = ['', 'open', 'update', 'notification', 'keepalive', 'route_refresh'];
/** Least length of each type; a KEEPALIVE has exactly its own. */
const least = [0, 29, 23, 21, HEADER_LENGTH, 23];
const errors = [
  '',
  'message_header',
  'open_message',
  'update_message',
  'hold_timer_expired',
  'finite_state_machine',
  'cease',
  'route_refresh',
];
const CEASE = 6;

const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];

/** Length of the message at `at`. Sixteen bytes of ones make sure that it is one. */
function messageLength(bytes: Uint8Array, at: number, end: number): number {
  const there = Math.min(end - at, MARKER_LENGTH);
  for (let i = 0; i < there; i++) if (bytes[at + i] !== 0xff) return NOT_A_FRAME;
  if (end - at < HEADER_LENGTH) return FRAME_UNKNOWN;
  const length = u16(bytes, at + MARKER_LENGTH);
  const type = bytes[at + 18];
  if (type === 0 || type >= types.length || length < least[type] || length > PLAIN_MOST * 16) return NOT_A_FRAME;
  return type === KEEPALIVE && length !== HEADER_LENGTH ? NOT_A_FRAME : length;
}

/** AS number of an OPEN: the one of four bytes where the capability is there. */
function openAs(frame: Uint8Array, capabilities: number[]): number {
  let as = u16(frame, 20);
  const end = Math.min(frame.length, 29 + frame[28]);
  for (let at = 29; at + 2 <= end; at += 2 + frame[at + 1]) {
    if (frame[at] !== PARAMETER_CAPABILITIES) continue;
    const stop = Math.min(at + 2 + frame[at + 1], end);
    for (let entry = at + 2; entry + 2 <= stop; entry += 2 + frame[entry + 1]) {
      if (capabilities.length < CAPABILITY_LIMIT) capabilities.push(frame[entry]);
      if (frame[entry] === CAPABILITY_FOUR_BYTE_AS && entry + 6 <= stop) as = ((u16(frame, entry + 2) << 16) | u16(frame, entry + 4)) >>> 0;
    }
  }
  return as;
}

class BgpSession extends FramedSession {
  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    return messageLength(bytes, at, end);
  }

  protected override onFrame(frame: Uint8Array, side: Side, whole: boolean): ProgressCode {
    this.confirmed = true;
    const { facts } = this.context;
    const detail = facts.detail('bgp');
    const type = frame[18];
    addDetail(detail, 'messages', types[type]);
    if (type === OPEN && whole) this.open(frame, side === CLIENT ? 'client' : 'server');
    else if (type === NOTIFICATION && whole) this.notification(frame);
    else if (type === UPDATE) detail.updates = Number(detail.updates ?? 0) + 1;
    return Progress.MORE;
  }

  private open(frame: Uint8Array, who: string): void {
    const { facts } = this.context;
    const detail = facts.detail('bgp');
    const capabilities: number[] = [];
    detail.version ??= frame[19];
    detail[`${who}_as`] ??= openAs(frame, capabilities);
    detail[`${who}_id`] ??= ipv4Text(frame, 24);
    detail[`${who}_hold_time`] ??= u16(frame, 22);
    if (capabilities.length > 0) detail[`${who}_capabilities`] ??= capabilities;
    if (29 + frame[28] !== frame.length && frame[28] !== 255) facts.risks.add('malformed_packet');
  }

  private notification(frame: Uint8Array): void {
    const { facts } = this.context;
    const detail = facts.detail('bgp');
    detail.error ??= errors[frame[19]] ?? `error${frame[19]}`;
    detail.error_subcode ??= frame[20];
    facts.risks.add('error_code_detected');
    // Administrative shutdown and reset may say why.
    const length = frame.length > 21 ? frame[21] : 0;
    if (frame[19] === CEASE && (frame[20] === 2 || frame[20] === 4) && length > 0 && 22 + length <= frame.length) {
      detail.reason ??= textOf(frame.subarray(22, 22 + length), 255);
    }
  }
}

function probeHead(head: StreamHead): VerdictCode {
  if (head.length === 0) return Verdict.MORE;
  const length = messageLength(head.bytes, 0, head.length);
  if (length === FRAME_UNKNOWN) return head.complete ? Verdict.NO : Verdict.MORE;
  return length > 0 ? Verdict.YES : Verdict.NO;
}

/** Both speakers are peers: each side may send anything. */
export const bgp: StreamDissector = {
  transport: 'tcp',
  protocol: 'bgp',
  ports: [179],
  probe(heads) {
    const client = probeHead(heads[CLIENT]);
    const server = probeHead(heads[SERVER]);
    return eitherSide(client, server);
  },
  open: (context) => new BgpSession(context),
};
