/**
 * The lives of flows: how rows begin, move between timeout lists, and end. Everything here runs per flow or per tick,
 * never per packet.
 *
 *                   answered                      RST, both FINs
 *   open ─▶ NEW_x ─────────────▶ x ─────────────────────────────────▶ LINGER
 *             └── idle, emergency ┴── idle, eviction, shutdown, reuse ──┴──▶ row written, slot, credit and index given back
 */
import type { MomentMemory, NativeWatch } from '../native/moment-memory.ts';
import { R_HASH_LO, R_TCP_FLAGS } from '../ring/layout.ts';
import { END_REASONS, type FlowOptions, ShardCounter } from '../shard/protocol.ts';
import { CreditLease, creditBlock } from './credits.ts';
import { FlowIndex } from './flow-index.ts';
import { HolePool } from './holes.ts';
import { InterimSchedule, type InterimSink } from './interims.ts';
import { openRow } from './opening.ts';
import { Pressure } from './pressure.ts';
import { List, RecencyLists } from './recency.ts';
import { type RecordWords, TcpFlag } from './record-words.ts';
import {
  F_BYTES_A,
  F_END_REASON,
  F_FIRST_SEEN,
  F_FLAGS,
  F_HASH_LO,
  F_ID_SALT,
  F_INTERIM_SEQ,
  F_LAST_SEEN,
  F_LIST,
  F_MOVE_EPOCH,
  F_PACKETS_A,
  F_PAYLOAD_A,
  F_PROTOCOL,
  F_RECORD_KIND,
  F_ROLE,
  F_TCP_FLAGS_A,
  HOT_BYTES,
  RowFlag,
  RowRole,
} from './row.ts';
import { FlowStore, MAX_ROWS, type MemoryAdvice } from './store.ts';
import { createTableWords, TableWord } from './table-words.ts';
import { TcpAnalysis } from './tcp.ts';

const { EPOCH, TICK_EPOCH, OPENED_IN_EPOCH, OPENED_IN_TICK, OPENS_PER_EPOCH, EMERGENCY } = TableWord;

const TCP = 6;
const UDP = 17;

const code = (name: (typeof END_REASONS)[number]) => END_REASONS.indexOf(name) + 1;
/** Values of F_END_REASON. */
export const End = {
  FIN: code('fin'),
  RST: code('rst'),
  IDLE: code('idle'),
  EVICTION: code('eviction'),
  EMERGENCY: code('emergency'),
  SHUTDOWN: code('shutdown'),
} as const;

/** One node of holes for every eighth flow, at most 65,536 (13 MB, touched when used): losses in flight are rare. */
const MAX_HOLE_NODES = 65_536;
/** At the end, whose memory goes back in one call: 3 MiB of them. */
const ROWS_GIVEN_BACK = 8192;

/** Rows that one shard may hold: a quarter more than its even share, because flows do not spread evenly. */
export function reserveRows(maxFlows: number, shards: number): number {
  return Math.min(maxFlows, Math.ceil((maxFlows / shards) * 1.25) + 4096, MAX_ROWS);
}

/** Receives the records of flows; the row is complete and still in the table. */
export interface FlowSink {
  ended(slot: number): void;
  interim(slot: number): void;
  /** The flow's first packet since the tick began is about to be counted. */
  touched(slot: number): void;
  /** A flow of fewer bytes needs no `touched` beyond an entry in `atTick`. */
  readonly tellsFrom: number;
  /** Bytes and packets of each slot when its tick began; empty when nobody asks. */
  readonly atTick: Float64Array;
}

/** Hears of the moments in a flow's life that detection rules are about; of those of usual packets the native fast path writes. */
export interface FlowWatch {
  /** Does some of it, once there is somebody. */
  native: NativeWatch | null;
  /** What it keeps, and where it writes entries: other memory now and then. */
  readonly memory: MomentMemory;
  readonly entries: Uint8Array;
  /** The first packet of a flow, after its row was filled; `slot` is -1 when the table refused it. `key` is protocol | role << 8. */
  opened(slot: number, rec: RecordWords, o: number, key: number, now: number): void;
  /** The first packet of the side that spoke second. */
  answered(slot: number, side: number, rec: RecordWords, o: number, now: number): void;
  /** An ICMP error about the flow. */
  unreachable(slot: number, rec: RecordWords, o: number): void;
}

