/** What is around every page. */
import { ActionIcon, AppShell, Burger } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useStats } from '../live/live.tsx';
import { useSession } from '../live/session.tsx';
import { usePlace } from '../router.ts';
import { testIds } from '../test-ids.ts';
import { Icon } from './icons.tsx';
import { Keys } from './keys.tsx';
import { PauseButton, RateSelect, ThemeButton } from './live-controls.tsx';
import { LiveState } from './live-state.tsx';
import { Name } from './name.tsx';
import { Navigation } from './navigation.tsx';
import { PerformanceOverlay } from './performance-overlay.tsx';
import { useWidth } from './viewport.ts';

function SensorName() {
  const sensor = useStats()?.sensor;
  if (sensor === undefined) return null;
  return (
    <span className="sensor">
      <Name text={sensor.name} />
      <span className="sensor-inputs">
        <Name text={sensor.inputs.join(', ')} />
      </span>
    </span>
  );
}

function SignOut() {
  const { now, signOut } = useSession();
  if (now.state !== 'signed-in' || !now.session.authentication) return null;
  return (
    <button type="button" className="navigation-link" onClick={() => void signOut().catch(() => undefined)}>
      <Icon name="exit" />
      <span>Sign out</span>
      <span className="navigation-role">{now.session.role}</span>
    </button>
  );
}

/** Where the page begins, for the keyboard and for readers of the screen, after each step to another page. */
function useHeadingFocus(path: string): void {
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [path]);
}

function skip(): void {
  document.querySelector<HTMLElement>('main h1')?.focus();
}

export function Shell({ children }: { children: ReactNode }) {
  const [menu, setMenu] = useState(false);
  const [sheet, setSheet] = useState(false);
  const [measuring, setMeasuring] = useState(false);
  const narrow = useWidth() === 'narrow';
  useHeadingFocus(usePlace().path);
  const controls = (
    <>
      <RateSelect />
      <ThemeButton />
      <ActionIcon variant="default" size="md" aria-label="Keys" title="Keys (?)" data-testid={testIds.keys} onClick={() => setSheet(true)}>
        <Icon name="keys" />
      </ActionIcon>
    </>
  );
  return (
    <AppShell header={{ height: '3.25rem' }} navbar={{ width: '13rem', breakpoint: 'sm', collapsed: { mobile: !menu } }} padding={0}>
      <AppShell.Header className="head">
        <button type="button" className="skip" onClick={skip}>
          Skip to the page
        </button>
        {narrow && <Burger size="sm" opened={menu} onClick={() => setMenu(!menu)} aria-label={menu ? 'Close the menu' : 'Open the menu'} />}
        <span className="brand">Weir</span>
        <SensorName />
        <span className="head-gap" />
        <LiveState />
        <PauseButton />
        {!narrow && controls}
      </AppShell.Header>
      <AppShell.Navbar className="side" aria-label="Pages">
        <Navigation onGo={() => setMenu(false)} />
        <div className="side-end">
          {narrow && <div className="side-controls">{controls}</div>}
          <SignOut />
        </div>
      </AppShell.Navbar>
      <AppShell.Main className="main">{children}</AppShell.Main>
      <Keys opened={sheet} setOpened={setSheet} onPerformance={() => setMeasuring((shown) => !shown)} />
      {measuring && <PerformanceOverlay />}
    </AppShell>
  );
}
