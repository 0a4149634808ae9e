/** Flow records as JSON: one line each, or as elements of a pretty array. Keys in the order of the record, always. */
import type { FlowRecord } from '../flow/record.ts';
import { type Format, fieldOf, hasProcesses, numberText, PROCESS_SHAPE, RECORD_SHAPE, type Shape } from './record-shape.ts';

/** Writes one member's value. */
type Writer = (value: unknown) => string;

interface Layout {
  /** Before each member of an object at `depth`, after the first comma or brace. */
  line: (depth: number) => string;
  colon: string;
}

const COMPACT: Layout = { line: () => '', colon: ':' };
const PRETTY: Layout = { line: (depth) => `\n${'  '.repeat(depth)}`, colon: ': ' };
/** Elements of the exported array stand one level in, their members two. */
const ELEMENT_DEPTH = 1;

function scalarWriter(format: Format, layout: Layout, depth: number): Writer {
  switch (format) {
    case 'text':
      return (value) => (typeof value === 'string' ? JSON.stringify(value) : 'null');
    case 'name':
      return (value) => (typeof value === 'string' ? `"${value}"` : 'null');
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? String(value) : 'null');
    case 'json':
      return (value) => (value === null || value === undefined ? 'null' : indented(value, layout, depth));
    case 'texts':
      return (value) => (Array.isArray(value) ? indented(value, layout, depth) : '[]');
    case 'integers': {
      const inner = layout.line(depth + 1);
      const end = layout.line(depth);
      return (value) => {
        if (!Array.isArray(value) || value.length === 0) return '[]';
        return `[${value.map((item) => inner + (numberText('integer', item) ?? 'null')).join(',')}${end}]`;
      };
    }
    default:
      return (value) => numberText(format, value) ?? 'null';
  }
}

/** Any JSON value, laid out as the rest of the record is. */
function indented(value: unknown, layout: Layout, depth: number): string {
  if (layout === COMPACT) return JSON.stringify(value);
  return JSON.stringify(value, null, 2).replaceAll('\n', layout.line(depth));
}

function objectWriter(shape: { readonly [name: string]: Shape }, layout: Layout, depth: number): Writer {
  const members = Object.entries(shape).map(([name, format], index) => ({
    name,
    lead: `${index === 0 ? '{' : ','}${layout.line(depth + 1)}"${name}"${layout.colon}`,
    write: typeof format === 'string' ? scalarWriter(format, layout, depth + 1) : objectWriter(format, layout, depth + 1),
  }));
  const end = `${layout.line(depth)}}`;
  return (value) => {
    if (typeof value !== 'object' || value === null) return 'null';
    let text = '';
    for (const member of members) text += member.lead + member.write(fieldOf(value, member.name));
    return text + end;
  };
}

const LONGER_SHAPE = { ...RECORD_SHAPE, ...PROCESS_SHAPE };
const writeLine = objectWriter(RECORD_SHAPE, COMPACT, 0);
const writeElement = objectWriter(RECORD_SHAPE, PRETTY, ELEMENT_DEPTH);
const writeLongerLine = objectWriter(LONGER_SHAPE, COMPACT, 0);
const writeLongerElement = objectWriter(LONGER_SHAPE, PRETTY, ELEMENT_DEPTH);

/** One line of JSON with its line feed. */
export function jsonLine(record: FlowRecord): string {
  return `${hasProcesses(record) ? writeLongerLine(record) : writeLine(record)}\n`;
}

/** One element of the exported array, indented, without comma or line feed. */
export function jsonElement(record: FlowRecord): string {
  return `  ${hasProcesses(record) ? writeLongerElement(record) : writeElement(record)}`;
}
