/**
 * OpenVPN over UDP and, with a length before every packet, over TCP. It is recognised by its handshake; over UDP also by a
 * run of data packets, which looks like ESP but for the opcode.
 */
import { isCountedRun } from './counted-run.ts';
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
  type StreamSession,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { AppFacts } from './facts.ts';
import {
  type ControlPacket,
  corroborates,
  isClientReset,
  isServerReset,
  mayBeData,
  opcodeOf,
  readControlPackets,
} from './openvpn-packet.ts';
import { hexOf } from './text.ts';

interface Seen {
  readonly side: Side;
  readonly packets: readonly ControlPacket[];
}

/** Resets say who is who. */
function sidesFit({ side, packets }: Seen): boolean {
  return packets.every(({ opcode }) => (side === CLIENT ? !isServerReset(opcode) : !isClientReset(opcode)));
}

/** A packet with an HMAC of the right place, a low counter and a time of today says enough alone when it is a reset. */
function provesAlone(packet: ControlPacket): boolean {
  return packet.wrapping === 'tls-auth' && (isClientReset(packet.opcode) || isServerReset(packet.opcode));
}

function judge(seen: readonly Seen[]): VerdictCode {
  const newest = seen[seen.length - 1];
  if (newest.packets.length === 0) return seen.length === 1 ? Verdict.NO : Verdict.MORE;
  if (!sidesFit(newest)) return Verdict.NO;
  if (newest.packets.some(provesAlone)) return Verdict.YES;
  for (const { side, packets } of seen) {
    for (const earlier of packets) {
      for (const later of newest.packets) {
        if (earlier !== later && corroborates(earlier, later, side === newest.side)) return Verdict.YES;
      }
    }
  }
  return Verdict.MORE;
}

function note(facts: AppFacts, side: Side, packets: readonly ControlPacket[]): void {
  const section = facts.detail('openvpn');
  const packet = packets[0];
  if (packet === undefined) return;
  section[side === CLIENT ? 'client_session' : 'server_session'] ??= hexOf(packet.session);
  if (isClientReset(packet.opcode)) {
    section.wrapping = packet.wrapping;
    section.reset_version = packet.opcode === 1 ? 1 : packet.opcode === 7 ? 2 : 3;
  }
}

const PACKET_LIMIT = 8;

class UdpSession implements DatagramSession {
  readonly #facts: AppFacts;
  #left = PACKET_LIMIT;
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
  }

  advance({ side, bytes }: Datagram): boolean {
    note(this.#facts, side, readControlPackets(bytes));
    const section = this.#facts.detail('openvpn');
    return (section.client_session !== undefined && section.server_session !== undefined) || --this.#left <= 0;
  }
}

export const openvpnUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'openvpn',
  ports: [1194],
  probe(datagrams) {
    const newest = datagrams[datagrams.length - 1];
    if (datagrams.every(({ bytes }) => mayBeData(bytes))) return isCountedRun(datagrams) ? Verdict.YES : Verdict.MORE;
    if (mayBeData(newest.bytes)) return Verdict.MORE;
    return judge(datagrams.map(({ side, bytes }) => ({ side, packets: readControlPackets(bytes) })));
  },
  open: (context) => new UdpSession(context),
};

/** Resets with the longest HMAC, and the packet behind the first one, lie within these bytes. */
const PROBE_WINDOW = 160;
const PROBE_PACKETS = 3;
/** No packet over TCP is longer than an MTU with its overhead. */
const LONGEST_PACKET = 4096;

/** The packets of one side, [start, end) of each, as far as they are whole. Null when the stream is no chain of packets. */
function chain(head: StreamHead, window: number): Uint8Array[] | null {
  const out: Uint8Array[] = [];
  const length = Math.min(head.length, window);
  let at = 0;
  while (at + 3 <= length && out.length < PROBE_PACKETS) {
    const size = (head.bytes[at] << 8) | head.bytes[at + 1];
    const opcode = head.bytes[at + 2] >> 3;
    if (size < 14 || size > LONGEST_PACKET || opcode === 0 || opcode > 11) return null;
    if (at + 2 + size > length) break;
    out.push(head.bytes.subarray(at + 2, at + 2 + size));
    at += 2 + size;
  }
  return out;
}

function probeTcp([client, server]: readonly [StreamHead, StreamHead]): VerdictCode {
  const seen: Seen[] = [];
  for (const side of [CLIENT, SERVER] as const) {
    const head = side === CLIENT ? client : server;
    if (head.length > 0 && head.bytes[0] > LONGEST_PACKET >> 8) return Verdict.NO;
    const packets = chain(head, PROBE_WINDOW);
    if (packets === null) return Verdict.NO;
    if (packets.length > 0 && !(side === CLIENT ? isClientReset : isServerReset)(opcodeOf(packets[0]))) return Verdict.NO;
    for (const bytes of packets) seen.push({ side, packets: readControlPackets(bytes) });
    if (head.length >= PROBE_WINDOW && packets.length === 0) return Verdict.NO;
  }
  let verdict: VerdictCode = Verdict.MORE;
  for (let i = 1; i <= seen.length && verdict === Verdict.MORE; i++) verdict = judge(seen.slice(0, i));
  return verdict;
}

class TcpSession implements StreamSession {
  readonly #facts: AppFacts;
  readonly #noted = [false, false];
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    for (const side of [CLIENT, SERVER] as const) {
      const first = this.#noted[side] ? undefined : chain(heads[side], PROBE_WINDOW)?.[0];
      if (first === undefined) continue;
      note(this.#facts, side, readControlPackets(first));
      this.#noted[side] = true;
    }
    const both = this.#noted[CLIENT] && this.#noted[SERVER];
    return both || (heads[CLIENT].complete && heads[SERVER].complete) ? Progress.DONE : Progress.MORE;
  }
}

export const openvpnTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'openvpn',
  ports: [1194, 443],
  probe: probeTcp,
  open: (context) => new TcpSession(context),
};
