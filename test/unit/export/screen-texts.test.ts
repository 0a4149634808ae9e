import { readdirSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DEFAULT_OUTPUT } from '../../../src/config/options.ts';
import { endpointText } from '../../../src/export/endpoint-text.ts';
import { bitRateText, bytesText, countText, durationText } from '../../../src/export/quantities.ts';
import { writeReports } from '../../../src/export/report-files.ts';
import { renderSummary } from '../../../src/export/run-summary.ts';
import { type StatsView, statsLine } from '../../../src/export/stats-line.ts';
import { materialise } from '../../../src/flow/materialise.ts';
import type { FlowRecord } from '../../../src/flow/record.ts';
import { rowView } from '../../../src/flow/row-view.ts';
import type { Identity } from '../../../src/merge/ledger.ts';
import type { RunSummary } from '../../../src/merge/summary.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { context, entry, type RowSpec } from '../records/row-fixture.ts';

const record = (spec: RowSpec = {}): FlowRecord => materialise(rowView(entry(spec)), 0, context());

const VIEW: StatsView = {
  intervalSecs: 2,
  packets: 2469,
  bytes: 3_086_250,
  flowsLive: 7,
  ringDropped: 0,
  kernelDropped: null,
  kernelDroppedTotal: null,
  interfaceDropped: null,
  interfaceDroppedTotal: null,
  top: [],
};

describe('the stats line', () => {
  it('is that of NetScope in a replay', () => {
    expect(statsLine(VIEW)).toBe('[stats] 12.35 Mbps | 1235 pps | 7 flows');
  });

  it('has ranked top flows behind it', () => {
    const top = [
      { record: record(), deltaBytes: 2_500_000 },
      { record: record({ protocol: 17, a: '2001:db8::1', b: '2001:db8::2', portB: 53 }), deltaBytes: 2500 },
      { record: record({ protocol: 1, role: 0, b: '10.0.0.9' }), deltaBytes: 0 },
    ];
    expect(
      statsLine({ ...VIEW, top })
        .split('\n')
        .slice(1),
    ).toEqual([
      '  1. tcp 10.0.0.1:51514 <-> 192.0.2.10:443 10.00 Mbps',
      '  2. udp [2001:db8::1]:51514 <-> [2001:db8::2]:53 0.01 Mbps',
      '  3. icmp 10.0.0.1 <-> 10.0.0.9 0.00 Mbps',
    ]);
  });

  it('names the drops of a live capture, and says when nobody counts them', () => {
    const known = { ...VIEW, ringDropped: 5, kernelDropped: 1, kernelDroppedTotal: 30, interfaceDropped: 0, interfaceDroppedTotal: 2 };
    expect(statsLine(known)).toBe('[stats] 12.35 Mbps | 1235 pps | 7 flows | drops=5 | kdrop=1 (total=30) ifdrop=0 (total=2)');
    expect(statsLine(VIEW, true)).toBe(
      '[stats] 12.35 Mbps | 1235 pps | 7 flows | drops=0 | kdrop=unknown (total=unknown) ifdrop=unknown (total=unknown)',
    );
  });

  it('survives a tick without length', () => {
    expect(statsLine({ ...VIEW, intervalSecs: 0, packets: 1, bytes: 125 })).toBe('[stats] 1.00 Mbps | 1000 pps | 7 flows');
  });
});

describe('quantities', () => {
  it('are short and decimal', () => {
    expect([0, 999, 1000, 1234, 99_949, 99_951, 999_499, 999_500, 1.5e12].map(bytesText)).toEqual([
      '0 B',
      '999 B',
      '1.00 kB',
      '1.23 kB',
      '99.9 kB',
      '100 kB',
      '999 kB',
      '1.00 MB',
      '1.50 TB',
    ]);
    expect(bitRateText(2_500_000)).toBe('2.50 Mbit/s');
    expect([0, 1234, 1_234_567, null].map(countText)).toEqual(['0', '1,234', '1,234,567', 'unknown']);
    expect([0, 0.423, 12.34, 125, 7380].map(durationText)).toEqual(['0.00 s', '0.42 s', '12.3 s', '2 min 05 s', '2 h 03 min']);
  });

  it('show endpoints as URLs do', () => {
    expect(endpointText({ ip: '2001:db8::1', port: 443, mac: null })).toBe('[2001:db8::1]:443');
    expect(endpointText({ ip: '192.0.2.1', port: 443, mac: null })).toBe('192.0.2.1:443');
    expect(endpointText({ ip: '::1', port: null, mac: null })).toBe('::1');
  });
});

const identity = (overrides: Partial<Identity> = {}): Identity => ({
  name: 'read',
  unit: 'packets',
  left: { name: 'frames_read', value: 1200 },
  right: [
    { name: 'filtered', value: 0 },
    { name: 'delivered', value: 1200 },
  ],
  holds: true,
  ...overrides,
});

