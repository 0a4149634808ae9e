/** A shard core with its memory, without a thread: records in, ticks and rows out. */

import { createCredits } from '../../../src/flow/credits.ts';
import type { CreateFastPath } from '../../../src/flow/fast-path.ts';
import * as row from '../../../src/flow/row.ts';
import { E_PREVIOUS, OUTBOX_ENTRY_BYTES, ROW_BYTES } from '../../../src/flow/row.ts';
import { connState, historyOf } from '../../../src/flow/zeek.ts';
import { buildLedger, ledgerFailures } from '../../../src/merge/ledger.ts';
import type { LedgerInput } from '../../../src/merge/ledger-input.ts';
import type { ProcessMemory } from '../../../src/process/memory.ts';
import { COUNTER_COUNT } from '../../../src/ring/layout.ts';
import type { AppParts } from '../../../src/shard/app-layer.ts';
import { type CoreData, ShardCore } from '../../../src/shard/core.ts';
import type { CreateAppFlows } from '../../../src/shard/native-apps.ts';
import { createOutbox, OutboxReader } from '../../../src/shard/outbox.ts';
import { type AppOptions, Control, END_REASONS, type FlowOptions, ShardCounter, type TickMessage } from '../../../src/shard/protocol.ts';

export const FLOW: FlowOptions = {
  maxFlows: 1000,
  idleTcpSecs: 60,
  idleUdpSecs: 30,
  idleOtherSecs: 5,
  activeTimeoutSecs: 300,
  lingerSecs: 2,
  rtt: true,
  retransmissions: true,
  outOfOrder: true,
  vlanAware: false,
};

/** One record of the outbox, read through the layout. */
export class Row {
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  f64 = (at: number): number => this.view.getFloat64(at, true);
  f32 = (at: number): number => this.view.getFloat32(at, true);
  u32 = (at: number): number => this.view.getUint32(at, true);
  u16 = (at: number): number => this.view.getUint16(at, true);
  u8 = (at: number): number => this.view.getUint8(at);

  get reason(): string {
    return END_REASONS[this.u8(row.F_END_REASON) - 1] ?? 'live';
  }
  get packets(): [number, number] {
    return [this.f64(row.F_PACKETS_A), this.f64(row.F_PACKETS_B)];
  }
  get bytes(): [number, number] {
    return [this.f64(row.F_BYTES_A), this.f64(row.F_BYTES_B)];
  }
  get payload(): [number, number] {
    return [this.f64(row.F_PAYLOAD_A), this.f64(row.F_PAYLOAD_B)];
  }
  get retransmissions(): [number, number] {
    return [this.u32(row.F_RETRANS_A), this.u32(row.F_RETRANS_B)];
  }
  get outOfOrder(): [number, number] {
    return [this.u32(row.F_OOO_A), this.u32(row.F_OOO_B)];
  }
  get missed(): [number, number] {
    return [this.u32(row.F_MISSED_A), this.u32(row.F_MISSED_B)];
  }
  get first(): number {
    return this.f64(row.F_FIRST_SEEN) / 1e9;
  }
  get last(): number {
    return this.f64(row.F_LAST_SEEN) / 1e9;
  }
  get tcpState(): string {
    return row.TCP_STATES[this.u8(row.F_TCP_STATE)];
  }
  get directionReason(): string {
    return row.DIRECTION_REASONS[this.u8(row.F_DIRECTION_REASON)];
  }
  get client(): string {
    return (this.u32(row.F_FLAGS) & row.RowFlag.CLIENT_IS_B) === 0 ? 'a_to_b' : 'b_to_a';
  }
  get history(): string {
    return historyOf(this.view, 0);
  }
  get connState(): string | null {
    return connState(this.view, 0);
  }
  get isInterim(): boolean {
    return this.u8(row.F_RECORD_KIND) === 1;
  }
  /** Packets A, packets B, bytes A, bytes B of the flow's record before this one. */
  get previous(): number[] {
    return [0, 1, 2, 3].map((i) => this.f64(E_PREVIOUS + 8 * i));
  }
}

