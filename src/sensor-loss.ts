/** What a run counts of its own losses and the host's, for `diagnoseLoss`. */
import { availableParallelism } from 'node:os';
import type { Advice } from './api/contract.ts';
import type { SensorOptions } from './config/options.ts';
import { kernelCounts, shardSum } from './merge/ledger-input.ts';
import { Counter } from './ring/layout.ts';
import type { Outputs } from './sensor-outputs.ts';
import type { Pipeline } from './sensor-pipeline.ts';
import { END_REASONS, ShardCounter } from './shard/protocol.ts';
import type { LossSettings, LossSnapshot, SensorCounters } from './telemetry/loss/counters.ts';
import { diagnoseLoss, lossOnly } from './telemetry/loss/diagnose.ts';
import { readHost } from './telemetry/loss/read-host.ts';

type Counted = Pick<Pipeline, 'clock' | 'engineCounters' | 'shardCounters' | 'inputs' | 'ringBytes'>;

const EVICTED = (['eviction', 'emergency'] as const).map((reason) => ShardCounter.FLOWS_ENDED + END_REASONS.indexOf(reason));

export class LossWatch {
  readonly #options: SensorOptions;
  readonly #pipeline: Counted;
  readonly #outputs: () => Pick<Outputs, 'waits' | 'errors'> | null;
  readonly #live: boolean;
  #first: LossSnapshot | null = null;

  constructor(options: SensorOptions, pipeline: Counted, outputs: () => Pick<Outputs, 'waits' | 'errors'> | null) {
    this.#options = options;
    this.#pipeline = pipeline;
    this.#outputs = outputs;
    this.#live = options.input.kind === 'capture';
  }

  /** Before the first packet is read. */
  begin(): void {
    this.#first = this.snapshot();
  }

  /** What was lost since then; empty when nothing was. */
  advice(): Advice[] {
    return this.#first === null ? [] : lossOnly(diagnoseLoss(this.#first, this.snapshot()));
  }

  snapshot(): LossSnapshot {
    // A file has no host behind it whose counters would say anything.
    const host = this.#live ? readHost(this.#pipeline.inputs) : null;
    return { atMs: this.#live ? performance.now() : this.#packetMs(), host, sensor: this.#sensor() };
  }

  /** Of stream time. */
  #packetMs(): number {
    return (this.#pipeline.clock()?.nowNs ?? 0) / 1e6;
  }

  #sensor(): SensorCounters {
    const engine = this.#pipeline.engineCounters();
    const shards = this.#pipeline.shardCounters();
    const at = (slot: number): number => engine[slot];
    const sum = (slot: number): number => shardSum(shards, slot);
    const { received, drops } = kernelCounts({ live: this.#live, engine });
    return {
      live: this.#live,
      received,
      kernelDrops: drops,
      framesRead: at(Counter.FRAMES_READ),
      enqueued: at(Counter.ENQUEUED),
      ringDrops: at(Counter.RING_DROPPED),
      ringHighWaterBytes: at(Counter.RING_HIGH_WATER),
      accounted: sum(ShardCounter.ACCOUNTED),
      refusedProbe: sum(ShardCounter.REFUSED_PROBE),
      refusedEmergency: sum(ShardCounter.REFUSED_EMERGENCY),
      refusedLimit: sum(ShardCounter.REFUSED_LIMIT),
      flowsCreated: sum(ShardCounter.FLOWS_CREATED),
      flowsEvicted: EVICTED.reduce((total, slot) => total + sum(slot), 0),
      emergencyTicks: sum(ShardCounter.EMERGENCY_TICKS),
      appShed: sum(ShardCounter.APP_SHED),
      rowsWritten: sum(ShardCounter.ROWS_WRITTEN),
      rowsDropped: sum(ShardCounter.ROWS_DROPPED),
      outboxWaits: sum(ShardCounter.OUTBOX_WAITS),
      tapWritten: at(Counter.TAP_WRITTEN),
      tapDropped: at(Counter.TAP_DROPPED),
      pcapWritten: at(Counter.PCAP_FRAMES_WRITTEN),
      pcapErrors: at(Counter.PCAP_WRITE_ERRORS),
      outputErrors: this.#outputs()?.errors ?? 0,
      outputs: this.#outputs()?.waits(this.#options.output) ?? [],
      missedBytes: sum(ShardCounter.MISSED_BYTES),
      payloadBytes: sum(ShardCounter.TCP_PAYLOAD_BYTES),
      settings: this.#settings(),
    };
  }

  #settings(): LossSettings {
    const { input, tracking } = this.#options;
    const { bufferMb, fanout } = input.kind === 'capture' ? input : { bufferMb: 0, fanout: 1 };
    const { shards, maxFlows, dpi } = tracking;
    return { bufferMb, fanout, shards, maxFlows, dpi, ringBytes: this.#pipeline.ringBytes, processors: availableParallelism() };
  }
}
