/** Keys of the whole page, and the sheet that shows them. */
import { Kbd, Modal, Switch } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useFeed } from '../live/live.tsx';
import { useRemembered } from '../live/remembered.ts';
import { go } from '../router.ts';
import { pages } from './navigation.tsx';

const rows: [keys: string[], does: string][] = [
  ...pages.map(({ key, title }): [string[], string] => [['g', key], title]),
  [['/'], 'Search or filter on this page'],
  [['p'], 'Pause or resume updates'],
  [['m'], 'Measure: show or hide what the page costs'],
  [['↑', '↓'], 'Next and previous row of a table'],
  [['Esc'], 'Close what is open'],
  [['?'], 'This sheet'],
];

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

interface KeyTargets {
  onSheet: () => void;
  onPerformance: () => void;
}

function useKeys(enabled: boolean, { onSheet, onPerformance }: KeyTargets): void {
  const feed = useFeed();
  const going = useRef(0);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      // The sheet is where the other keys are turned on again.
      if (event.key === '?') onSheet();
      if (!enabled) return;
      const page = pages.find(({ key }) => key === event.key);
      if (page !== undefined && performance.now() - going.current < 1500) {
        going.current = 0;
        go(page.to);
      } else if (event.key === 'g') going.current = performance.now();
      else if (event.key === 'p') feed.setPaused(!feed.snapshot().paused);
      else if (event.key === 'm') onPerformance();
      else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('[data-search]');
        if (search === null) return;
        event.preventDefault();
        search.focus();
      }
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [enabled, feed, onSheet, onPerformance]);
}

export function Keys({
  opened,
  setOpened,
  onPerformance,
}: {
  opened: boolean;
  setOpened: (opened: boolean) => void;
  onPerformance: () => void;
}) {
  const [mode, setMode] = useRemembered('keys', 'on');
  const open = useRef(() => setOpened(true));
  const measure = useRef(onPerformance);
  measure.current = onPerformance;
  const [targets] = useState<KeyTargets>(() => ({ onSheet: () => open.current(), onPerformance: () => measure.current() }));
  useKeys(mode === 'on', targets);
  return (
    <Modal opened={opened} onClose={() => setOpened(false)} title="Keys" size="sm" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Switch
        label="Single keys act on the page"
        checked={mode === 'on'}
        onChange={(event) => setMode(event.currentTarget.checked ? 'on' : 'off')}
        mb="sm"
      />
      <dl className="keys">
        {rows.map(([keys, does]) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
