/** A list behind cursors: the pages read so far as one, and how to read the next. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { isAbort, RequestFailure } from './request.ts';

export interface Pages<Row> {
  rows: readonly Row[];
  /** Whether the first page has come. */
  ready: boolean;
  loading: boolean;
  failure: RequestFailure | null;
  /** False when everything is here. */
  more: boolean;
  readMore: () => void;
  reload: () => void;
}

interface Held<Row> {
  path: string | null;
  rows: readonly Row[];
  next: string | null;
  ready: boolean;
  failure: RequestFailure | null;
}

/** More than this many rows are not kept in the browser; filters and downloads reach the rest. */
const MOST_ROWS = 20_000;

const withCursor = (path: string, cursor: string): string => `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;

export interface RowPage<Row> {
  rows: readonly Row[];
  next: string | null;
}

/** Reads one page; the API gives each list under its own name. */
export type PageReader<Row> = (path: string, signal: AbortSignal) => Promise<RowPage<Row>>;

export function usePages<Row>(path: string | null, readPage: PageReader<Row>): Pages<Row> {
  const none: Held<Row> = { path, rows: [], next: null, ready: false, failure: null };
  const [held, setHeld] = useState<Held<Row>>(none);
  const [loading, setLoading] = useState(path !== null);
  const [round, setRound] = useState(0);
  const abort = useRef<AbortController | null>(null);

  const read = useCallback(
    async (from: string, cursor: string | null, before: readonly Row[]) => {
      abort.current?.abort();
      const mine = new AbortController();
      abort.current = mine;
      setLoading(true);
      try {
        const page = await readPage(cursor === null ? from : withCursor(from, cursor), mine.signal);
        const rows = [...before, ...page.rows];
        setHeld({ path: from, rows, next: rows.length >= MOST_ROWS ? null : page.next, ready: true, failure: null });
      } catch (error) {
        if (isAbort(error) || mine.signal.aborted) return;
        const failure = error instanceof RequestFailure ? error : new RequestFailure(0, 'The answer of the sensor could not be read.');
        setHeld((old) => ({ ...old, path: from, rows: before, ready: before.length > 0, failure }));
      }
      if (abort.current === mine) setLoading(false);
    },
    [readPage],
  );

  const question = useMemo(() => ({ path, round }), [path, round]);
  useEffect(() => {
    if (question.path === null) return;
    void read(question.path, null, []);
    return () => abort.current?.abort();
  }, [question, read]);

  const shown = held.path === path ? held : none;
  const readMore = useCallback(() => {
    if (path !== null && held.path === path && held.next !== null && !loading) void read(path, held.next, held.rows);
  }, [path, held, loading, read]);
  const reload = useCallback(() => setRound((count) => count + 1), []);
  const { rows, ready, failure, next } = shown;
  return { rows, ready, failure, loading: path !== null && (loading || held.path !== path), more: next !== null, readMore, reload };
}
