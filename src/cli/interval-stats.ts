/** Ticks added up to the interval of the stats line, in packet time. */
import type { TickReport } from '../sensor-events.ts';

type TopEntry = TickReport['top'][number];

/** A drop counter is unknown over an interval as soon as it was unknown in one tick of it. */
const sum = (left: number | null, right: number | null): number | null => (left === null || right === null ? null : left + right);

export class IntervalStats {
  readonly #intervalSecs: number;
  readonly #topFlows: number;
  #current: TickReport | null = null;
  #top = new Map<string, TopEntry>();

  constructor(intervalMs: number, topFlows: number) {
    this.#intervalSecs = intervalMs / 1000;
    this.#topFlows = topFlows;
  }

  /** The report of the interval when this tick completes it (or is the last one), else null. */
  add(tick: TickReport): TickReport | null {
    const { top } = tick;
    for (const entry of top) {
      const known = this.#top.get(entry.record.flow_id);
      const deltaBytes = entry.deltaBytes + (known?.deltaBytes ?? 0);
      this.#top.set(entry.record.flow_id, {
        record: entry.record,
        deltaBytes,
        deltaPackets: entry.deltaPackets + (known?.deltaPackets ?? 0),
      });
    }
    const before = this.#current;
    this.#current = before === null ? tick : combine(before, tick);
    // Half a nanosecond: intervals are sums of tick lengths in seconds.
    const complete = this.#current.intervalSecs >= this.#intervalSecs - 5e-10 || tick.final;
    return complete ? this.#take() : null;
  }

  #take(): TickReport | null {
    const current = this.#current;
    if (current === null) return null;
    const ranked = [...this.#top.values()].sort((a, b) => b.deltaBytes - a.deltaBytes || (a.record.flow_id < b.record.flow_id ? -1 : 1));
    this.#current = null;
    this.#top = new Map();
    return { ...current, top: ranked.slice(0, this.#topFlows) };
  }
}

/** Rates and deltas add up; totals and states are those of the later tick. */
function combine(before: TickReport, tick: TickReport): TickReport {
  return {
    ...tick,
    intervalSecs: before.intervalSecs + tick.intervalSecs,
    packets: before.packets + tick.packets,
    bytes: before.bytes + tick.bytes,
    emergency: before.emergency || tick.emergency,
    ringDropped: before.ringDropped + tick.ringDropped,
    kernelDropped: sum(before.kernelDropped, tick.kernelDropped),
    interfaceDropped: sum(before.interfaceDropped, tick.interfaceDropped),
  };
}
