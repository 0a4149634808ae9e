import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RECORD_SHAPE, type Shape } from '../../../src/export/record-shape.ts';
import type { FlowRecord } from '../../../src/flow/record.ts';
import { type FlowColumns, flowFromJson, flowJson } from '../../../src/store/flow-json.ts';
import { flowRecord } from '../../support/stored-ticks.ts';

const COLUMNS: (keyof FlowColumns)[] = [
  'flow_id',
  'community_id',
  'protocol',
  'endpoint_a',
  'endpoint_b',
  'client',
  'direction',
  'host',
  'first_seen',
  'last_seen',
  'duration_secs',
  'packets_total',
  'bytes_total',
  'record',
];

function columnsOf(record: FlowRecord): FlowColumns {
  return Object.fromEntries(COLUMNS.map((name) => [name, record[name]])) as unknown as FlowColumns;
}

const number = fc.oneof(fc.constant(0), fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true, min: 0.001 }));
const text = fc.oneof(fc.constant(''), fc.string({ unit: 'grapheme' }));
/** Fields that are null when nothing is known, by their shape alone; the others are lists and numbers. */
const anything: Record<string, fc.Arbitrary<unknown>> = {
  text: fc.option(text),
  name: fc.option(text),
  integer: fc.option(number),
  time: number,
  decimal: fc.option(number),
  boolean: fc.boolean(),
  integers: fc.array(fc.nat(4095), { maxLength: 2 }),
  texts: fc.array(text, { maxLength: 4 }),
  json: fc.array(fc.record({ name: text, score: number }), { maxLength: 2 }),
};

function arbitraryOf(shape: Shape): fc.Arbitrary<unknown> {
  if (typeof shape === 'string') return anything[shape];
  return fc.option(fc.record(Object.fromEntries(Object.entries(shape).map(([name, format]) => [name, anything[format]]))));
}

const delta = fc.record({ packets_a_to_b: number, packets_b_to_a: number, bytes_a_to_b: number, bytes_b_to_a: number });
/** Not only records that hold together: whatever is in a field comes back. */
const records = fc.record({
  ...Object.fromEntries(Object.entries(RECORD_SHAPE).map(([name, shape]) => [name, arbitraryOf(shape)])),
  delta,
  risks: anything.json,
  duration_secs: number,
  packets_total: number,
  bytes_total: number,
  app_details: fc.option(fc.dictionary(text, fc.dictionary(text, text))),
}) as unknown as fc.Arbitrary<FlowRecord>;

test('a record comes back as it was', () => {
  fc.assert(
    fc.property(records, (record) => {
      expect(flowFromJson(columnsOf(record), flowJson(record))).toEqual(record);
    }),
    { numRuns: 500 },
  );
});

test('what says nothing or follows from the rest is not written', () => {
  const record = flowRecord({ id: 1 });
  const kept = JSON.parse(flowJson(record)) as Record<string, unknown>;
  for (const name of ['tls', 'risks', 'retransmissions', 'delta', 'avg_bps', 'pps', 'history_x', ...COLUMNS])
    expect(kept).not.toHaveProperty(name);
  expect(kept).toMatchObject({ history: 'ShADadFf', rtt_samples: 3, bytes_b_to_a: record.bytes_b_to_a });
  expect(flowFromJson(columnsOf(record), flowJson(record))).toEqual(record);
});

test('sections lose their empty members and get them back', () => {
  const record = flowRecord({ id: 1 });
  record.dns = { query: 'example.com', type: 'A', rcode: null, answers: [], queries: 1, responses: 0 };
  const kept = JSON.parse(flowJson(record)) as { dns: unknown };
  expect(kept.dns).toEqual({ query: 'example.com', type: 'A', queries: 1 });
  expect(flowFromJson(columnsOf(record), flowJson(record))).toEqual(record);
});
