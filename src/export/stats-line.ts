/** The statistics that `--stats` prints once per interval, in the words of NetScope: scripts read them. */
import type { FlowRecord } from '../flow/record.ts';
import { flowText } from './endpoint-text.ts';

/** What the lines say; a tick report has this shape. */
export interface StatsView {
  /** Packet time that the counts cover. */
  intervalSecs: number;
  packets: number;
  /** Wire bytes. */
  bytes: number;
  flowsLive: number;
  ringDropped: number;
  /** null = the platform gives no number. */
  kernelDropped: number | null;
  kernelDroppedTotal: number | null;
  interfaceDropped: number | null;
  interfaceDroppedTotal: number | null;
  /** Flows with the most bytes in the interval, largest first. */
  top: readonly { record: Pick<FlowRecord, 'protocol' | 'endpoint_a' | 'endpoint_b'>; deltaBytes: number }[];
}

/** Intervals shorter than this (the last tick of a run) would make rates that nobody saw. */
const SHORTEST_INTERVAL_SECS = 0.001;

function mbps(bytes: number, seconds: number): string {
  return ((bytes * 8) / seconds / 1_000_000).toFixed(2);
}

function known(value: number | null): string {
  return value === null ? 'unknown' : String(value);
}

/**
 * `[stats] 12.34 Mbps | 5678 pps | 90 flows`, and one line per top flow behind it, without a final line feed. With `live`
 * the drops stand in the first line too: `| drops=0 | kdrop=0 (total=0) ifdrop=0 (total=0)`. Default: when the platform
 * counts them.
 */
export function statsLine(view: StatsView, live = view.kernelDroppedTotal !== null): string {
  const seconds = Math.max(view.intervalSecs, SHORTEST_INTERVAL_SECS);
  let line = `[stats] ${mbps(view.bytes, seconds)} Mbps | ${(view.packets / seconds).toFixed(0)} pps | ${view.flowsLive} flows`;
  if (live) {
    line += ` | drops=${view.ringDropped}`;
    line += ` | kdrop=${known(view.kernelDropped)} (total=${known(view.kernelDroppedTotal)})`;
    line += ` ifdrop=${known(view.interfaceDropped)} (total=${known(view.interfaceDroppedTotal)})`;
  }
  const flows = view.top.map((flow, index) => `  ${index + 1}. ${flowText(flow.record)} ${mbps(flow.deltaBytes, seconds)} Mbps`);
  return [line, ...flows].join('\n');
}
