/** How live the page is, and how it looks. */
import { ActionIcon, type MantineColorScheme, NativeSelect, useMantineColorScheme } from '@mantine/core';
import { useFeed, useLive, useRate } from '../live/live.tsx';
import { RATES, type Rate } from '../live/live-feed.ts';
import { testIds } from '../test-ids.ts';
import { Icon, type IconName } from './icons.tsx';

export function PauseButton() {
  const feed = useFeed();
  const { paused } = useLive();
  const label = paused ? 'Resume updates' : 'Pause updates';
  return (
    <ActionIcon
      variant="default"
      size="md"
      aria-label={label}
      title={`${label} (p)`}
      aria-pressed={paused}
      data-testid={testIds.pause}
      onClick={() => feed.setPaused(!paused)}
    >
      <Icon name={paused ? 'play' : 'pause'} />
    </ActionIcon>
  );
}

export function RateSelect() {
  const [rate, setRate] = useRate();
  return (
    <NativeSelect
      size="xs"
      aria-label="Time between updates"
      title="Time between updates"
      data-testid={testIds.rate}
      value={String(rate)}
      onChange={(event) => setRate(Number(event.currentTarget.value) as Rate)}
      data={RATES.map((value) => ({ value: String(value), label: `every ${value} s` }))}
    />
  );
}

const schemes: Record<MantineColorScheme, { next: MantineColorScheme; icon: IconName; words: string }> = {
  auto: { next: 'light', icon: 'system', words: 'Theme: as the system' },
  light: { next: 'dark', icon: 'sun', words: 'Theme: light' },
  dark: { next: 'auto', icon: 'moon', words: 'Theme: dark' },
};

export function ThemeButton() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { next, icon, words } = schemes[colorScheme];
  return (
    <ActionIcon
      variant="default"
      size="md"
      aria-label={`${words}; change to ${schemes[next].words.slice(7)}`}
      title={words}
      data-testid={testIds.theme}
      onClick={() => setColorScheme(next)}
    >
      <Icon name={icon} />
    </ActionIcon>
  );
}
