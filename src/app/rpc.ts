/**
 * ONC RPC (RFC 5531) over TCP with record marking (section 11) and over UDP. The label is `nfs` once a call to program 100003 was seen.
 */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME } from './framed-session.ts';
import type { ProtocolName } from './protocols.ts';
import { CALL_BYTES, callAt, REPLY_BYTES, RpcFacts, replyAt } from './rpc-call.ts';

const MARK_BYTES = 4;
const MAX_FRAGMENT_BYTES = 0x400000;
const ENOUGH_CALLS = 64;

function fragmentBytes(bytes: Uint8Array, at: number): number {
  return new Cursor(bytes, at).u32() & 0x7fffffff;
}

class RpcStreamSession extends FramedSession {
  readonly #collected: RpcFacts;
  #calls = 0;
  /** The next fragment of this side goes on with a message that has begun. */
  readonly #inside = [false, false];

  constructor(context: SessionContext) {
    super(context);
    this.#collected = new RpcFacts(context.facts);
  }

  get label(): ProtocolName {
    return this.#collected.label;
  }

  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < MARK_BYTES) return FRAME_UNKNOWN;
    const size = fragmentBytes(bytes, at);
    return size > MAX_FRAGMENT_BYTES || size === 0 ? NOT_A_FRAME : MARK_BYTES + size;
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    const goesOn = this.#inside[side];
    this.#inside[side] = frame[0] < 0x80;
    if (goesOn) return Progress.MORE;
    const message = frame.subarray(MARK_BYTES);
    if (side === SERVER) {
      this.confirmed ||= replyAt(message, 0, message.length) !== null;
      return Progress.MORE;
    }
    // A server may call back on the same connection: other messages than calls are let pass.
    const call = callAt(message, 0, message.length, Number.MAX_SAFE_INTEGER);
    if (call === null) return Progress.MORE;
    this.#collected.add(call, message);
    return ++this.#calls >= ENOUGH_CALLS ? Progress.DONE : Progress.MORE;
  }
}

function callVerdict({ bytes, length }: StreamHead): VerdictCode {
  const end = Math.min(length, 64);
  if (end > 0 && bytes[0] !== 0x80 && bytes[0] !== 0) return Verdict.NO;
  if (end < MARK_BYTES + CALL_BYTES) {
    // The type of the message and the version say most: ask them as soon as they are there.
    if (end >= MARK_BYTES + 12 && new Cursor(bytes, MARK_BYTES + 4).u32() + new Cursor(bytes, MARK_BYTES + 8).u32() !== 2)
      return Verdict.NO;
    return Verdict.MORE;
  }
  const size = fragmentBytes(bytes, 0);
  if (size > MAX_FRAGMENT_BYTES) return Verdict.NO;
  return callAt(bytes, MARK_BYTES, end, size) === null ? Verdict.NO : Verdict.YES;
}

/** A reply is mostly zeros: it only supports a call. */
function replyVerdict({ bytes, length }: StreamHead): VerdictCode {
  if (length === 0) return Verdict.MORE;
  if (length < MARK_BYTES + REPLY_BYTES) return bytes[0] === 0x80 || bytes[0] === 0 ? Verdict.MORE : Verdict.NO;
  return replyAt(bytes, MARK_BYTES, Math.min(length, 64)) === null ? Verdict.NO : Verdict.YES;
}

export const rpcTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'rpc',
  ports: [111, 2049],
  probe([client, server]) {
    const asked = client.length === 0 ? Verdict.MORE : callVerdict(client);
    const answered = replyVerdict(server);
    if (asked === Verdict.NO || answered === Verdict.NO) return Verdict.NO;
    if (asked === Verdict.YES) return Verdict.YES;
    return client.complete ? Verdict.NO : Verdict.MORE;
  },
  open: (context) => new RpcStreamSession(context),
};

const callOf = ({ bytes }: Datagram) => callAt(bytes, 0, bytes.length, bytes.length);

class RpcDatagramSession implements DatagramSession {
  confirmed = false;
  readonly #collected: RpcFacts;
  #seen = 0;

  constructor(context: SessionContext) {
    this.#collected = new RpcFacts(context.facts);
  }

  get label(): ProtocolName {
    return this.#collected.label;
  }

  advance(datagram: Datagram): boolean {
    const { side, bytes } = datagram;
    const call = side === CLIENT ? callOf(datagram) : null;
    if (call !== null) this.#collected.add(call, bytes);
    else if (side === SERVER && replyAt(bytes, 0, bytes.length) !== null) this.confirmed = true;
    return ++this.#seen >= ENOUGH_CALLS;
  }
}

export const rpcUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'rpc',
  ports: [111, 2049],
  probe(datagrams) {
    const [first] = datagrams;
    if (first.side === CLIENT) return callOf(first) === null ? Verdict.NO : Verdict.YES;
    // The answer came first: only the call that it belongs to makes it RPC.
    const xid = replyAt(first.bytes, 0, first.bytes.length);
    if (xid === null) return Verdict.NO;
    return datagrams.some((datagram) => datagram.side === CLIENT && callOf(datagram) !== null) ? Verdict.YES : Verdict.MORE;
  },
  open: (context) => new RpcDatagramSession(context),
};
