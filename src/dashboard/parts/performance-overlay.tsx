/** What the dashboard itself costs: for the question whether the browser or the sensor is slow. */
import { useEffect, useState } from 'react';
import { useFeed, useLive } from '../live/live.tsx';
import { testIds } from '../test-ids.ts';
import { formatBytes, formatCount } from '../text/units.ts';

/** Frames that the browser painted in the last second. */
function useFramesPerSecond(): number {
  const [painted, setPainted] = useState(0);
  useEffect(() => {
    let count = 0;
    let since = performance.now();
    let request = 0;
    const step = (now: number) => {
      count++;
      if (now - since >= 1000) {
        setPainted(Math.round((count * 1000) / (now - since)));
        count = 0;
        since = now;
      }
      request = requestAnimationFrame(step);
    };
    request = requestAnimationFrame(step);
    return () => cancelAnimationFrame(request);
  }, []);
  return painted;
}

export function PerformanceOverlay() {
  const painted = useFramesPerSecond();
  const { cost } = useFeed();
  const { frame } = useLive();
  return (
    <aside className="performance" aria-label="Performance" data-testid={testIds.performance}>
      <dl>
        <dt>Painted</dt>
        <dd>{painted} frames/s</dd>
        <dt>Render</dt>
        <dd>{cost.renderMs.toFixed(1)} ms</dd>
        <dt>Message</dt>
        <dd>{formatBytes(cost.messageBytes)}</dd>
        <dt>Received</dt>
        <dd>{formatCount(cost.framesReceived)}</dd>
        <dt>Skipped</dt>
        <dd>{formatCount(cost.framesMissed)}</dd>
        <dt>Sequence</dt>
        <dd>{formatCount(frame?.frame_seq ?? null)}</dd>
      </dl>
    </aside>
  );
}
