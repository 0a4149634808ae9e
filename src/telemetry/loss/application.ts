/** The application layer: a shard that is behind leaves flows unread, so that packets are not lost. */
import type { Advice } from '../../api/contract.ts';
import type { LossSettings } from './counters.ts';
import { losing, ok, type SensorSpan, shareText } from './stage.ts';

function remedyOf({ shards, processors, dpi }: LossSettings): string {
  if (shards < processors) return `--shards ${Math.min(processors, shards * 2)} (now ${shards})`;
  if (dpi === 'auto' || dpi === 'both') return `--dpi builtin (now ${dpi}): the shards are as many as the processors`;
  return 'a narrower --filter, or more processors: the shards are all that these can do';
}

/** `lost` counts flows, not packets: all of these are in flows. */
export function diagnoseApplication({ before, after, secs }: SensorSpan): Advice {
  const shed = after.appShed - before.appShed;
  const created = after.flowsCreated - before.flowsCreated;
  const detail = shareText(shed, Math.max(created, shed), 'flows were left without a look at their content', secs);
  return shed === 0 ? ok('application', detail) : losing('application', shed, detail, remedyOf(after.settings));
}
