/** Processes in the notes of rows, from their first record to their last. */
import { describe, expect, it } from 'vitest';
import { csvHeader, csvRow } from '../../../src/export/csv-encoder.ts';
import { jsonElement, jsonLine } from '../../../src/export/json-encoder.ts';
import { materialise } from '../../../src/flow/materialise.ts';
import type { FlowRecord } from '../../../src/flow/record.ts';
import { F_FIRST_ORDINAL, F_HASH_HI, F_HASH_LO, F_RECORD_KIND, RecordForm } from '../../../src/flow/row.ts';
import { rowView } from '../../../src/flow/row-view.ts';
import { MOST_NAMED, ProcessNames } from '../../../src/merge/process-names.ts';
import { flowKey } from '../../../src/process/flow-key.ts';
import { flowFromJson, flowJson } from '../../../src/store/flow-json.ts';
import { context, entry, noted, type RowSpec } from '../records/row-fixture.ts';

const HASH = 0xffff_fff0;
const row = (ordinal: number, form = 0, spec: RowSpec = {}) =>
  entry({
    ...spec,
    set: [
      [F_HASH_LO, 'u32', HASH],
      [F_HASH_HI, 'u32', 3],
      [F_FIRST_ORDINAL, 'f64', ordinal],
      [F_RECORD_KIND, 'u8', form],
    ],
  });
const key = (ordinal: number) => flowKey(HASH | 0, 3, ordinal, false);
const web = { pid: 80, name: 'web' };
const read = (entries: Uint8Array, processes = true, app = true) => materialise(rowView(entries), 0, context({ processes, app }));

function knowing(ordinal: number, a = web): ProcessNames {
  const names = new ProcessNames();
  names.learn([{ key: key(ordinal), a, b: null }]);
  return names;
}

describe('processes of flows', () => {
  it('are in every record of the flow, and forgotten with the last', () => {
    const names = knowing(7);
    for (const form of [RecordForm.INTERIM, RecordForm.INTERIM, RecordForm.FINAL]) {
      expect(read(names.annotate(row(7, form)))).toMatchObject({ process_a: web, process_b: null });
    }
    expect(read(names.annotate(row(7)))).toMatchObject({ process_a: null, process_b: null });
  });

  it('leave other flows, and records that are none of flows, as they are', () => {
    const names = knowing(7);
    for (const other of [row(8), row(7, RecordForm.EVENT), row(7, RecordForm.TRANSACTION)]) expect(names.annotate(other)).toBe(other);
  });

  it('stand beside what the application layer says, and without it', () => {
    const note = JSON.stringify({ host: 'www.example.org' });
    const named = knowing(7).annotate(noted(row(7), note));
    expect(read(named)).toMatchObject({ host: 'www.example.org', process_a: web });
    expect(read(named, true, false)).toMatchObject({ process_a: web });
    expect(JSON.parse(knowing(7).noteOf(row(7), note))).toEqual({ host: 'www.example.org', process_a: web, process_b: null });
    expect(knowing(7).noteOf(row(8), note)).toBe(note);
  });

  it('are bounded: the oldest is forgotten', () => {
    const names = knowing(0);
    for (let ordinal = 1; ordinal <= MOST_NAMED; ordinal++) names.learn([{ key: key(ordinal), a: web, b: null }]);
    expect(read(names.annotate(row(0))).process_a).toBeNull();
    expect(read(names.annotate(row(1))).process_a).toEqual(web);
  });

  it('are escaped wherever they are written, and come back from the store', () => {
    const hostile = { pid: 4, name: '=cmd|"\n\u0000\u001b[31m,\ufffd' };
    const record = read(knowing(7, hostile).annotate(row(7)));
    const parsed = JSON.parse(jsonLine(record)) as FlowRecord;
    expect(parsed).toMatchObject({ process_a: hostile, process_b: null });
    expect(Object.keys(parsed).slice(-2)).toEqual(['process_a', 'process_b']);
    expect(jsonLine(record).trimEnd()).not.toMatch(/\p{Cc}/u);
    expect(JSON.parse(jsonElement(record))).toMatchObject({ process_a: hostile });
    expect(csvHeader(true)).toBe(`${csvHeader(false).trimEnd()},process_a_pid,process_a_name,process_b_pid,process_b_name\n`);
    expect(csvRow(record).endsWith(`,4,"'=cmd|""\n\u0000\u001b[31m,\ufffd",,\n`)).toBe(true);
    const stored = flowFromJson(record, flowJson(record));
    expect([stored.process_a, stored.process_b]).toEqual([hostile, null]);
  });

  it('are no fields of records where nobody asked', () => {
    const record = read(row(7), false);
    expect(Object.keys(record).filter((name) => name.startsWith('process'))).toEqual([]);
    expect(jsonLine(record)).not.toContain('process_');
    expect(csvRow(record).split(',')).toHaveLength(csvHeader(false).split(',').length);
    expect(flowFromJson(record, flowJson(record))).not.toHaveProperty('process_a');
  });
});
