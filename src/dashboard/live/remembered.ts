/** Choices that outlive the page, where the browser lets them. */
import { useCallback, useState } from 'react';

const key = (name: string) => `weir.${name}`;

export function remembered(name: string): string | null {
  try {
    return window.localStorage.getItem(key(name));
  } catch {
    return null;
  }
}

export function useRemembered(name: string, initial: string): [string, (value: string) => void] {
  const [value, setValue] = useState(() => remembered(name) ?? initial);
  const remember = useCallback(
    (next: string) => {
      setValue(next);
      try {
        window.localStorage.setItem(key(name), next);
      } catch {
        // A browser that stores nothing forgets the choice with the page.
      }
    },
    [name],
  );
  return [value, remember];
}
