/** Tables for a terminal: columns apart by two blanks, no lines; easy to read and to cut. */
import Table from 'cli-table3';

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** `rows` with their head, if any, as the first; `aligned` by column, left where it says nothing. */
export function plainTable(rows: string[][], aligned: ('left' | 'right')[] = []): string {
  const table = new Table({ chars: NO_LINES, colAligns: aligned, style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 } });
  table.push(...rows);
  const lines = table.toString().split('\n');
  return lines.map((line) => line.trimEnd()).join('\n');
}
