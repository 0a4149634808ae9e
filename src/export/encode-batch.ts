/** From outbox entries to bytes of a file: what the main thread and the encode workers both do, so that both give the same bytes. */
import { rowOffsets } from '../flow/entry.ts';
import { materialise, type RecordContext } from '../flow/materialise.ts';
import type { FlowRecord } from '../flow/record.ts';
import { F_PARENT_SCOPE, F_ROLE, RowRole } from '../flow/row.ts';
import { type RowView, rowView } from '../flow/row-view.ts';
import { csvRow } from './csv-encoder.ts';
import { jsonElement, jsonLine } from './json-encoder.ts';

/** `json` writes elements of the exported array, joined by `,\n`; the brackets are the file's. */
export type FlowFormat = 'json' | 'jsonl' | 'csv';

/** Entries per batch: about 210 KB of rows that become 1 MB of text. */
export const BATCH_ENTRIES = 512;

/** One job: self-contained, so that any worker can do it. */
export interface EncodeTask {
  /** Whole outbox entries. */
  entries: Uint8Array;
  context: RecordContext;
  formats: readonly FlowFormat[];
}

/** Strings longer than this are turned into bytes: flattening one of a megabyte costs more than thirty of these. */
const PIECE_CHARACTERS = 32 * 1024;

/** Text that becomes UTF-8 piece by piece. */
class TextPieces {
  readonly #encoder = new TextEncoder();
  readonly #pieces: Uint8Array[] = [];
  #text = '';

  add(text: string): void {
    this.#text += text;
    if (this.#text.length >= PIECE_CHARACTERS) this.#encode();
  }

  #encode(): void {
    this.#pieces.push(this.#encoder.encode(this.#text));
    this.#text = '';
  }

  bytes(): Uint8Array {
    this.#encode();
    const out = new Uint8Array(this.#pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      out.set(piece, at);
      at += piece.length;
    }
    return out;
  }
}

function textOf(format: FlowFormat, record: FlowRecord, first: boolean): string {
  if (format === 'jsonl') return jsonLine(record);
  if (format === 'csv') return csvRow(record);
  return first ? jsonElement(record) : `,\n${jsonElement(record)}`;
}

/** Encodes the entries once per format; the results are in the order of `formats`. */
export function encodeBatch(task: EncodeTask): Uint8Array[] {
  const row = rowView(task.entries);
  const outputs = task.formats.map((format) => ({ format, text: new TextPieces() }));
  for (const offset of rowOffsets(task.entries)) {
    const record = materialise(row, offset, task.context);
    for (const { format, text } of outputs) text.add(textOf(format, record, offset === 0));
  }
  return outputs.map(({ text }) => text.bytes());
}

/** Only the tunnels that the entries name: what a worker needs of a table that may hold many thousands. */
function tunnelsOf(row: RowView, context: RecordContext): RecordContext['tunnels'] {
  if (context.tunnels.size === 0) return context.tunnels;
  const used: [number, NonNullable<ReturnType<RecordContext['tunnels']['get']>>][] = [];
  for (const offset of rowOffsets(row.bytes)) {
    if ((row.bytes[offset + F_ROLE] & (RowRole.INNER | RowRole.OUTER)) === 0) continue;
    const number = row.view.getUint32(offset + F_PARENT_SCOPE, true);
    const facts = context.tunnels.get(number);
    if (facts !== undefined) used.push([number, facts]);
  }
  return new Map(used);
}

/** A task that outlives the caller's buffer: entries copied to shared memory, which no worker start or message copies again. */
export function detachedTask(entries: Uint8Array, context: RecordContext, formats: readonly FlowFormat[]): EncodeTask {
  const copy = new Uint8Array(new SharedArrayBuffer(entries.length));
  copy.set(entries);
  return { entries: copy, context: { ...context, tunnels: tunnelsOf(rowView(entries), context) }, formats };
}