export class FlowLives implements InterimSink {
  readonly store: FlowStore;
  readonly index: FlowIndex;
  readonly lists: RecencyLists;
  readonly interims: InterimSchedule;
  readonly pressure: Pressure;
  readonly tcp: TcpAnalysis;
  watch: FlowWatch | null = null;
  /** Hears of every new flow, once its row is filled. */
  newcomers: { opened(slot: number): void } | null = null;
  /** The shard's counters; `settleCounters` brings those up to date that are kept elsewhere. */
  readonly tally = new Float64Array(ShardCounter.SLOTS);
  /** What the records of a flow have reported so far: packets A, packets B, bytes A, bytes B per slot. Valid with F_INTERIM_SEQ > 0. */
  readonly reported: Float64Array;
  readonly words = createTableWords();
  /** Stream time; no packet is before 0. */
  private epochStart = 0;
  private longestEpoch = 0;
  private readonly credits: CreditLease;
  private readonly maxFlows: number;
  private readonly pool: HolePool;
  readonly sink: FlowSink;

  /** `shard` of `shards`. */
  constructor(options: FlowOptions, shard: number, shards: number, credits: SharedArrayBuffer, sink: FlowSink, advise: MemoryAdvice) {
    const full = options.rtt || options.retransmissions || options.outOfOrder;
    this.store = new FlowStore(reserveRows(options.maxFlows, shards), full, advise, this.words);
    this.index = new FlowIndex(advise, this.words);
    this.lists = new RecencyLists(this.store, this.words);
    this.interims = new InterimSchedule(this.store, options.activeTimeoutSecs * 1e9, this.words);
    this.pressure = new Pressure(options, shards);
    this.pool = new HolePool(Math.max(64, Math.min(MAX_HOLE_NODES, this.store.rows >> 3)));
    this.tcp = new TcpAnalysis(this.store, this.pool, options);
    this.tcp.loss.bind(this.tcp.history);
    this.reported = new Float64Array(options.activeTimeoutSecs === 0 ? 0 : 4 * this.store.rows);
    this.credits = new CreditLease(credits, creditBlock(options.maxFlows, shards), shard, this.words);
    this.maxFlows = options.maxFlows;
    this.words[OPENS_PER_EPOCH] = Math.max(1024, options.maxFlows >> 4);
    this.sink = sink;
  }

  /**
   * A row for the flow of the record, or -1: the packet is then refused and counted. `key` is protocol | role << 8;
   * `previousFirst` is when the flow began that had the same tuple until now, NaN when there was none.
   */
  open(rec: RecordWords, o: number, key: number, now: number, wire: number, previousFirst: number): number {
    const slot = this.place(rec, o, key, now, wire, previousFirst);
    if (this.watch !== null) this.watch.opened(slot, rec, o, key, now);
    if (this.newcomers !== null && slot >= 0) this.newcomers.opened(slot);
    return slot;
  }

