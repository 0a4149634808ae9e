/** One measurement over time on a canvas, its current value in words, and its last points as a table. */
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { localClock, localTime } from '../text/times.ts';
import { UNKNOWN } from '../text/units.ts';
import { inks, type Scheme, seriesColor } from '../theme.ts';
import { When } from './when.tsx';

export interface ChartPoint {
  time: number;
  value: number | null;
}

interface LineChartProps {
  label: string;
  points: readonly ChartPoint[];
  format: (value: number | null) => string;
  /** Place in the series colours. */
  color?: number;
  testId?: string;
  /** Height in rem. */
  height?: number;
}

const systemFont = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
/** Rows of the table beside the chart. */
const TABLE_ROWS = 30;

function rem(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}

/** `14:05`, with seconds where two marks are in one minute, and the day where a mark begins one. */
function axisTimes(splits: readonly number[]): string[] {
  const seconds = splits.length > 1 && splits[1] - splits[0] < 60;
  return splits.map((split) => {
    const clock = localClock(split);
    if (clock === '00:00:00') return localTime(split).slice(5, 10);
    return seconds ? clock : clock.slice(0, 5);
  });
}

function chartOptions(scheme: Scheme, color: number, format: LineChartProps['format'], width: number, height: number): uPlot.Options {
  const ink = inks[scheme];
  const font = `${Math.round(rem() * 0.72)}px ${systemFont}`;
  const stroke = seriesColor(scheme, color);
  const grid = { stroke: ink.grid, width: 1 };
  const axis: uPlot.Axis = { stroke: ink.faint, font, grid, ticks: { show: false } };
  return {
    width,
    height,
    padding: [rem() * 0.5, rem() * 2, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { y: { range: (_chart, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, size: rem() * 1.8, space: rem() * 5, values: (_chart, splits) => axisTimes(splits) },
      { ...axis, size: rem() * 5.2, space: rem() * 2.2, values: (_chart, splits) => splits.map((value) => format(value)) },
    ],
    series: [
      {},
      { stroke, width: 1.75, fill: `${stroke}22`, points: { show: (chart) => chart.data[0].length < 3, size: 6 }, spanGaps: false },
    ],
  };
}

function useChart(props: LineChartProps, onCursor: (index: number | null) => void) {
  const { points, format, color = 0, height = 13 } = props;
  const scheme = useComputedColorScheme('light');
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const columns = useMemo((): uPlot.AlignedData => [points.map(({ time }) => time), points.map(({ value }) => value)], [points]);
  const latest = useRef(columns);
  latest.current = columns;
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const size = () => ({ width: Math.max(80, element.clientWidth), height: Math.round(height * rem()) });
    const first = size();
    const options = chartOptions(scheme, color, format, first.width, first.height);
    options.hooks = { setCursor: [(made) => onCursor(made.cursor.idx ?? null)] };
    const made = new uPlot(options, latest.current, element);
    chart.current = made;
    const watch = new ResizeObserver(() => made.setSize(size()));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [scheme, color, format, height, onCursor]);
  useEffect(() => chart.current?.setData(columns), [columns]);
  return host;
}

function PointTable({ label, points, format }: LineChartProps) {
  return (
    <section className="chart-table" aria-label={`${label}, last points`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">{label}</th>
          </tr>
        </thead>
        <tbody>
          {points
            .slice(-TABLE_ROWS)
            .toReversed()
            .map(({ time, value }) => (
              <tr key={time}>
                <td>
                  <When at={time} />
                </td>
                <td>{format(value)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}

export function LineChart(props: LineChartProps) {
  const { label, points, format, testId, height = 13 } = props;
  const [cursor, setCursor] = useState<number | null>(null);
  const [asTable, setAsTable] = useState(false);
  const host = useChart(props, setCursor);
  const at = points[cursor ?? points.length - 1] ?? points.at(-1);
  const most = points.reduce((top, { value }) => Math.max(top, value ?? 0), 0);
  const now = points.at(-1)?.value ?? null;
  const words =
    points.length === 0
      ? `${label}: nothing measured yet`
      : `${label}: now ${format(now)}, at most ${format(most)}, ${points.length} points`;
  return (
    <div className="chart" data-testid={testId} data-points={points.length}>
      <div className="chart-line">
        <span>
          <strong>{at === undefined ? UNKNOWN : format(at.value)}</strong> at <When at={at?.time ?? null} style="clock" />
        </span>
        <span className="faint">peak {format(most)}</span>
        <button type="button" className="plain" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? 'Chart' : 'Table'}
        </button>
      </div>
      {/* The canvas stays while the table is on show: making a chart again is slower than hiding it. */}
      <div ref={host} className="chart-host" role="img" aria-label={words} hidden={asTable} style={{ minHeight: `${height}rem` }} />
      {asTable && <PointTable {...props} />}
    </div>
  );
}
