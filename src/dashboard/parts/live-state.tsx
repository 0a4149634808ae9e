/** Whether what is on show is what happens now. */
import { useEffect, useState } from 'react';
import { useFeed, useLive } from '../live/live.tsx';
import { testIds } from '../test-ids.ts';

function secondsUntil(atMs: number): number {
  return Math.max(0, Math.ceil((atMs - Date.now()) / 1000));
}

function useCountdown(untilMs: number | null): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (untilMs === null) return;
    const show = () => setLeft(secondsUntil(untilMs));
    show();
    const timer = window.setInterval(show, 500);
    return () => window.clearInterval(timer);
  }, [untilMs]);
  return left;
}

export function LiveState() {
  const { connection, paused, frame } = useLive();
  const feed = useFeed();
  const left = useCountdown(connection.state === 'waiting' ? connection.retryAtMs : null);
  const run = frame?.stats.sensor.state ?? 'running';
  const tone = connection.state !== 'open' ? 'warn' : paused || run !== 'running' ? 'quiet' : 'good';
  let words = 'Live';
  if (connection.state === 'connecting') words = 'Connecting';
  else if (connection.state === 'denied') words = 'Signed out';
  else if (connection.state === 'waiting') words = `Retry in ${left} s`;
  else if (paused) words = 'Paused';
  else if (run === 'ended') words = 'Run ended';
  else if (run === 'failed') words = 'Run failed';
  return (
    <span className="live-state" role="status" data-tone={tone} data-testid={testIds.liveState} data-state={connection.state}>
      <span className="live-dot" aria-hidden="true" />
      {words}
      {connection.state === 'waiting' && (
        <button type="button" className="plain" onClick={() => feed.retry()}>
          Now
        </button>
      )}
    </span>
  );
}