  private place(rec: RecordWords, o: number, key: number, now: number, wire: number, previousFirst: number): number {
    const outer = (key & (RowRole.OUTER << 8)) !== 0;
    const protocol = key & 0xff;
    if (this.pressure.emergency && protocol === TCP && !outer && !isSyn(rec, o))
      return this.refuse(ShardCounter.REFUSED_EMERGENCY, outer, wire);
    if (!this.credits.take() && !this.evict()) return this.refuse(ShardCounter.REFUSED_LIMIT, outer, wire);
    let slot = this.store.allocate();
    if (slot < 0) {
      // The shard's own reserve is full although flows are left: its oldest makes room, and the credit is at hand.
      if (this.evict()) this.credits.give();
      slot = this.store.allocate();
    }
    const hash = rec.i32[(o + R_HASH_LO) >> 2];
    if (slot < 0 || !this.index.insert(hash, slot)) {
      if (slot >= 0) this.store.release(slot);
      this.credits.give();
      return this.refuse(slot >= 0 ? ShardCounter.REFUSED_PROBE : ShardCounter.REFUSED_LIMIT, outer, wire);
    }
    openRow(this.store, slot, rec, o, key, now);
    this.store.hotI[(slot * HOT_BYTES + F_MOVE_EPOCH) >> 2] = this.words[EPOCH];
    if (previousFirst === now) this.store.coldB[slot * this.store.coldBytes - HOT_BYTES + F_ID_SALT] = 1;
    this.lists.append(slot, protocol === TCP ? List.NEW_TCP : protocol === UDP ? List.NEW_UDP : List.NEW_OTHER);
    this.interims.add(slot, now);
    this.sink.touched(slot);
    const counted = outer ? ShardCounter.OUTER_CREATED : ShardCounter.FLOWS_CREATED;
    this.tally[counted] = this.tally[counted] + 1;
    const live = outer ? ShardCounter.OUTER_LIVE : ShardCounter.FLOWS_LIVE;
    this.tally[live] = this.tally[live] + 1;
    const { words } = this;
    words[OPENED_IN_TICK] = words[OPENED_IN_TICK] + 1;
    words[OPENED_IN_EPOCH] = words[OPENED_IN_EPOCH] + 1;
    if (words[OPENED_IN_EPOCH] >= words[OPENS_PER_EPOCH]) this.startEpoch(now);
    return slot;
  }

  /** Writes the flow's final record and forgets it. A flow in its linger ends as what closed it, whatever came then. */
  end(slot: number, reason: number): void {
    const { store, tally } = this;
    const hot = slot * HOT_BYTES;
    const cold = slot * store.coldBytes - HOT_BYTES;
    const packets = store.hotF[(hot + F_PACKETS_A) >> 3] + store.hotF[((hot + F_PACKETS_A) >> 3) + 1];
    const bytes = store.hotF[(hot + F_BYTES_A) >> 3] + store.hotF[((hot + F_BYTES_A) >> 3) + 1];
    const ending = store.hotB[hot + F_LIST] === List.LINGER ? this.closedBy(slot) : reason;
    if (store.full && store.hotB[hot + F_PROTOCOL] === TCP) {
      this.tcp.loss.end(slot);
      const both = RowFlag.SEEN_A | RowFlag.SEEN_B;
      const payload = (hot + F_PAYLOAD_A) >> 3;
      if ((store.hotI[(hot + F_FLAGS) >> 2] & both) === both && (store.hotB[hot + F_ROLE] & RowRole.OUTER) === 0)
        tally[ShardCounter.TCP_PAYLOAD_BYTES] = tally[ShardCounter.TCP_PAYLOAD_BYTES] + store.hotF[payload] + store.hotF[payload + 1];
    }
    store.coldB[cold + F_END_REASON] = ending;
    // Counted once the record is out: should the thread die while it waits for space, flow and record are both still open.
    this.sink.ended(slot);
    if ((store.hotB[hot + F_ROLE] & RowRole.OUTER) !== 0) {
      tally[ShardCounter.OUTER_LIVE] = tally[ShardCounter.OUTER_LIVE] - 1;
      tally[ShardCounter.OUTER_ENDED] = tally[ShardCounter.OUTER_ENDED] + 1;
    } else {
      tally[ShardCounter.FLOWS_LIVE] = tally[ShardCounter.FLOWS_LIVE] - 1;
      const ended = ShardCounter.FLOWS_ENDED + ending - 1;
      tally[ended] = tally[ended] + 1;
      tally[ShardCounter.ENDED_PACKETS] = tally[ShardCounter.ENDED_PACKETS] + packets;
      tally[ShardCounter.ENDED_BYTES] = tally[ShardCounter.ENDED_BYTES] + bytes;
      tally[ShardCounter.LIVE_PACKETS] = tally[ShardCounter.LIVE_PACKETS] - packets;
      tally[ShardCounter.LIVE_BYTES] = tally[ShardCounter.LIVE_BYTES] - bytes;
    }
    this.lists.remove(slot);
    this.interims.remove(slot);
    this.index.remove(store.hotI[(hot + F_HASH_LO) >> 2], slot);
    store.release(slot);
    this.credits.give();
  }

