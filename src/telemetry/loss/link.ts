/**
 * The independent check: data that hosts acknowledged and that never passed here was lost by the capture, whatever any
 * counter says. Where no counter of this host says so, it was lost before the host: in a mirror port, or a file's making.
 */
import type { Advice } from '../../api/contract.ts';
import { losing, ok, type SensorSpan, shareText, unknown } from './stage.ts';

/** Clean captures stay far below both; half a percent is half of the smallest loss that is to be told. */
const LEAST_SHARE = 0.005;
const LEAST_BYTES = 50_000;

/** `counted`: packets that the stages behind the link say were lost; null counts as none. */
export function diagnoseLink({ before, after, secs }: SensorSpan, counted: number): Advice {
  const missed = after.missedBytes - before.missedBytes;
  const all = after.payloadBytes - before.payloadBytes + missed;
  if (all === 0) return unknown('link', `no TCP connection of which both sides were seen has ended in ${secs.toFixed(1)} s`);
  const detail = shareText(missed, all, 'bytes of TCP data were acknowledged and never seen', secs);
  if (missed < LEAST_BYTES || missed < LEAST_SHARE * all) return ok('link', detail);
  if (counted > 0) return ok('link', `${detail}; the stages behind it count losses, too`);
  const where = after.live ? `${detail}, and no counter of this host shows a loss` : `${detail}: the file lacks them`;
  const remedy =
    'check the mirror port: both directions of its sources together must not be more than it can send, and both must be mirrored';
  return losing('link', null, where, after.live ? remedy : null);
}
