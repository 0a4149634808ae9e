/** Makes the report of each merged tick, with what there is to know of the ticks before it. */
import { materialiseRow, type RecordContext } from './flow/materialise.ts';
import { DropWatch } from './merge/drops.ts';
import type { MergedTick } from './merge/totals.ts';
import type { TickReport } from './sensor-events.ts';

const NS = 1e9;

export class TickReports {
  readonly #tickNs: number;
  readonly #drops: DropWatch;
  #packetsTotal = 0;
  #bytesTotal = 0;
  #previousNs: number | null = null;

  constructor(live: boolean, tickMs: number) {
    this.#tickNs = tickMs * 1e6;
    this.#drops = new DropWatch(live);
  }

  /** `engine` are the engine's counters; `firstNs` is the stream time of the first packet, null while there was none. */
  next(merged: MergedTick, engine: Float64Array, context: RecordContext, firstNs: number | null): TickReport {
    const { tick, streamNs, packets, bytes, flowsLive, emergency, final } = merged;
    this.#packetsTotal += packets;
    this.#bytesTotal += bytes;
    const sinceNs = this.#previousNs ?? this.#beginNs(streamNs, firstNs ?? streamNs);
    this.#previousNs = streamNs;
    // Processes are known where rows are merged, and these come beside them.
    const flows = { ...context, processes: false };
    return {
      tick,
      time: context.baseSeconds + streamNs / NS,
      intervalSecs: (streamNs - sinceNs) / NS,
      packets,
      bytes,
      packetsTotal: this.#packetsTotal,
      bytesTotal: this.#bytesTotal,
      flowsLive,
      emergency,
      ...this.#drops.next(engine),
      top: merged.top.map(({ row, note, deltaBytes, deltaPackets }) => ({
        record: materialiseRow(row, flows, note),
        deltaBytes,
        deltaPackets,
      })),
      final,
    };
  }

  /** Where the first tick began: whole ticks before its end, and not behind the first packet. */
  #beginNs(endNs: number, firstNs: number): number {
    return endNs - Math.max(1, Math.ceil((endNs - firstNs) / this.#tickNs)) * this.#tickNs;
  }
}