  /** The flow has been silent for at least the shortest timeout; true = it was idle and is ended. */
  endIfIdle(slot: number, now: number): boolean {
    const list = this.store.hotB[slot * HOT_BYTES + F_LIST];
    const silence = now - this.store.hotF[(slot * HOT_BYTES + F_LAST_SEEN) >> 3];
    if (silence < this.pressure.timeouts[list]) return false;
    this.end(slot, this.pressure.isNormalEnd(list, silence) ? End.IDLE : End.EMERGENCY);
    return true;
  }

  /** A new connection takes over the tuple: the old one is over, with or without an end that was seen. */
  endReused(slot: number): number {
    const first = this.store.coldF[(slot * this.store.coldBytes - HOT_BYTES + F_FIRST_SEEN) >> 3];
    this.end(slot, End.IDLE);
    return first;
  }

  /** First packet of the flow in this epoch: to the end of its list. */
  touch(slot: number): void {
    const at = (slot * HOT_BYTES + F_MOVE_EPOCH) >> 2;
    if (this.store.hotI[at] < this.words[TICK_EPOCH]) this.sink.touched(slot);
    this.store.hotI[at] = this.words[EPOCH];
    const list = this.store.hotB[slot * HOT_BYTES + F_LIST];
    if (this.lists.tail[list] === slot) return;
    this.lists.remove(slot);
    this.lists.append(slot, list);
  }

  moveTo(slot: number, list: number): void {
    this.lists.remove(slot);
    this.lists.append(slot, list);
  }

  interimDue(slot: number, dueNs: number): void {
    const { store, reported } = this;
    const hot = slot * HOT_BYTES;
    const last = store.hotF[(hot + F_LAST_SEEN) >> 3];
    if (dueNs - last >= this.pressure.timeouts[store.hotB[hot + F_LIST]]) return;
    const cold = slot * store.coldBytes - HOT_BYTES;
    const seq = (cold + F_INTERIM_SEQ) >> 2;
    const packets = (hot + F_PACKETS_A) >> 3;
    const before = store.coldU[seq] === 0 ? 0 : reported[4 * slot] + reported[4 * slot + 1];
    if (store.hotF[packets] + store.hotF[packets + 1] === before) return;
    store.coldU[seq] = store.coldU[seq] + 1;
    store.coldB[cold + F_RECORD_KIND] = 1;
    this.sink.interim(slot);
    store.coldB[cold + F_RECORD_KIND] = 0;
    reported.set(store.hotF.subarray(packets, packets + 4), 4 * slot);
    this.tally[ShardCounter.INTERIM_RECORDS] = this.tally[ShardCounter.INTERIM_RECORDS] + 1;
  }

  /** True while the interim record of the flow is being written. */
  isInterim(slot: number): boolean {
    return this.store.coldB[slot * this.store.coldBytes - HOT_BYTES + F_RECORD_KIND] === 1;
  }

  /** At a tick: ends what has been idle for its timeout, and lets a new epoch begin. */
  expire(now: number): void {
    for (let list = 0; list < List.COUNT; list++) {
      const timeout = this.pressure.timeouts[list];
      if (timeout === Number.POSITIVE_INFINITY) continue;
      // Within one epoch a list is in no order, so a fresh flow proves the rest fresh only by more than an epoch.
      const margin = Math.max(this.longestEpoch, now - this.epochStart);
      for (let slot = this.lists.head[list]; slot >= 0; ) {
        const silence = now - this.store.hotF[(slot * HOT_BYTES + F_LAST_SEEN) >> 3];
        if (silence < timeout - margin) break;
        const next = this.lists.next(slot);
        if (silence >= timeout) this.end(slot, this.pressure.isNormalEnd(list, silence) ? End.IDLE : End.EMERGENCY);
        slot = next;
      }
    }
  }

