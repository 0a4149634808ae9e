/** The tables that people read. */
import Table from 'cli-table3';
import type { Figure } from './figures.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { GoalOutcome } from './goals.ts';
import type { Results, Row } from './results.ts';

const fixed = (value: number | null, digits: number, unit = '') => (value === null ? 'unknown' : `${value.toFixed(digits)}${unit}`);

/** Borders of spaces only: the output is pasted into documents and read in logs. */
const plain = {
  chars: Object.fromEntries(
    [
      'top',
      'top-mid',
      'top-left',
      'top-right',
      'bottom',
      'bottom-mid',
      'bottom-left',
      'bottom-right',
      'left',
      'left-mid',
      'mid',
      'mid-mid',
      'right',
      'right-mid',
      'middle',
    ].map((place) => [place, '']),
  ),
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
};

function captureTable(rows: readonly Row[], does: ReadonlyMap<string, string>): string {
  const table = new Table({
    ...plain,
    head: ['program', 'wall s', 'net s', 'Mpps', '× weir', 'CPU s', 'peak MB', 'what it does'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const row of rows) {
    const peak = row.peak_bytes === null ? null : row.peak_bytes / 1e6;
    table.push([
      row.program,
      fixed(row.wall_secs, 2),
      fixed(row.net_secs, 2),
      fixed(row.mpps, 2),
      row.times_weir === null ? '' : fixed(row.times_weir, 2),
      fixed(row.cpu_secs, 2),
      fixed(peak, 0),
      does.get(row.program) ?? '',
    ]);
  }
  return table.toString();
}

export function printReport(
  results: Results,
  outcomes: readonly GoalOutcome[],
  figures: readonly Figure[],
  does: ReadonlyMap<string, string>,
  machine: Fingerprint,
): string {
  const out: string[] = [];
  const programs = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  out.push(
    `${machine.cpu}, ${machine.cores} cores, ${machine.memory_gib} GiB, ${machine.kernel}, Node ${machine.node}`,
    programs.join(', '),
  );
  for (const capture of new Set(results.rows.map((row) => row.capture))) {
    const rows = results.rows.filter((row) => row.capture === capture);
    out.push('', `${capture}: ${rows[0]?.frames.toLocaleString('en')} packets, median of ${rows[0]?.rounds}`, captureTable(rows, does));
  }
  if (outcomes.length + figures.length > 0) out.push('');
  for (const { goal, limit, measured, reached } of outcomes) {
    out.push(`${reached ? 'reached' : 'missed '}  ${goal}: ${measured.toFixed(2)} (wanted ${limit})`);
  }
  for (const { figure, value } of figures) out.push(`stated   ${figure}: ${value.toFixed(0)}`);
  for (const row of results.incomplete()) {
    out.push(`INCOMPLETE  ${row.program} saw ${row.frames_seen} of ${row.frames} packets of ${row.capture}; its time means nothing`);
  }
  return `${out.join('\n')}\n`;
}
