/**
 * The flow table of one shard: every accounted packet belongs to exactly one row of it, or is refused and counted.
 *
 *   record ─▶ index (hash → slot) ─▶ hot half: key, counters, next sequence ─▶ done            the fast path
 *                                └─▶ cold half: first packets, TCP beyond the fast path, ends   functions of their own
 *
 * Time is the stream time of the records. What happens at a packet depends on the packets before it only, never on
 * where ticks fall: timeouts and due interim records are tested when a packet arrives, ticks merely find them earlier.
 */

import {
  R_ACK,
  R_CARRIED,
  R_FLAGS,
  R_HASH_LO,
  R_IP_LEN,
  R_OPT_BITS,
  R_PAYLOAD_LEN,
  R_PROTOCOL,
  R_SCOPE_ID,
  R_SEQ,
  R_SRC_ADDR,
  R_SRC_PORT,
  R_STREAM_NS,
  R_TCI0,
  R_TCP_FLAGS,
  R_WINDOW,
  R_WIRE_LEN,
  RecordFlag,
  TcpOption,
} from '../ring/layout.ts';
import type { RingReader } from '../ring/reader.ts';
import { ShardCounter } from '../shard/protocol.ts';
import { isSender, isStronger, reasonOf, synEvidence } from './direction.ts';
import { type FastPathState, usualPackets } from './fast-path.ts';
import { Repeated } from './history.ts';
import type { FlowLives } from './lives.ts';
import { firstOfSide, packetFlags } from './opening.ts';
import { ANSWERED as ANSWERED_STEP, List } from './recency.ts';
import { ownTime } from './record-words.ts';
import { ROLE_OF as ROLES } from './roles.ts';
import * as row from './row.ts';
import type { FlowTable, PayloadSink } from './table-contract.ts';
import { TableWord } from './table-words.ts';

// Imported constants are loaded from their module's cell each time; these are folded into the code. Words, not bytes.
const HOT_WORDS = row.HOT_BYTES >> 2;
const HOT_HALVES = row.HOT_BYTES >> 1;
const HOT_BYTES = row.HOT_BYTES;
const HOT_DOUBLES = row.HOT_BYTES >> 3;
const KEY_PORTS = row.F_PORT_B >> 2;
const KEY_KIND = row.F_PROTOCOL >> 1;
const KEY_A = row.F_ADDR_A >> 2;
const KEY_B = row.F_ADDR_B >> 2;
const TABLE_EPOCH = TableWord.EPOCH;
const EPOCH = row.F_MOVE_EPOCH >> 2;
const FLAGS = row.F_FLAGS >> 2;
const PACKETS = row.F_PACKETS_A >> 3;
const BYTES = row.F_BYTES_A >> 3;
const IP_BYTES = row.F_IP_BYTES_A >> 3;
const PAYLOAD = row.F_PAYLOAD_A >> 3;
const LAST_SEEN = row.F_LAST_SEEN >> 3;
const NEXT_SEQ = row.F_NEXT_SEQ_A >> 2;
const LAST_ACK = row.F_LAST_ACK_A >> 2;
const WINDOW = row.F_WINDOW_A >> 1;
const WINDOW_MIN = row.F_WINDOW_MIN_A >> 1;
const TCP_FLAGS = row.F_TCP_FLAGS_A;
const SIDE = row.F_SIDE_A;
const NEXT_TIME = row.F_NEXT_TIME_A >> 2;
const LAST_TIME = row.F_LAST_TIME_A >> 2;
const TIMED_SEQ = row.F_TIMED_SEQ_A >> 2;
const TIMED_AT = row.F_TIMED_AT_A >> 2;
const SEEN_A = row.RowFlag.SEEN_A;
const DUP_RUN_A = row.RowFlag.DUP_RUN_A;
const CLIENT_IS_B = row.RowFlag.CLIENT_IS_B;
const LIST = row.F_LIST;
const LINGER = List.LINGER;
const ANSWERED = ANSWERED_STEP;
const F_ICMP_ERRORS = row.F_ICMP_ERRORS;
const F_SCOPE = row.F_SCOPE;
const F_TCI0 = row.F_TCI0;
const F_ISN_A = row.F_ISN_A;
const F_DIRECTION_REASON = row.F_DIRECTION_REASON;
const VLAN_ID = 0xfff;
const { SEQ, QUIET, ODD, TIMING, LETTER_ACK, LETTER_DATA, HOLES } = row.SideBit;
const FAST_OWN = SEQ | QUIET | ODD;
const FAST_OTHER = SEQ | HOLES;

