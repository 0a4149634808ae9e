/**
 * Flow records as CSV (RFC 4180, lines end in LF): first the 23 columns that NetScope wrote, with its names, order and
 * precision, then every other field in the order of the record, nested names joined by `_`. Absent = empty. Captures that
 * name processes write their columns behind all others.
 *
 * Cells come from the wire, and spreadsheets run what they take for a formula: a text cell that begins with one of
 * `= + - @`, a tab or a carriage return gets a leading apostrophe.
 */
import type { FlowRecord } from '../flow/record.ts';
import { type Format, fieldOf, hasProcesses, numberText, PROCESS_SHAPE, RECORD_SHAPE, type Shape } from './record-shape.ts';

interface Column {
  header: string;
  /** Field of the record, and of the object in it where it is nested. */
  field: string;
  member: string | null;
  format: Format;
}

const FIRST_COLUMNS = [
  'protocol',
  'endpoint_a_ip',
  'endpoint_a_port',
  'endpoint_b_ip',
  'endpoint_b_port',
  'first_seen',
  'last_seen',
  'duration_secs',
  'packets_a_to_b',
  'packets_b_to_a',
  'bytes_a_to_b',
  'bytes_b_to_a',
  'packets_total',
  'bytes_total',
  'avg_bps',
  'tcp_state',
  'client',
  'retransmissions',
  'out_of_order',
  'rtt_last_ms',
  'rtt_min_ms',
  'rtt_ewma_ms',
  'rtt_samples',
];

function columnsOf(shapes: { readonly [field: string]: Shape }): Column[] {
  const columns: Column[] = [];
  for (const [field, shape] of Object.entries(shapes)) {
    if (typeof shape === 'string') columns.push({ header: field, field, member: null, format: shape });
    else for (const [member, format] of Object.entries(shape)) columns.push({ header: `${field}_${member}`, field, member, format });
  }
  return columns;
}

function orderedColumns(): Column[] {
  const columns = columnsOf(RECORD_SHAPE);
  const first = FIRST_COLUMNS.map((header) => columns.find((column) => column.header === header) as Column);
  return [...first, ...columns.filter((column) => !FIRST_COLUMNS.includes(column.header))];
}

const COLUMNS = orderedColumns();
const LONGER_COLUMNS = [...COLUMNS, ...columnsOf(PROCESS_SHAPE)];

/** Names of the columns of every record, in order. */
export const CSV_COLUMNS: readonly string[] = COLUMNS.map((column) => column.header);

/** The header row with its line feed; `processes`: of a capture that names them. */
export function csvHeader(processes: boolean): string {
  return `${(processes ? LONGER_COLUMNS : COLUMNS).map((column) => column.header).join(',')}\n`;
}

/** A text cell: neutralised, and quoted where it must be. */
export function textCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function cell(format: Format, value: unknown): string {
  if (format === 'json') return value === null || (Array.isArray(value) && value.length === 0) ? '' : textCell(JSON.stringify(value));
  if (format === 'texts') return Array.isArray(value) ? textCell(value.join(' ')) : '';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return format === 'name' ? value : textCell(value);
  if (format === 'integers') return Array.isArray(value) ? value.join(' ') : '';
  return numberText(format, value) ?? '';
}

/** One row with its line feed. */
export function csvRow(record: FlowRecord): string {
  let text = '';
  for (const column of hasProcesses(record) ? LONGER_COLUMNS : COLUMNS) {
    const holder = fieldOf(record, column.field);
    const value = column.member === null || typeof holder !== 'object' || holder === null ? holder : fieldOf(holder, column.member);
    if (column !== COLUMNS[0]) text += ',';
    text += cell(column.format, value);
  }
  return `${text}\n`;
}
