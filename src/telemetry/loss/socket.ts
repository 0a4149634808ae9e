/** The kernel's buffer of our capture sockets: full when the capture thread does not come to read it. */
import type { Advice } from '../../api/contract.ts';
import { growth, type LossSettings } from './counters.ts';
import { losing, ok, type SensorSpan, shareText, unknown } from './stage.ts';

const LEAST_MB = 64;
const MOST_MB = 2047;
/** Beyond this it is no burst that is lost: the capture thread is too slow for what comes. */
const BURST_MB = 512;

function remedyOf({ bufferMb, fanout, processors }: LossSettings): string {
  if (bufferMb < BURST_MB) return `--buffer-mb ${Math.min(MOST_MB, Math.max(LEAST_MB, bufferMb * 4))} (now ${bufferMb})`;
  if (fanout < processors) return `--fanout ${Math.min(processors, fanout * 2)} (now ${fanout})`;
  return 'a narrower --filter: the capture threads are all that the processors can do';
}

export function diagnoseSocket({ before, after, secs }: SensorSpan): Advice {
  if (!after.live) return ok('socket', 'a file has no socket');
  // They count from the sensor's start: before the kernel is first asked there is nothing to take off.
  const lost = growth(before.kernelDrops ?? 0, after.kernelDrops);
  const received = growth(before.received ?? 0, after.received);
  if (lost === null || received === null) return unknown('socket', 'the platform does not count what its sockets drop');
  const detail = shareText(lost, received, 'packets', secs);
  return lost === 0 ? ok('socket', detail) : losing('socket', lost, detail, remedyOf(after.settings));
}
