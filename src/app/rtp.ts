/**
 * RTP and RTCP (RFC 3550), encrypted (RFC 3711) or not. A header of RTP is twelve bytes without any constant, so a run of
 * datagrams must agree: one source, sequence numbers that go up, a payload type that exists, timestamps that go forward.
 */

import { addDetail } from './detail.ts';
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  SERVER,
  type SessionContext,
  type Side,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { type RtcpPacket, RtcpType, type RtpPacket, readRtcp, readRtp } from './rtp-packet.ts';
import { hexNumber, textOf } from './text.ts';

/** Datagrams that prove RTP. */
const RUN_LENGTH = 3;
/** Lost or overtaken packets between two that were seen. */
const SEQUENCE_GAP = 16;
/** Ticks between neighbours: twenty seconds of a 90 kHz clock; frames out of order go back a little. */
const FORWARD_TICKS = 1_800_000;
const BACKWARD_TICKS = 90_000;

function follows(last: RtpPacket, next: RtpPacket): boolean {
  const step = (next.sequence - last.sequence) & 0xffff;
  const ticks = (next.timestamp - last.timestamp) | 0;
  return step > 0 && step <= SEQUENCE_GAP && ticks >= -BACKWARD_TICKS && ticks <= FORWARD_TICKS;
}

interface Run {
  /** Datagrams that follow each other; 0 when one does not. */
  readonly length: number;
  readonly payloadType: number;
}

/** The datagrams of a side that have the source of its newest one. */
function runOf(datagrams: readonly Datagram[], side: Side): Run {
  const packets: RtpPacket[] = [];
  for (const datagram of datagrams) {
    const packet = datagram.side === side ? readRtp(datagram.bytes) : null;
    if (packet !== null) packets.push(packet);
  }
  let last: RtpPacket | null = null;
  let length = 0;
  for (const packet of packets) {
    if (packet.ssrc !== packets[packets.length - 1].ssrc) continue;
    // The same datagram twice is a matter of the network.
    if (last !== null && last.sequence === packet.sequence && last.timestamp === packet.timestamp) continue;
    if (last !== null && !follows(last, packet)) return { length: 0, payloadType: -1 };
    last = packet;
    length++;
  }
  return { length, payloadType: last?.payloadType ?? -1 };
}

/** A run of one side, or one that is shorter by one with an answer of the same kind. */
function provesRtp(client: Run, server: Run): boolean {
  if (Math.max(client.length, server.length) >= RUN_LENGTH) return true;
  return (
    client.length + server.length >= RUN_LENGTH && Math.min(client.length, server.length) > 0 && client.payloadType === server.payloadType
  );
}

/** An empty stream of numbers: sequence, time and source all zero or the payload type never the same. */
function isDegenerate(packet: RtpPacket): boolean {
  return packet.ssrc === 0 && packet.timestamp === 0;
}

function probeRtp(datagrams: readonly Datagram[]): VerdictCode {
  const newest = datagrams[datagrams.length - 1];
  const packet = readRtp(newest.bytes);
  if (packet === null) return readRtcp(newest.bytes) !== null || datagrams.length > 1 ? Verdict.MORE : Verdict.NO;
  if (isDegenerate(packet)) return Verdict.NO;
  const strangers = datagrams.filter(({ bytes }) => readRtp(bytes) === null && readRtcp(bytes) === null).length;
  const proved = provesRtp(runOf(datagrams, CLIENT), runOf(datagrams, SERVER));
  return strangers <= 1 && proved ? Verdict.YES : Verdict.MORE;
}

const staticTypes = new Map<number, string>([
  [0, 'PCMU'],
  [3, 'GSM'],
  [4, 'G723'],
  [5, 'DVI4'],
  [6, 'DVI4'],
  [7, 'LPC'],
  [8, 'PCMA'],
  [9, 'G722'],
  [10, 'L16'],
  [11, 'L16'],
  [12, 'QCELP'],
  [13, 'CN'],
  [14, 'MPA'],
  [15, 'G728'],
  [16, 'DVI4'],
  [17, 'DVI4'],
  [18, 'G729'],
  [25, 'CelB'],
  [26, 'JPEG'],
  [28, 'nv'],
  [31, 'H261'],
  [32, 'MPV'],
  [33, 'MP2T'],
  [34, 'H263'],
]);
const RTP_DATAGRAMS = 24;

class RtpSession implements DatagramSession {
  readonly #facts: AppFacts;
  #left = RTP_DATAGRAMS;
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
  }

  advance({ bytes }: Datagram): boolean {
    const section = this.#facts.detail('rtp');
    const packet = readRtp(bytes);
    if (packet !== null) {
      addDetail(section, 'payload_types', packet.payloadType);
      const encoding = staticTypes.get(packet.payloadType);
      if (encoding !== undefined) addDetail(section, 'encodings', encoding);
      addDetail(section, 'ssrc', hexNumber(packet.ssrc, 8));
    }
    return --this.#left <= 0;
  }
}

export const rtp: DatagramDissector = {
  transport: 'udp',
  protocol: 'rtp',
  ports: [],
  probe: probeRtp,
  open: (context) => new RtpSession(context),
};

/** Datagrams of one source that prove RTCP whose body is encrypted. */
const RTCP_RUN = 3;

/** A report followed by a source description, both of one source and of the right size, is no accident. */
function provesAlone(packet: RtcpPacket): boolean {
  const report = packet.types[0] === RtcpType.SENDER_REPORT || packet.types[0] === RtcpType.RECEIVER_REPORT;
  return packet.whole && report && packet.types.includes(RtcpType.SOURCE_DESCRIPTION);
}

function probeRtcp(datagrams: readonly Datagram[]): VerdictCode {
  const newest = datagrams[datagrams.length - 1];
  const packet = readRtcp(newest.bytes);
  // RTP beside it in the same flow: RTP names it.
  if (packet === null) return Verdict.NO;
  if (provesAlone(packet)) return Verdict.YES;
  let same = 0;
  let whole = 0;
  for (const { side, bytes } of datagrams) {
    const other = readRtcp(bytes);
    if (other === null || side !== newest.side || other.ssrc !== packet.ssrc || other.ssrc === 0) continue;
    same++;
    if (other.whole) whole++;
  }
  return same >= RTCP_RUN || whole >= RTCP_RUN - 1 ? Verdict.YES : Verdict.MORE;
}

const typeNames = [
  'sender_report',
  'receiver_report',
  'source_description',
  'bye',
  'app',
  'feedback',
  'payload_feedback',
  'extended_report',
];
const RTCP_DATAGRAMS = 12;

class RtcpSession implements DatagramSession {
  readonly #facts: AppFacts;
  #left = RTCP_DATAGRAMS;
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
  }

  advance({ bytes }: Datagram): boolean {
    const section = this.#facts.detail('rtcp');
    const packet = readRtcp(bytes);
    if (packet !== null) {
      for (const type of packet.types) addDetail(section, 'types', typeNames[type - RtcpType.SENDER_REPORT]);
      addDetail(section, 'ssrc', hexNumber(packet.ssrc, 8));
      if (packet.cname !== null && packet.cname.length > 0) section.cname ??= textOf(packet.cname);
    }
    return --this.#left <= 0;
  }
}

export const rtcp: DatagramDissector = {
  transport: 'udp',
  protocol: 'rtcp',
  ports: [],
  probe: probeRtcp,
  open: (context) => new RtcpSession(context),
};
