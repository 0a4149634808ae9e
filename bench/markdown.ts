/** The measured table of the manual, between its markers. */
import type { Fingerprint } from './fingerprint.ts';
import type { Results } from './results.ts';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

const cell = (value: number | null, digits: number) => (value === null ? 'unknown' : value.toFixed(digits));

export function markdownTable(results: Results, machine: Fingerprint, rounds: number): string {
  const out = [
    '| capture | program | seconds | million packets/s | × Weir | CPU seconds | peak MB |',
    '|---|---|---:|---:|---:|---:|---:|',
  ];
  let capture = '';
  for (const row of results.rows) {
    const title = row.capture === capture ? '' : `${row.capture}, ${row.frames.toLocaleString('en')} packets`;
    capture = row.capture;
    const peak = row.peak_bytes === null ? null : row.peak_bytes / 1e6;
    const numbers = [cell(row.net_secs, 2), cell(row.mpps, 2), cell(row.times_weir, 2), cell(row.cpu_secs, 2), cell(peak, 0)];
    out.push(`| ${[title, row.program, ...numbers].join(' | ')} |`);
  }
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  out.push(
    '',
    `Median of ${rounds} interleaved rounds on ${machine.cores} cores (${machine.cpu}), ${machine.kernel}, Node ${machine.node}; ${versions.join(', ')}.`,
  );
  return out.join('\n');
}

/** The manual with the table replaced. Throws when the markers are not there. */
export function replaceTable(manual: string, table: string): string {
  const begin = manual.indexOf(BEGIN);
  const end = manual.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`no ${BEGIN} … ${END}`);
  return `${manual.slice(0, begin + BEGIN.length)}\n${table}\n${manual.slice(end)}`;
}
