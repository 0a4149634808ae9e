/** The live feed for components. */
import { createContext, type ReactNode, use, useEffect, useState, useSyncExternalStore } from 'react';
import type { FrameMessage, Stats } from '../../api/contract.ts';
import { LiveFeed, type LiveView, RATES, type Rate } from './live-feed.ts';
import { remembered, useRemembered } from './remembered.ts';

const Feed = createContext<LiveFeed | null>(null);

export function LiveProvider({ children }: { children: ReactNode }) {
  const [feed] = useState(() => new LiveFeed(RATES.find((rate) => String(rate) === remembered('rate')) ?? 1));
  useEffect(() => {
    feed.start();
    return () => feed.stop();
  }, [feed]);
  return <Feed value={feed}>{children}</Feed>;
}

export function useFeed(): LiveFeed {
  const feed = use(Feed);
  if (feed === null) throw new Error('no LiveProvider above');
  return feed;
}

/** Renders again with every frame on show. */
export function useLive(): LiveView {
  const feed = useFeed();
  return useSyncExternalStore(feed.subscribe, feed.snapshot);
}

export const useFrame = (): FrameMessage | null => useLive().frame;
export const useStats = (): Stats | null => useLive().frame?.stats ?? null;

/** Milliseconds between two questions of a page that follows the sensor; null while paused, or when the run is over. */
export function useRefresh(atLeastMs = 0): number | null {
  const { paused, rateSecs } = useLive();
  return paused ? null : Math.max(rateSecs * 1000, atLeastMs);
}

export function useRate(): [Rate, (rate: Rate) => void] {
  const feed = useFeed();
  const { rateSecs } = useLive();
  const [, remember] = useRemembered('rate', '1');
  return [
    rateSecs,
    (rate) => {
      remember(String(rate));
      feed.setRate(rate);
    },
  ];
}
