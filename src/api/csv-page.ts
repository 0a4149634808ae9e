/** Pages as CSV: one column per field of the row's schema, nested objects joined by `_`, absent = empty. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { textCell } from '../export/csv-encoder.ts';

interface Shape {
  properties?: Record<string, Shape>;
}

/** The path of a field in a row. */
type Column = readonly string[];

function columnsOf(shape: Shape, path: Column = []): Column[] {
  if (shape.properties === undefined) return [path];
  return Object.entries(shape.properties).flatMap(([name, inner]) => columnsOf(inner, [...path, name]));
}

function valueAt(row: unknown, column: Column): unknown {
  return column.reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], row);
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return textCell(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return textCell(value.join(' '));
  return textCell(JSON.stringify(value));
}

/** RFC 4180 with LF; cells that a spreadsheet would take for a formula are neutralised. */
export function csvOf(schema: TSchema, rows: readonly unknown[]): string {
  const columns = columnsOf(schema);
  const lines = rows.map((row) => columns.map((column) => cell(valueAt(row, column))).join(','));
  return `${[columns.map((column) => column.join('_')).join(','), ...lines].join('\n')}\n`;
}

export function wantsCsv(request: FastifyRequest, format: 'json' | 'csv' | undefined): boolean {
  if (format !== undefined) return format === 'csv';
  return /^\s*text\/csv\b/i.test(request.headers.accept ?? '');
}

/** Sends rows as a file; the cursor of the next page goes into `X-Next-Cursor`. */
export function sendCsv(reply: FastifyReply, name: string, schema: TSchema, rows: readonly unknown[], next: string | null): FastifyReply {
  if (next !== null) reply.header('x-next-cursor', next);
  return reply
    .header('content-type', 'text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}.csv"`)
    .send(csvOf(schema, rows));
}