  /** After everything of a tick was done: `now` is its boundary. */
  startTick(now: number): void {
    this.pressure.review(this.words[OPENED_IN_TICK], this.maxFlows - this.credits.available);
    this.words[EMERGENCY] = this.pressure.emergency ? 1 : 0;
    if (this.pressure.emergency) this.tally[ShardCounter.EMERGENCY_TICKS] = this.tally[ShardCounter.EMERGENCY_TICKS] + 1;
    this.words[OPENED_IN_TICK] = 0;
    this.startEpoch(now);
    this.words[TICK_EPOCH] = this.words[EPOCH];
  }

  /** Ends every live flow, in the order of rows: what the records take elsewhere, the rows behind them give back. */
  endAll(): void {
    const { store } = this;
    for (let from = 0; from < store.usedRows; from += ROWS_GIVEN_BACK) {
      const to = Math.min(from + ROWS_GIVEN_BACK, store.usedRows);
      for (let slot = from; slot < to; slot++) if (store.isTaken(slot)) this.end(slot, End.SHUTDOWN);
      store.discard(from, to);
    }
    this.credits.close();
  }

  settleCounters(): void {
    const { tally } = this;
    tally[ShardCounter.PROBE_MAX] = this.index.probeMax;
    tally[ShardCounter.TABLE_BYTES] = this.store.touchedBytes + this.index.bytes;
    tally[ShardCounter.HISTORY_TRUNCATED] = this.tcp.history.truncated;
    tally[ShardCounter.RETRANSMISSIONS] = this.tcp.loss.retransmissions;
    tally[ShardCounter.OUT_OF_ORDER] = this.tcp.loss.outOfOrder;
    tally[ShardCounter.MISSED_BYTES] = this.tcp.loss.missedBytes;
    tally[ShardCounter.HOLES_ASKED] = this.tcp.loss.nodesAsked;
    tally[ShardCounter.HOLES_GIVEN] = this.pool.given;
    tally[ShardCounter.HOLES_EXHAUSTED] = this.pool.exhausted;
  }

  private startEpoch(now: number): void {
    this.longestEpoch = Math.max(this.longestEpoch, now - this.epochStart);
    this.epochStart = now;
    this.words[EPOCH] = this.words[EPOCH] + 1;
    this.words[OPENED_IN_EPOCH] = 0;
  }

  /** Ends the oldest flow: of those nobody answered, else of those in linger, else of all. False when there is none. */
  private evict(): boolean {
    let slot = this.oldest(List.NEW_TCP, List.NEW_OTHER);
    const counted = slot >= 0 ? ShardCounter.EVICTIONS_UNANSWERED : ShardCounter.EVICTIONS_ANSWERED;
    if (slot < 0) slot = this.lists.head[List.LINGER]!;
    if (slot < 0) slot = this.oldest(List.TCP, List.OTHER);
    if (slot < 0) return false;
    this.tally[counted] = this.tally[counted] + 1;
    this.end(slot, End.EVICTION);
    return this.credits.take();
  }

  private oldest(first: number, last: number): number {
    let oldest = -1;
    let seen = Number.POSITIVE_INFINITY;
    for (let list = first; list <= last; list++) {
      const slot = this.lists.head[list];
      if (slot < 0) continue;
      const at = this.store.hotF[(slot * HOT_BYTES + F_LAST_SEEN) >> 3];
      if (at < seen) {
        seen = at;
        oldest = slot;
      }
    }
    return oldest;
  }

  private closedBy(slot: number): number {
    const flags = slot * HOT_BYTES + F_TCP_FLAGS_A;
    const { hotB } = this.store;
    return (hotB[flags] & hotB[flags + 1] & TcpFlag.FIN) !== 0 ? End.FIN : End.RST;
  }

  private refuse(counted: number, outer: boolean, wire: number): number {
    const { tally } = this;
    if (outer) tally[ShardCounter.OUTER_REFUSED] = tally[ShardCounter.OUTER_REFUSED] + 1;
    else {
      tally[counted] = tally[counted] + 1;
      tally[counted + 1] = tally[counted + 1] + wire;
    }
    return -1;
  }
}

function isSyn(rec: RecordWords, o: number): boolean {
  return (rec.u8[o + R_TCP_FLAGS] & TcpFlag.SYN) !== 0;
}