const O_HASH = R_HASH_LO >> 2;
const O_FLAGS = R_FLAGS >> 1;
const O_PROTOCOL = R_PROTOCOL;
const O_PORTS = R_SRC_PORT >> 2;
const O_ADDR = R_SRC_ADDR >> 2;
const O_SCOPE = R_SCOPE_ID >> 2;
const O_TCI = R_TCI0 >> 1;
const O_TIME = R_STREAM_NS >> 3;
const O_WIRE = R_WIRE_LEN >> 2;
const O_IP = R_IP_LEN >> 2;
const O_PAYLOAD = R_PAYLOAD_LEN >> 2;
const O_TCP_FLAGS = R_TCP_FLAGS;
const O_CARRIED = R_CARRIED >> 2;
const O_SEQ = R_SEQ >> 2;
const O_ACK = R_ACK >> 2;
const O_WINDOW = R_WINDOW >> 1;
const O_OPTIONS = R_OPT_BITS;

const TCP = 6;
const UDP = 17;
const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
const FROM_A = RecordFlag.FROM_A;
const UNUSUAL = RecordFlag.FRAGMENT | RecordFlag.FRAGMENT_LATER | RecordFlag.SNAPLEN_CUT | RecordFlag.DENIED;
const NO_SEGMENT = RecordFlag.NO_TRANSPORT | RecordFlag.FRAGMENT_LATER;
const BAD_CHECKSUM = RecordFlag.BAD_L4_CHECKSUM;
const SACK = TcpOption.SACK;
const OUTER = row.RowRole.OUTER << 8;
/** Role bit of the table: the key has a network id, which is in the cold half. */
const SCOPED = 32 << 8;
const HOUR = 3600e9;

const C_ACCOUNTED = ShardCounter.ACCOUNTED;
const C_ACCOUNTED_BYTES = ShardCounter.ACCOUNTED_BYTES;
const C_LIVE_PACKETS = ShardCounter.LIVE_PACKETS;
const C_LIVE_BYTES = ShardCounter.LIVE_BYTES;
const C_OUTER_PACKETS = ShardCounter.OUTER_PACKETS;

const ROLE_OF = ROLES;
const INNER = row.RowRole.INNER << 8;

/**
 * The table over the rows of `lives`, fed from one ring. A closure and not a class: with one shard per thread and one
 * ring per shard every array below is a constant for the compiler, address and length included, which a field is not.
 */
