import { NativeSelect, SegmentedControl } from '@mantine/core';
import { useMemo } from 'react';
import type { TimeSeries } from '../../api/contract.ts';
import { joinPoints, type Point } from '../live/history.ts';
import { useFeed, useRefresh } from '../live/live.tsx';
import { paths, withQuery } from '../live/paths.ts';
import { useRemembered } from '../live/remembered.ts';
import { useAnswer } from '../live/use-answer.ts';
import { testIds } from '../test-ids.ts';
import { formatBits, formatCount, formatRate, formatScaled } from '../text/units.ts';
import { LineChart } from './line-chart.tsx';
import { Panel } from './panel.tsx';

type Measure = 'bps' | 'pps' | 'flows_live' | 'new_flows' | 'drops';

const measures: Record<Measure, { label: string; short: string; format: (value: number | null) => string; color: number }> = {
  bps: { label: 'Throughput', short: 'Bits', format: formatBits, color: 0 },
  pps: { label: 'Packets per second', short: 'Packets', format: formatRate, color: 2 },
  flows_live: { label: 'Live flows', short: 'Flows', format: (value) => formatScaled(value, ''), color: 3 },
  new_flows: { label: 'New flows', short: 'New', format: (value) => formatScaled(value, ''), color: 4 },
  drops: { label: 'Packets lost', short: 'Lost', format: formatCount, color: 1 },
};

const windows = [
  { value: '300', label: '5 minutes' },
  { value: '900', label: '15 minutes' },
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '1 day' },
];

const POINTS = 300;

/** Stored points of the window, asked once, with the frames that came since behind them. */
function usePoints(time: number | null, windowSecs: number): readonly Point[] {
  const { history } = useFeed();
  const live = history.all();
  // The beginning of the window moves in steps, so that the question stays the same for a while.
  const step = windowSecs / 5;
  const from = time === null ? null : Math.floor((time - windowSecs) / step) * step;
  const refresh = useRefresh(30_000);
  const path = from === null ? null : withQuery(paths.timeSeries, { from, points: POINTS });
  const answer = useAnswer<TimeSeries>(path, refresh, true);
  const stored = answer.value?.points;
  const stepSecs = answer.value?.step_secs ?? 1;
  return useMemo(() => joinPoints(stored ?? [], live, (time ?? 0) - windowSecs, stepSecs), [stored, stepSecs, live, time, windowSecs]);
}

export function ThroughputPanel({ time }: { time: number | null }) {
  const [measure, setMeasure] = useRemembered('measure', 'bps');
  const [span, setSpan] = useRemembered('window', '300');
  const chosen = Object.hasOwn(measures, measure) ? (measure as Measure) : 'bps';
  const windowSecs = windows.some(({ value }) => value === span) ? Number(span) : 300;
  const points = usePoints(time, windowSecs);
  const shown = useMemo(() => points.map((point) => ({ time: point.time, value: point[chosen] })), [points, chosen]);
  const { label, format, color } = measures[chosen];
  return (
    <Panel
      title={label}
      className="throughput"
      aside={
        <NativeSelect
          size="xs"
          aria-label="Time shown"
          value={String(windowSecs)}
          data={windows}
          onChange={(event) => setSpan(event.currentTarget.value)}
        />
      }
    >
      <SegmentedControl
        size="xs"
        aria-label="Measurement"
        value={chosen}
        onChange={setMeasure}
        data={Object.entries(measures).map(([value, { short }]) => ({ value, label: short }))}
      />
      <LineChart label={label} points={shown} format={format} color={color} testId={testIds.throughput} />
    </Panel>
  );
}
