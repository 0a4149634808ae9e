/** Our rings between the capture threads and the shards: full when the shards are behind. */
import type { Advice } from '../../api/contract.ts';
import type { LossSettings, SensorCounters } from './counters.ts';
import { sinkIsSlow, sinkRemedy } from './sink.ts';
import { losing, ok, type SensorSpan, shareText } from './stage.ts';

function remedyOf({ shards, processors, dpi }: LossSettings): string {
  if (shards < processors) return `--shards ${Math.min(processors, shards * 2)} (now ${shards})`;
  if (dpi !== 'off') return `--dpi off (now ${dpi}): the shards are as many as the processors`;
  return 'a narrower --filter: the shards are all that the processors can do';
}

function fillText({ ringHighWaterBytes, settings }: SensorCounters): string {
  const share = Math.min(100, (ringHighWaterBytes / settings.ringBytes) * 100);
  return `; a ring was at most ${share.toFixed(0)} % full (${(settings.ringBytes / 2 ** 20).toFixed(1)} MiB each)`;
}

export function diagnoseRing(span: SensorSpan): Advice {
  const { before, after, secs } = span;
  const lost = after.ringDrops - before.ringDrops;
  const enqueued = after.enqueued - before.enqueued;
  const detail = `${shareText(lost, enqueued + lost, 'packets', secs)}${fillText(after)}`;
  if (lost === 0) return ok('ring', detail);
  // Shards that wait for an output cannot read: more of them would wait as well.
  if (sinkIsSlow(span)) return losing('ring', lost, `${detail}; shards waited for a slow output, see sink`, sinkRemedy(span));
  return losing('ring', lost, detail, remedyOf(after.settings));
}