export interface RigOptions {
  flow?: Partial<FlowOptions>;
  shards?: number;
  wantRows?: boolean;
  topFlows?: number;
  summaryFlows?: number;
  outboxRows?: number;
  credits?: SharedArrayBuffer;
  /** Tell what detection rules need. */
  detect?: boolean;
  /** Where to tell flows of this host. */
  processes?: ProcessMemory;
  /** The application layer, off when absent. */
  app?: { options: AppOptions; parts: AppParts };
  /** The sensor takes no rows before a tick, and the shard does not wait for it. */
  takesLate?: boolean;
  /** The native fast path; none when absent. */
  createFastPath?: CreateFastPath;
  /** The native readers of applications, likewise. */
  createAppFlows?: CreateAppFlows;
  /** Called while the shard waits for space, when its rows have been taken. */
  onWait?: () => void;
}

export class Rig {
  readonly core: ShardCore;
  readonly ticks: TickMessage[] = [];
  readonly rows: Row[] = [];
  readonly counters: Float64Array;
  readonly credits: SharedArrayBuffer;
  private readonly outbox: OutboxReader;
  private readonly wantRows: boolean;

  constructor(rings: Uint8Array[], options: RigOptions = {}) {
    const flow = { ...FLOW, ...options.flow };
    const shards = options.shards ?? 1;
    this.wantRows = options.wantRows ?? true;
    this.credits = options.credits ?? createCredits(flow.maxFlows, shards);
    const data: CoreData = {
      shard: 0,
      shards,
      rings,
      outbox: createOutbox(options.outboxRows ?? 4096),
      control: new SharedArrayBuffer(4 * Control.WORDS),
      counters: new SharedArrayBuffer(8 * ShardCounter.SLOTS),
      credits: this.credits,
      flow,
      app: options.app?.options ?? null,
      detect: options.detect ?? false,
      processes: options.processes ?? null,
      wantRows: this.wantRows,
      topFlows: options.topFlows ?? 0,
      summaryFlows: options.summaryFlows ?? 0,
    };
    this.counters = new Float64Array(data.counters);
    this.outbox = new OutboxReader(data.outbox, data.control);
    const port = {
      tick: (message: TickMessage) => {
        this.ticks.push(message);
        this.takeRows(message.entriesWritten);
      },
      waitForSpace: () => {
        if (options.takesLate) return false;
        this.takeRows(this.core.entriesWritten);
        options.onWait?.();
        return true;
      },
      // As the system does it.
      advise: { random: () => {}, unused: (memory: Uint8Array) => void memory.fill(0) },
      createFastPath: options.createFastPath ?? (() => null),
      ...(options.createAppFlows === undefined ? {} : { createAppFlows: options.createAppFlows }),
    };
    this.core = new ShardCore(data, port, options.app?.parts ?? null);
  }

  /** Drains until nothing moves. */
  run(): this {
    while (this.core.drain() === 'progress');
    return this;
  }

  count(counter: number): number {
    return this.counters[counter];
  }

  /** The ledger's identities of shards that do not hold; those that begin at the capture thread are not looked at. */
  failures(): string[] {
    const input: LedgerInput = {
      live: false,
      pcap: false,
      records: this.wantRows,
      tap: false,
      recall: false,
      engine: new Float64Array(COUNTER_COUNT),
      shards: [this.counters],
      lost: { packets: 0, bytes: 0, annotations: 0, flows: 0, outerFlows: 0, flowPackets: 0, flowBytes: 0 },
      rowsTaken: this.rows.length,
      entriesTaken: this.rows.length,
      tapTaken: 0,
    };
    return ledgerFailures(buildLedger(input)).filter((line) => !/^(ring|annotations) /.test(line));
  }

  private takeRows(entriesWritten: number): void {
    for (const span of this.outbox.spans(entriesWritten)) {
      for (let i = 0; i < span.count; i++) {
        const start = span.start + i * OUTBOX_ENTRY_BYTES;
        this.rows.push(new Row(span.bytes.slice(start, start + OUTBOX_ENTRY_BYTES)));
      }
      this.outbox.release(span.count);
    }
  }
}

/** The row bytes of a top flow. */
export const topRow = (bytes: Uint8Array): Row => new Row(bytes.slice(0, ROW_BYTES));