export function createFlowTable(
  lives: FlowLives,
  rec: RingReader,
  vlanAware: boolean,
  payload: PayloadSink | null,
  state: FastPathState,
): FlowTable {
  const { store, index, interims, pressure, tally, tcp } = lives;
  const { hotI, hotH, hotB, hotF } = store;
  const table = lives.words;
  const { i32: ri, u32: ru, u16: rh, u8: rb, f64: rf } = rec;
  const everyPacket = payload?.everyPacket === true;
  const timed = tcp.rtt;
  const isFull = store.full;
  const usual = usualPackets(state, lives, rb, {
    takesBytes: payload !== null,
    takesNone: vlanAware || everyPacket,
    syns: payload === null ? null : payload.synMemory,
    odd: (slot, o) => payload?.odd(slot, rec, o),
  });

  function packet(o: number): void {
    count(o, rb[o + O_PROTOCOL] | ROLE_OF[rh[(o >> 1) + O_FLAGS]]);
  }

  function outer(o: number): void {
    const role = (ROLE_OF[rh[(o >> 1) + O_FLAGS]] & ~INNER) | OUTER;
    count(o, rb[o + O_PROTOCOL] | role);
  }

  function icmpError(o: number): boolean {
    const key = keyOf(o, rb[o + O_PROTOCOL] | (ROLE_OF[rh[(o >> 1) + O_FLAGS]] & ~INNER));
    let slot = find(o, key);
    if (slot < 0) slot = find(o, key | INNER);
    if (slot < 0) return false;
    const at = (slot * store.coldBytes - HOT_BYTES + F_ICMP_ERRORS) >> 2;
    store.coldU[at] = store.coldU[at] + 1;
    if (lives.watch !== null) lives.watch.unreachable(slot, rec, o);
    return true;
  }

  function count(o: number, plainKey: number): void {
    const now = rf[(o >> 3) + O_TIME];
    const wire = ru[(o >> 2) + O_WIRE];
    const flags = rh[(o >> 1) + O_FLAGS];
    const key = ri[(o >> 2) + O_SCOPE] === 0 ? plainKey : plainKey | SCOPED;
    if (now >= interims.next) interims.walk(now, lives);
    let slot = find(o, key);
    if (slot < 0) {
      slot = lives.open(rec, o, key, now, wire, Number.NaN);
      if (slot < 0) return;
    } else if (now - hotF[slot * HOT_DOUBLES + LAST_SEEN] >= pressure.minTimeout) {
      slot = revisit(slot, o, key, now, wire);
      if (slot < 0) return;
    }
    const isSegment = (key & 0xff) === TCP && (flags & NO_SEGMENT) === 0;
    const side = (flags & FROM_A) ^ 1;
    if (isSegment && (rb[o + O_TCP_FLAGS] & SYN) !== 0) {
      slot = syn(slot, side, o, key, now, wire);
      if (slot < 0) return;
    }

    const h = slot * HOT_WORDS;
    if ((hotI[h + FLAGS] & (SEEN_A << side)) === 0) firstOf(slot, side, o, key, flags);
    if (hotI[h + EPOCH] !== table[TABLE_EPOCH]) lives.touch(slot);
    if ((flags & UNUSUAL) !== 0) packetFlags(store, slot, flags);
    const f = slot * HOT_DOUBLES + side;
    const length = ru[(o >> 2) + O_PAYLOAD];
    hotF[f + PACKETS] = hotF[f + PACKETS] + 1;
    hotF[f + BYTES] = hotF[f + BYTES] + wire;
    hotF[f + IP_BYTES] = hotF[f + IP_BYTES] + ru[(o >> 2) + O_IP];
    hotF[f + PAYLOAD] = hotF[f + PAYLOAD] + length;
    hotF[slot * HOT_DOUBLES + LAST_SEEN] = now;
    if ((key & OUTER) === 0) {
      tally[C_ACCOUNTED] = tally[C_ACCOUNTED] + 1;
      tally[C_ACCOUNTED_BYTES] = tally[C_ACCOUNTED_BYTES] + wire;
      tally[C_LIVE_PACKETS] = tally[C_LIVE_PACKETS] + 1;
      tally[C_LIVE_BYTES] = tally[C_LIVE_BYTES] + wire;
    } else tally[C_OUTER_PACKETS] = tally[C_OUTER_PACKETS] + 1;

    if (isSegment) segment(slot, side, o, flags, length);
    else if ((flags & BAD_CHECKSUM) !== 0) tcp.history.repeated(slot, side, Repeated.CHECKSUM);
    if (payload !== null && (everyPacket || ri[(o >> 2) + O_CARRIED] !== 0) && (key & OUTER) === 0) payload.packet(slot, side, rec, o, now);
    if (isSegment && (hotB[slot * HOT_BYTES + TCP_FLAGS + side] & (FIN | RST)) !== 0) closing(slot);
  }

  /** The fast path: a segment that continues its side's stream and tells nothing else new. */
  function segment(slot: number, side: number, o: number, flags: number, length: number): void {
    const b = slot * HOT_BYTES;
    const h = slot * HOT_WORDS;
    let own = hotB[b + SIDE + side];
    const other = hotB[b + SIDE + (side ^ 1)];
    const tcpFlags = rb[o + O_TCP_FLAGS];
    const seq = ri[(o >> 2) + O_SEQ];
    const ack = ri[(o >> 2) + O_ACK];
    const window = rh[(o >> 1) + O_WINDOW];
    const w = slot * HOT_HALVES + side;
    if (window < hotH[w + WINDOW_MIN] && (tcpFlags & RST) === 0) hotH[w + WINDOW_MIN] = window;
    const isRepeat = ack === hotI[h + LAST_ACK + side];
    if (
      (tcpFlags & (FIN | SYN | RST | ACK)) !== ACK ||
      (own & FAST_OWN) !== (SEQ | QUIET) ||
      (other & (isRepeat ? SEQ : FAST_OTHER)) !== SEQ ||
      seq !== hotI[h + NEXT_SEQ + side] ||
      window === 0 ||
      ((ack - hotI[h + NEXT_SEQ + (side ^ 1)]) | 0) > 0 ||
      (flags & BAD_CHECKSUM) !== 0 ||
      (rb[o + O_OPTIONS] & SACK) !== 0 ||
      (length === 1 && hotH[slot * HOT_HALVES + WINDOW + (side ^ 1)] === 0)
    ) {
      tcp.segment(slot, side, rec, o);
      hotB[b + TCP_FLAGS + side] = hotB[b + TCP_FLAGS + side] | tcpFlags;
      return;
    }
    if ((own & (length === 0 ? LETTER_ACK : LETTER_DATA)) === 0) {
      tcp.history.segment(slot, side, tcpFlags, seq, length);
      own |= length === 0 ? LETTER_ACK : LETTER_DATA;
    }
    const us = ownTime(rec, o);
    if (!isRepeat) {
      hotI[h + LAST_ACK + side] = ack;
      if ((hotI[h + FLAGS] & (DUP_RUN_A << side)) !== 0) tcp.loss.endDuplicates(slot, side);
      if ((other & TIMING) !== 0 && ((ack - hotI[h + TIMED_SEQ + (side ^ 1)]) | 0) >= 0) {
        tcp.sample(slot, us - hotI[h + TIMED_AT + (side ^ 1)]);
        hotB[b + SIDE + (side ^ 1)] = other & ~TIMING;
      }
    } else if (length === 0 && window === hotH[w + WINDOW] && isFull && !tcp.loss.wasKeepAlive(slot, side ^ 1)) {
      tcp.loss.duplicate(slot, side);
    }
    if (length > 0) {
      const end = (seq + length) | 0;
      hotI[h + NEXT_SEQ + side] = end;
      hotI[h + NEXT_TIME + side] = us;
      if ((own & TIMING) === 0 && timed) {
        hotI[h + TIMED_SEQ + side] = end;
        hotI[h + TIMED_AT + side] = us;
        hotB[b + SIDE + side] = own | TIMING;
      }
    }
    hotI[h + LAST_TIME + side] = us;
    hotH[w + WINDOW] = window;
    hotB[b + TCP_FLAGS + side] = hotB[b + TCP_FLAGS + side] | tcpFlags;
  }

  function keyOf(o: number, plainKey: number): number {
    return ri[(o >> 2) + O_SCOPE] === 0 ? plainKey : plainKey | SCOPED;
  }

  /** The slot of the record's flow, or -1. */
  function find(o: number, key: number): number {
    const { entries, mask } = index;
    const hash = ri[(o >> 2) + O_HASH];
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = entries[(at << 1) + 1];
      if (entry === 0) return -1;
      if (entries[at << 1] === hash && isFlow(entry - 1, o, key)) return entry - 1;
    }
  }

  /** True when the row is of the record's flow: every part of the key is compared, not only its hash. */
  function isFlow(slot: number, o: number, key: number): boolean {
    const r = o >> 2;
    const h = slot * HOT_WORDS;
    const fromA = (rh[(o >> 1) + O_FLAGS] & FROM_A) !== 0;
    const word = ri[r + O_PORTS];
    const a = r + O_ADDR + (fromA ? 0 : 4);
    const b = r + O_ADDR + (fromA ? 4 : 0);
    return (
      hotI[h + KEY_PORTS] === (fromA ? (word << 16) | (word >>> 16) : word) &&
      hotH[(h << 1) + KEY_KIND] === key &&
      hotI[h + KEY_A] === ri[a] &&
      hotI[h + KEY_B] === ri[b] &&
      ((hotI[h + KEY_A + 1] ^ ri[a + 1]) |
        (hotI[h + KEY_A + 2] ^ ri[a + 2]) |
        (hotI[h + KEY_A + 3] ^ ri[a + 3]) |
        (hotI[h + KEY_B + 1] ^ ri[b + 1]) |
        (hotI[h + KEY_B + 2] ^ ri[b + 2]) |
        (hotI[h + KEY_B + 3] ^ ri[b + 3])) ===
        0 &&
      (((key & SCOPED) === 0 && !vlanAware) || sameNetwork(slot, o))
    );
  }

  function sameNetwork(slot: number, o: number): boolean {
    const c = slot * store.coldBytes - HOT_BYTES;
    if (store.coldI[(c + F_SCOPE) >> 2] !== ri[(o >> 2) + O_SCOPE]) return false;
    if (!vlanAware) return true;
    const outer = store.coldH[(c + F_TCI0) >> 1] ^ rh[(o >> 1) + O_TCI];
    const inner = store.coldH[(c + F_TCI0 + 2) >> 1] ^ rh[(o >> 1) + O_TCI + 1];
    return ((outer | inner) & VLAN_ID) === 0;
  }

  /** A packet after a silence: the old flow may be over, and its 32-bit times meaningless. */
  function revisit(slot: number, o: number, key: number, now: number, wire: number): number {
    if (lives.endIfIdle(slot, now)) return lives.open(rec, o, key, now, wire, Number.NaN);
    if ((key & 0xff) === TCP && now - hotF[slot * HOT_DOUBLES + LAST_SEEN] >= HOUR) tcp.forgetTimes(slot, ownTime(rec, o));
    return slot;
  }

  /**
   * A SYN on a known tuple. A pure SYN of a side that has spoken before, with another initial sequence number, is a
   * new connection, whatever state the old one is in; the same number is a retransmission. A spoofed or stale SYN into
   * a living connection thus splits it: the challenge ACK (RFC 5961) that follows is the first packet of the responder
   * in the new flow. Any SYN corrects a weaker guess of the initiator.
   */
  function syn(slot: number, side: number, o: number, key: number, now: number, wire: number): number {
    let current = slot;
    const evidence = synEvidence(rb[o + O_TCP_FLAGS]);
    if (evidence === 0) return slot;
    const spoke = (hotB[slot * HOT_BYTES + SIDE + side] & SEQ) !== 0;
    const isn = store.coldI[((slot * store.coldBytes - HOT_BYTES + F_ISN_A) >> 2) + side];
    if (isSender(evidence) && spoke && isn !== ri[(o >> 2) + O_SEQ]) {
      const first = lives.endReused(slot);
      current = lives.open(rec, o, key, now, wire, first);
      if (current < 0) return current;
    }
    const reasonAt = current * store.coldBytes - HOT_BYTES + F_DIRECTION_REASON;
    if (!isStronger(reasonOf(evidence), store.coldB[reasonAt])) return current;
    store.coldB[reasonAt] = reasonOf(evidence);
    const client = isSender(evidence) ? side : side ^ 1;
    const flags = hotI[current * HOT_WORDS + FLAGS];
    if ((flags & CLIENT_IS_B) !== client) {
      hotI[current * HOT_WORDS + FLAGS] = flags ^ CLIENT_IS_B;
      tcp.history.flip(current);
    }
    return current;
  }

  /** The first packet of a side. When the other has spoken before, the flow is answered. */
  function firstOf(slot: number, side: number, o: number, key: number, flags: number): void {
    const isFirst = (hotI[slot * HOT_WORDS + FLAGS] & (SEEN_A << (side ^ 1))) === 0;
    firstOfSide(store, slot, side, rec, o);
    if (!isFirst) {
      if (lives.watch !== null) lives.watch.answered(slot, side, rec, o, rf[(o >> 3) + O_TIME]);
      const list = hotB[slot * HOT_BYTES + LIST];
      if (list < ANSWERED) lives.moveTo(slot, list + ANSWERED);
    } else if (((key & 0xff) === TCP || (key & 0xff) === UDP) && (hotI[slot * HOT_WORDS + FLAGS] & CLIENT_IS_B) !== side)
      tcp.history.flip(slot);
    if ((key & 0xff) === UDP && (flags & BAD_CHECKSUM) === 0) tcp.history.datagram(slot, side);
  }

  /** A side has sent FIN or RST: with an RST, or FINs of both, the flow lingers for its last segments. */
  function closing(slot: number): void {
    const at = slot * HOT_BYTES;
    if (hotB[at + LIST] === LINGER) return;
    const a = hotB[at + TCP_FLAGS];
    const b = hotB[at + TCP_FLAGS + 1];
    if ((a & b & FIN) !== 0 || ((a | b) & RST) !== 0) lives.moveTo(slot, LINGER);
  }

  return { usual, packet, outer, icmpError };
}