function summaryOf(overrides: Partial<RunSummary> = {}): RunSummary {
  return {
    schema_version: 1,
    weir_version: '0.0.0',
    input: 'replay',
    sources: ['a.pcap'],
    ended_by: 'eof',
    first_packet: 1,
    last_packet: 61,
    duration_secs: 60,
    elapsed_secs: 0.5,
    frames_read: 1200,
    input_wire_bytes: 480_000,
    packets_accounted: 1190,
    bytes_accounted: 479_000,
    packets_per_sec: 2400,
    bits_per_sec: 7_680_000,
    parse_errors: { ip_truncated: 10, tcp_truncated: 0 },
    kernel_drops: null,
    interface_drops: null,
    ring_drops: 0,
    flows_created: 18,
    flows_ended: { fin: 12, rst: 0, idle: 6 },
    flows_evicted: 0,
    emergency_ticks: 0,
    retransmissions: 3,
    out_of_order: 1,
    missed_bytes: 1500,
    loss_estimate: null,
    doctor: [],
    alerts: null,
    deterministic: true,
    applications: [
      { protocol: 'tls', flows: 12, packets: 900, bytes: 400_000 },
      { protocol: 'unknown', flows: 6, packets: 300, bytes: 80_000 },
    ],
    protocols: [
      { protocol: 'tcp', packets: 900, bytes: 400_000 },
      { protocol: 'udp', packets: 300, bytes: 80_000 },
    ],
    top_flows: [record({ history: 'ShADadFf' })],
    records_written: 18,
    records_dropped: 0,
    output_errors: 0,
    shards: 1,
    shards_lost: 0,
    effective: {},
    ledger: { schema_version: 1, stages: {}, identities: [identity()], quality: {}, holds: true },
    error: null,
    ...overrides,
  };
}

describe('the summary of a run', () => {
  it('says what was read, what it was, and that every packet is accounted for', () => {
    expect(renderSummary(summaryOf())).toBe(
      [
        'Read      1,200 frames, 480 kB on the wire, 60.0 s of packet time',
        'Rate      2.40 kpackets/s, 7.68 Mbit/s (0.50 s, 1 shard)',
        'Flows     18 (12 fin, 6 idle)',
        'TCP       3 retransmissions, 1 out of order, 1.50 kB missed',
        'Rejected  10 ip truncated',
        '',
        'Protocols',
        '  protocol  packets   share    bytes',
        '  tcp           900  75.0 %   400 kB',
        '  udp           300  25.0 %  80.0 kB',
        '',
        'Applications',
        '  application  flows  packets    bytes   share',
        '  tls             12      900   400 kB  83.3 %',
        '  unknown          6      300  80.0 kB  16.7 %',
        '',
        'Top flows',
        '  flow                                   application  state  packets    bytes         rate  duration',
        '  tcp 10.0.0.1:51514 <-> 192.0.2.10:443  tls?         OTH         18  10.0 kB  80.0 kbit/s    1.00 s',
        '',
        'Ledger    1 identity holds',
        '  frames_read 1,200 = delivered 1,200',
      ].join('\n'),
    );
  });

  it('is the same text in colour', () => {
    const coloured = renderSummary(summaryOf(), { color: true });
    expect(coloured).not.toBe(renderSummary(summaryOf()));
    expect(stripVTControlCharacters(coloured)).toBe(renderSummary(summaryOf()));
  });

  it('shows an identity that fails, and one that cannot be known', () => {
    const wrong = identity({ right: [{ name: 'delivered', value: 1199 }], holds: false });
    const unknown = identity({ name: 'kernel', left: { name: 'received', value: null }, holds: null });
    const text = renderSummary(
      summaryOf({ ledger: { schema_version: 1, stages: {}, identities: [wrong, unknown], quality: {}, holds: false } }),
    );
    expect(text).toContain('Ledger    1 of 1 identities fail, 1 unknown');
    expect(text).toContain('  read (packets): 1200 frames_read ≠ 1199 delivered');
  });

  it('says for a live capture what was dropped, or that nobody knows', () => {
    expect(renderSummary(summaryOf({ input: 'capture' }))).toContain('Drops     kernel unknown, interface unknown, ring 0');
    expect(renderSummary(summaryOf({ ring_drops: 4, deterministic: false }))).toMatch(/Drops {5}ring 4\n[\s\S]*number of shards/);
    expect(renderSummary(summaryOf())).not.toContain('Drops');
  });

  it('of a run without packets divides by nothing', () => {
    const empty = {
      frames_read: 0,
      duration_secs: 0,
      packets_per_sec: 0,
      bits_per_sec: 0,
      protocols: [{ protocol: 'tcp', packets: 0, bytes: 0 }],
    };
    expect(renderSummary(summaryOf({ ...empty, top_flows: [] }))).not.toMatch(/NaN|Infinity/);
  });
});

describe('reports of a run', () => {
  it('are written to files and to standard output', async () => {
    using folder = new TemporaryFolder('reports');
    const stdout = new PassThrough();
    await writeReports({ ...DEFAULT_OUTPUT, summaryJson: folder.file('summary.json'), ledger: '-' }, summaryOf(), stdout);
    expect(JSON.parse(readFileSync(folder.file('summary.json'), 'utf8'))).toMatchObject({
      schema_version: 1,
      frames_read: 1200,
      error: null,
    });
    expect(JSON.parse(String(stdout.read()))).toMatchObject({ holds: true });
    expect(readdirSync(folder.path)).toEqual(['summary.json']);
  });

  it('are both tried when one cannot be written', async () => {
    using folder = new TemporaryFolder('reports');
    const options = { ...DEFAULT_OUTPUT, summaryJson: folder.file('gone/summary.json'), ledger: folder.file('ledger.json') };
    await expect(writeReports(options, summaryOf())).rejects.toMatchObject({ code: 'OUTPUT', detail: { errno: 'ENOENT' } });
    expect(readdirSync(folder.path)).toEqual(['ledger.json']);
  });
});
