/** A packet time: local, with UTC on hover. */
import { ago, localClock, localMicros, localTime, utcTime } from '../text/times.ts';

export type WhenStyle = 'full' | 'clock' | 'micros' | { agoFrom: number };

export function When({ at, style = 'full' }: { at: number | null; style?: WhenStyle }) {
  if (at === null) return <span>–</span>;
  const utc = utcTime(at);
  const local = localTime(at);
  const shown =
    typeof style === 'object' ? ago(at, style.agoFrom) : style === 'full' ? local : style === 'clock' ? localClock(at) : localMicros(at);
  return (
    <time dateTime={utc} title={`${local} local\n${utc} UTC`}>
      {shown}
    </time>
  );
}
