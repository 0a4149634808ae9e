/** An answer of the API in a component: asked again on an interval, aborted when nobody looks, old answers kept meanwhile. */
import { useCallback, useEffect, useMemo, useState } from 'react';
import { getJson, isAbort, RequestFailure } from './request.ts';

export interface Answer<T> {
  /** The last good answer to this path; null before the first. */
  value: T | null;
  failure: RequestFailure | null;
  loading: boolean;
  reload: () => void;
}

interface Held<T> {
  path: string | null;
  value: T | null;
  failure: RequestFailure | null;
  loading: boolean;
}

const asFailure = (error: unknown): RequestFailure =>
  error instanceof RequestFailure ? error : new RequestFailure(0, 'The answer of the sensor could not be read.');

/**
 * `path` null asks nothing. `everyMs` null asks once; a hidden page is not asked for. `keep` shows the last answer while
 * another path is asked. Another `occasion` asks at once: the number of changes heard of.
 */
export function useAnswer<T>(path: string | null, everyMs: number | null = null, keep = false, occasion = 0): Answer<T> {
  const [held, setHeld] = useState<Held<T>>({ path, value: null, failure: null, loading: path !== null });
  const [round, setRound] = useState(0);
  const question = useMemo(() => ({ path, round, occasion }), [path, round, occasion]);
  useEffect(() => {
    const { path } = question;
    if (path === null) return;
    const abort = new AbortController();
    let timer: number | undefined;
    const ask = async () => {
      if (document.hidden && everyMs !== null) return;
      try {
        const value = await getJson<T>(path, abort.signal);
        setHeld({ path, value, failure: null, loading: false });
      } catch (error) {
        if (isAbort(error) || abort.signal.aborted) return;
        setHeld((old) => ({ path, value: old.path === path || keep ? old.value : null, failure: asFailure(error), loading: false }));
      }
    };
    const loop = () => {
      void ask().finally(() => {
        if (everyMs !== null && !abort.signal.aborted) timer = window.setTimeout(loop, everyMs);
      });
    };
    setHeld((old) => ({
      path,
      value: old.path === path || keep ? old.value : null,
      failure: old.path === path ? old.failure : null,
      loading: true,
    }));
    loop();
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [question, everyMs, keep]);
  const reload = useCallback(() => setRound((count) => count + 1), []);
  const current = held.path === path || keep;
  return {
    value: current ? held.value : null,
    failure: current ? held.failure : null,
    loading: path !== null && (!current || held.loading),
    reload,
  };
}
