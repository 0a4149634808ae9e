/** DNS over UDP and TCP: RFC 1035, RFC 7766. What a message means is in `dns-conversation.ts`. */
import {
  CLIENT,
  type DatagramDissector,
  type FlowPorts,
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
import { DnsConversation, DnsDatagramSession } from './dns-conversation.ts';
import { bits16, FLAG_RECURSION_DESIRED, FLAG_RESPONSE, HEADER_LENGTH } from './dns-message.ts';
import { type DnsShape, isNetbiosName, isPlainQuery, shapeOf } from './dns-shape.ts';
import { eitherSide } from './prefix.ts';

const PORT = 53;
const LLMNR_PORT = 5355;
const MDNS_PORT = 5353;
const CLASS_IN = 1;

/** Multicast DNS by its habits: id 0 without recursion and a name under `local`; on its port whatever is not a resolver's talk. */
export function isMulticastDns(shape: DnsShape, ports: FlowPorts): boolean {
  const recursive = (shape.bits & FLAG_RECURSION_DESIRED) !== 0;
  if (shape.id === 0 && !recursive && (shape.local || shape.marked)) return true;
  return (ports.serverPort === MDNS_PORT || ports.clientPort === MDNS_PORT) && (!recursive || shape.local);
}

/**
 * LLMNR (RFC 4795) looks like DNS with other meanings of three header bits; nothing else tells them apart, so the port
 * has to help here.
 */
export function isLinkLocal(shape: DnsShape, ports: FlowPorts): boolean {
  if (ports.serverPort !== LLMNR_PORT && ports.clientPort !== LLMNR_PORT) return false;
  if (shape.questions !== 1 || (shape.bits & 0x78f0) !== 0) return false;
  // What is "recursion desired" in DNS means "tentative" here, and only answers have it; some senders set it all the same.
  return shape.response || (shape.bits & FLAG_RECURSION_DESIRED) === 0 || shape.local || shape.labels === 1;
}

/** True when the message in [start, end) is DNS proper, sent by `side`. */
function isDns(bytes: Uint8Array, start: number, end: number, side: Side, ports: FlowPorts): boolean {
  if (isNetbiosName(bytes, start + HEADER_LENGTH, end)) return false;
  const shape = shapeOf(bytes, start, end);
  if (shape === null || shape.response !== (side === SERVER) || shape.questions > 4) return false;
  if (isMulticastDns(shape, ports) || isLinkLocal(shape, ports)) return false;
  if (!shape.response && !isPlainQuery(bytes, start, shape)) return false;
  // A damaged message must at least ask for something that people ask for.
  return shape.whole || (shape.printable && shape.labels > 0 && shape.qtype < 300);
}

export const dnsUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'dns',
  ports: [PORT],
  probe(datagrams, ports) {
    const { bytes, side } = datagrams[datagrams.length - 1];
    if (isDns(bytes, 0, bytes.length, side, ports)) return Verdict.YES;
    // Resolvers drop rubbish and go on: where DNS is usual, a first datagram that is none settles nothing.
    return ports.serverPort === PORT ? Verdict.MORE : Verdict.NO;
  },
  open: (context) => new DnsDatagramSession(context, { unpaired: false, local: false, stream: false }),
};

const PREFIX = 2;
/** What the probe looks at. */
const PROBE_LIMIT = 64;

/** The head of one side of a stream; `complete` ones that end too early are no DNS. */
function probeHead(head: StreamHead, side: Side, ports: FlowPorts): VerdictCode {
  const { bytes, length, complete } = head;
  const short = complete ? Verdict.NO : Verdict.MORE;
  if (length < PREFIX) return short;
  const size = bits16(bytes, 0);
  if (size < HEADER_LENGTH + 5) return Verdict.NO;
  if (length >= PREFIX + 4 && ((bits16(bytes, 4) & FLAG_RESPONSE) !== 0) !== (side === SERVER)) return Verdict.NO;
  if (length >= PREFIX + size) return isDns(bytes, PREFIX, PREFIX + size, side, ports) ? Verdict.YES : Verdict.NO;
  if (length < PREFIX + HEADER_LENGTH) return short;
  const bits = bits16(bytes, 4);
  if (bits16(bytes, 6) !== 1 || (bits & 0x7840) !== 0 || (side === CLIENT && (bits16(bytes, 8) | bits16(bytes, 10)) !== 0))
    return Verdict.NO;
  if (isNetbiosName(bytes, PREFIX + HEADER_LENGTH, length)) return Verdict.NO;
  return probeQuestion(bytes, length, short);
}

/** The question of a message that is not there in full: at least one label of printable characters, then type and class. */
function probeQuestion(bytes: Uint8Array, length: number, short: VerdictCode): VerdictCode {
  const end = Math.min(length, PROBE_LIMIT);
  let at = PREFIX + HEADER_LENGTH;
  while (at < end && bytes[at] !== 0) {
    if (bytes[at] > 63) return Verdict.NO;
    const stop = Math.min(at + 1 + bytes[at], end);
    for (let i = at + 1; i < stop; i++) if (bytes[i] <= 0x20 || bytes[i] > 0x7e) return Verdict.NO;
    at += 1 + bytes[at];
  }
  if (at + 5 <= end) return bits16(bytes, at + 1) < 300 && bits16(bytes, at + 3) === CLASS_IN ? Verdict.YES : Verdict.NO;
  return length >= PROBE_LIMIT ? Verdict.YES : short;
}

class DnsTcpSession implements StreamSession {
  confirmed = false;
  private readonly conversation: DnsConversation;
  private readonly at: [number, number] = [0, 0];

  constructor(context: SessionContext) {
    this.conversation = new DnsConversation(context, { unpaired: false, local: false, stream: true });
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    for (const side of [CLIENT, SERVER] as const) {
      const head = heads[side];
      while (head.length - this.at[side] >= PREFIX) {
        const start = this.at[side] + PREFIX;
        const size = bits16(head.bytes, this.at[side]);
        if (size < HEADER_LENGTH) return this.confirmed ? Progress.DONE : Progress.BROKEN;
        // The last message of a head that grows no more is read as far as it is there.
        const end = Math.min(start + size, head.length);
        if (end < start + size && !head.complete) break;
        if (this.conversation.read(head.bytes, start, end) && end === start + size) this.confirmed = true;
        this.at[side] = end;
      }
    }
    return heads[CLIENT].complete && heads[SERVER].complete ? Progress.DONE : Progress.MORE;
  }

  finish(): void {
    this.conversation.finish();
  }
}

export const dnsTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'dns',
  ports: [PORT],
  probe(heads, ports) {
    const of = (side: Side) => (heads[side].length === 0 ? Verdict.MORE : probeHead(heads[side], side, ports));
    return eitherSide(of(CLIENT), of(SERVER));
  },
  open: (context) => new DnsTcpSession(context),
};
