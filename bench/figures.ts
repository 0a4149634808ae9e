/** Numbers that are stated without a limit. */
import type { BenchCapture } from './captures.ts';
import type { Results } from './results.ts';

export interface Figure {
  figure: string;
  value: number;
}

/**
 * What a flow costs beside its rows once its application is known: peak memory above that of the same run with
 * `--dpi off`, over the flows. Of the `apps` capture all flows are in the table at its end. What the parsers take once
 * (code, tables, garbage not yet collected) is in it too, so it is an upper bound.
 */
export function statedFigures(results: Results, captures: readonly BenchCapture[]): Figure[] {
  const capture = captures.find(({ name }) => name === 'apps');
  const off = results.find('apps', 'weir off')?.peak_bytes ?? null;
  if (capture === undefined || off === null) return [];
  return ['weir builtin', 'weir ndpi', 'weir both'].flatMap((program) => {
    const peak = results.find('apps', program)?.peak_bytes ?? null;
    if (peak === null) return [];
    return [{ figure: `apps: bytes per live classified flow, ${program}`, value: (peak - off) / capture.flows }];
  });
}
