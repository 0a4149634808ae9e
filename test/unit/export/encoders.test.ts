import { describe, expect, it } from 'vitest';
import { CSV_COLUMNS, csvHeader, csvRow, textCell } from '../../../src/export/csv-encoder.ts';
import { jsonElement, jsonLine } from '../../../src/export/json-encoder.ts';
import { RECORD_SHAPE } from '../../../src/export/record-shape.ts';
import { materialise } from '../../../src/flow/materialise.ts';
import type { FlowRecord } from '../../../src/flow/record.ts';
import * as R from '../../../src/flow/row.ts';
import { rowView } from '../../../src/flow/row-view.ts';
import { context, entry, type RowSpec } from '../records/row-fixture.ts';

const record = (spec: RowSpec = {}): FlowRecord => materialise(rowView(entry(spec)), 0, context());

/** The row of NetScope's documentation, as far as its columns go. */
const NETSCOPE: RowSpec = {
  a: '10.0.0.5',
  b: '10.0.0.10',
  first: 110_000_000,
  last: 6_980_000_000,
  packetsA: 12,
  packetsB: 9,
  bytesA: 1640,
  bytesB: 9020,
  set: [
    [R.F_TCP_STATE, 'u8', R.TCP_STATES.indexOf('established')],
    [R.F_RTT_LAST_MS, 'f32', 2.1],
    [R.F_RTT_MIN_MS, 'f32', 1.8],
    [R.F_RTT_EWMA_MS, 'f32', 2],
    [R.F_RTT_SAMPLES, 'u32', 5],
  ],
};

describe('CSV', () => {
  it("begins with NetScope's 23 columns, in its order", () => {
    expect(CSV_COLUMNS.slice(0, 23).join(',')).toBe(
      'protocol,endpoint_a_ip,endpoint_a_port,endpoint_b_ip,endpoint_b_port,first_seen,last_seen,duration_secs,packets_a_to_b,packets_b_to_a,' +
        'bytes_a_to_b,bytes_b_to_a,packets_total,bytes_total,avg_bps,tcp_state,client,retransmissions,out_of_order,rtt_last_ms,rtt_min_ms,' +
        'rtt_ewma_ms,rtt_samples',
    );
    expect(csvHeader(false)).toBe(`${CSV_COLUMNS.join(',')}\n`);
  });

  it('has every field of the record after them, nested names joined', () => {
    const flat = Object.entries(record()).flatMap(([name, value]) => {
      const shape = RECORD_SHAPE[name as keyof typeof RECORD_SHAPE];
      if (typeof shape === 'object') return Object.keys(shape).map((member) => `${name}_${member}`);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return [name];
      return Object.keys(value).map((member) => `${name}_${member}`);
    });
    const first = CSV_COLUMNS.slice(0, 23);
    expect(CSV_COLUMNS.slice(23)).toEqual(flat.filter((name) => !first.includes(name)));
    expect(new Set(CSV_COLUMNS).size).toBe(CSV_COLUMNS.length);
  });

  it("writes NetScope's columns with its precision", () => {
    expect(csvRow(record(NETSCOPE)).split(',').slice(0, 23).join(',')).toBe(
      'tcp,10.0.0.5,51514,10.0.0.10,443,1700000000.110000,1700000006.980000,6.870000,12,9,1640,9020,21,10660,12413.392,established,a_to_b,0,0,' +
        '2.100,1.800,2.000,5',
    );
  });

  it('leaves absent values empty', () => {
    const cells = csvRow(record({ protocol: 2, role: 0 }))
      .trimEnd()
      .split(',');
    const cell = (name: string): string | undefined => cells[CSV_COLUMNS.indexOf(name)];
    expect(cells).toHaveLength(CSV_COLUMNS.length);
    for (const name of ['endpoint_a_port', 'tcp_state', 'rtt_last_ms', 'tunnel_role', 'endpoint_b_mac', 'icmp_type'])
      expect(cell(name)).toBe('');
    expect(cell('rtt_samples')).toBe('0');
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['\r=1', '"\'\r=1"'],
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['two\nlines', '"two\nlines"'],
    ['=a,"b"', '"\'=a,""b"""'],
    ['a=b', 'a=b'],
    ['', ''],
  ])('text %j becomes %j', (text, cell) => {
    expect(textCell(text)).toBe(cell);
  });

  it('neutralises text, and leaves negative numbers numbers', () => {
    const cells = csvRow({ ...record(), history: '=cmd|x', duration_secs: -1.5 }).split(',');
    expect(cells[CSV_COLUMNS.indexOf('history')]).toBe("'=cmd|x");
    expect(cells[CSV_COLUMNS.indexOf('duration_secs')]).toBe('-1.500000');
  });
});

describe('JSON', () => {
  it('has the keys of the record in its order, and fixed decimals', () => {
    const made = record(NETSCOPE);
    const line = jsonLine(made);
    expect(line.endsWith('}\n')).toBe(true);
    expect(Object.keys(JSON.parse(line) as object)).toEqual(Object.keys(made));
    expect(JSON.parse(line)).toEqual({ ...made, duration_secs: 6.87 });
    expect(line).toContain('"first_seen":1700000000.110000,"last_seen":1700000006.980000,"duration_secs":6.870000,');
    expect(line).toContain('"avg_bps":12413.392,"pps":3.057,"avg_packet_size":507.619,');
    expect(line).toContain('"rtt_last_ms":2.100,');
  });

  it('is laid out like an element of a pretty array', () => {
    const made = record({ ...NETSCOPE, vlan: [100, 200], first: 0, last: 1_500_000_000, flags: R.RowFlag.ETHERNET });
    const pretty = JSON.stringify([made], null, 2);
    // Apart from trailing zeros, which JSON.stringify does not write.
    const trimmed = `[\n${jsonElement(made)}\n]`.replace(/(\.\d*?)0+(,?\n)/g, '$1$2').replace(/\.(,?\n)/g, '$1');
    expect(trimmed).toBe(pretty);
  });

  it('never holds a number that JSON does not know', () => {
    const line = jsonLine({
      ...record(),
      avg_bps: Number.NaN,
      pps: Number.POSITIVE_INFINITY,
      bytes_total: Number.NEGATIVE_INFINITY,
      duration_secs: -0,
    });
    expect(JSON.parse(line)).toMatchObject({ avg_bps: null, pps: null, bytes_total: null, duration_secs: 0 });
    expect(line).toContain('"duration_secs":0.000000,');
  });

  it('escapes text', () => {
    const line = jsonLine({ ...record(), history: '"\\\n\u0000\u2028\ud800' });
    expect((JSON.parse(line) as FlowRecord).history).toBe('"\\\n\u0000\u2028\ud800');
  });
});
