/** Outputs: records and packets that were given up because nobody took them in time. */
import type { Advice } from '../../api/contract.ts';
import type { OutputWait } from './counters.ts';
import { amount, losing, ok, type SensorSpan, shareText } from './stage.ts';

/** An output whose writes took this share of the time is what the others wait for. */
const SLOW_SHARE = 0.25;

/** The output whose writes took longest in the span, with how long. */
function slowest({ before, after }: SensorSpan): OutputWait | null {
  const waits = after.outputs.map((output) => {
    const earlier = before.outputs.find(({ flag }) => flag === output.flag)?.waitedMs ?? 0;
    return { ...output, waitedMs: output.waitedMs - earlier };
  });
  return waits.reduce<OutputWait | null>((most, wait) => (most === null || wait.waitedMs > most.waitedMs ? wait : most), null);
}

/** Shards had to wait for outputs, or gave records up. */
export function sinkIsSlow(span: SensorSpan): boolean {
  const { before, after, secs } = span;
  if (after.rowsDropped > before.rowsDropped) return true;
  const wait = slowest(span);
  return after.outboxWaits > before.outboxWaits && wait !== null && wait.waitedMs > SLOW_SHARE * secs * 1000;
}

export function sinkRemedy(span: SensorSpan): string | null {
  const wait = slowest(span);
  if (wait === null || wait.waitedMs === 0) return 'who reads flows() must take records faster';
  return `${wait.flag} to something faster than ${wait.path} (its writes took ${(wait.waitedMs / 1000).toFixed(1)} of ${span.secs.toFixed(1)} s), or ${wait.flag} "" to leave it out`;
}

const difference = ({ before, after }: SensorSpan, name: 'rowsDropped' | 'tapDropped' | 'pcapErrors' | 'outputErrors'): number =>
  after[name] - before[name];

/** What the screen and packet logs did not get. */
function tapText(span: SensorSpan, lost: number): string[] {
  const { before, after, secs } = span;
  return lost === 0 ? [] : [shareText(lost, after.tapWritten - before.tapWritten + lost, 'packets were not shown or logged', secs)];
}

function pcapText({ before, after, secs }: SensorSpan, lost: number): string[] {
  return lost === 0
    ? []
    : [shareText(lost, after.pcapWritten - before.pcapWritten + lost, 'packets were not written to the capture file', secs)];
}

function remedyOf(span: SensorSpan, rows: number, pcap: number, failed: number): string | null {
  if (rows > 0) return sinkRemedy(span);
  if (pcap > 0) return '--write-pcap to a disk with room and speed for it';
  if (failed > 0) return 'an output failed: its error says which, and why; free the disk or name another path';
  return '--quiet, or no --packets-jsonl: packet lines are slower than the packets';
}

export function diagnoseSink(span: SensorSpan): Advice {
  const { before, after, secs } = span;
  const rows = difference(span, 'rowsDropped');
  const tap = difference(span, 'tapDropped');
  const pcap = difference(span, 'pcapErrors');
  const failed = difference(span, 'outputErrors');
  const all = after.rowsWritten - before.rowsWritten + rows;
  const texts = [
    shareText(rows, all, 'flow records given up', secs),
    ...tapText(span, tap),
    ...pcapText(span, pcap),
    ...(failed > 0 ? [`${amount(failed)} outputs failed`] : []),
  ];
  const detail = texts.join('; ');
  const lost = rows + tap + pcap;
  const starves = after.ringDrops > before.ringDrops && sinkIsSlow(span);
  if (lost + failed === 0 && !starves) return ok('sink', detail);
  if (starves) return losing('sink', lost, `${detail}; shards waited for outputs, and their rings ran full`, sinkRemedy(span));
  return losing('sink', lost, detail, remedyOf(span, rows, pcap, failed));
}
