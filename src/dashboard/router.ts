/**
 * Pages live behind the `#` of the address, so that the server needs to know none of them and no page can hide a route of
 * the API: `/#/flows?app=dns`.
 */
import { useMemo, useSyncExternalStore } from 'react';

export interface Place {
  /** `/devices/02:00:5e:00:00:01`, always beginning with a slash. */
  path: string;
  query: URLSearchParams;
}

const changed = 'weir:place';

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  window.addEventListener('popstate', listener);
  window.addEventListener(changed, listener);
  return () => {
    window.removeEventListener('hashchange', listener);
    window.removeEventListener('popstate', listener);
    window.removeEventListener(changed, listener);
  };
}

const current = () => window.location.hash.slice(1) || '/';

function parsePlace(hash: string): Place {
  const at = hash.indexOf('?');
  const path = at < 0 ? hash : hash.slice(0, at);
  return { path: path.startsWith('/') ? path : `/${path}`, query: new URLSearchParams(at < 0 ? '' : hash.slice(at + 1)) };
}

export function usePlace(): Place {
  const hash = useSyncExternalStore(subscribe, current);
  return useMemo(() => parsePlace(hash), [hash]);
}

/** `replace` leaves no step for the back button: filters being typed. */
export function go(to: string, replace = false): void {
  const address = `#${to}`;
  if (replace) window.history.replaceState(null, '', address);
  else window.history.pushState(null, '', address);
  window.dispatchEvent(new Event(changed));
}

/** The same page with other parameters; null and empty ones are left out. */
export function goQuery(place: Place, changes: Record<string, string | null>, replace = true): void {
  const query = new URLSearchParams(place.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(text === '' ? place.path : `${place.path}?${text}`, replace);
}
