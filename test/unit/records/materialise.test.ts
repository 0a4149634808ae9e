import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRow } from '../../../src/export/csv-encoder.ts';
import { jsonLine } from '../../../src/export/json-encoder.ts';
import { materialise, materialiseRow, type RecordContext } from '../../../src/flow/materialise.ts';
import type { FlowRecord } from '../../../src/flow/record.ts';
import * as R from '../../../src/flow/row.ts';
import { rowView } from '../../../src/flow/row-view.ts';
import type { TunnelFacts } from '../../../src/native/engine.ts';
import { TunnelType } from '../../../src/ring/layout.ts';
import { concat, context, entry, type RowSpec } from './row-fixture.ts';

const record = (spec: RowSpec, overrides: Partial<RecordContext> = {}): FlowRecord =>
  materialise(rowView(entry(spec)), 0, context(overrides));

const VXLAN: TunnelFacts = {
  id: 3,
  type: TunnelType.VXLAN,
  protocol: 17,
  ipVersion: 4,
  source: '5.6.7.8',
  destination: '1.2.3.4',
  sourcePort: 3344,
  destinationPort: 1122,
  scope: 42,
  parent: 0,
};

describe('a flow row as a record', () => {
  it('has endpoints, times, totals and rates', () => {
    const flow = record({ first: 250_000_000, last: 2_250_000_000, packetsA: 10, packetsB: 6, bytesA: 1000, bytesB: 3000 });
    expect(flow.endpoint_a).toEqual({ ip: '10.0.0.1', port: 51_514, mac: null });
    expect(flow.endpoint_b).toEqual({ ip: '192.0.2.10', port: 443, mac: null });
    expect(flow).toMatchObject({ protocol: 'tcp', ip_proto: 6, ip_version: 4, client: 'a_to_b', direction_reason: 'first_packet' });
    expect(flow).toMatchObject({ first_seen: 1_700_000_000.25, last_seen: 1_700_000_002.25, duration_secs: 2 });
    expect(flow).toMatchObject({ packets_total: 16, bytes_total: 4000, avg_bps: 16_000, pps: 8, avg_packet_size: 250 });
    expect(flow).toMatchObject({ end_reason: 'idle', record: 'final', interim_seq: 0 });
    expect(flow.delta).toEqual({ packets_a_to_b: 10, packets_b_to_a: 6, bytes_a_to_b: 1000, bytes_b_to_a: 3000 });
  });

  it('keeps microseconds of times long after the base second', () => {
    const flow = record({ first: 7_200_123_456_789, last: 7_200_123_456_790 });
    expect(flow.first_seen.toFixed(6)).toBe('1700007200.123457');
    expect(flow.duration_secs).toBe(1e-9);
  });

  it('has no rate without duration, and no size without packets', () => {
    expect(record({ first: 5, last: 5, packetsA: 0, packetsB: 0, bytesA: 0, bytesB: 0 })).toMatchObject({
      avg_bps: 0,
      pps: 0,
      avg_packet_size: 0,
    });
  });

  it('reports deltas against the previous record', () => {
    const flow = record({ interim: true, interimSeq: 2, endReason: 'active', previous: [4, 3, 400, 5000] });
    expect(flow).toMatchObject({ record: 'interim', interim_seq: 2, end_reason: 'active' });
    expect(flow.delta).toEqual({ packets_a_to_b: 6, packets_b_to_a: 5, bytes_a_to_b: 600, bytes_b_to_a: 4000 });
  });

  it('says null, not zero, for what was not seen', () => {
    const flow = record({ flags: R.RowFlag.SEEN_A, packetsB: 0 });
    expect(flow).toMatchObject({ syn_synack_ms: null, synack_ack_ms: null, rtt_last_ms: null, rtt_min_ms: null, rtt_ewma_ms: null });
    expect(flow).toMatchObject({ ttl_a_to_b: 0, ttl_b_to_a: null, window_min_a_to_b: 0, window_min_b_to_a: null });
    expect(flow.endpoint_a.mac).toBeNull();
  });

  it('rounds milliseconds to three decimals', () => {
    const set: RowSpec['set'] = [
      [R.F_SYN_SYNACK_MS, 'f32', 50.123_44],
      [R.F_SYNACK_ACK_MS, 'f32', 0.1],
      [R.F_RTT_SAMPLES, 'u32', 2],
      [R.F_RTT_MIN_MS, 'f32', 0.3],
      [R.F_RTT_LAST_MS, 'f32', 0],
    ];
    expect(record({ set })).toMatchObject({ syn_synack_ms: 50.123, synack_ack_ms: 0.1, rtt_min_ms: 0.3, rtt_last_ms: 0, rtt_samples: 2 });
  });

  it('has no TCP fields for other protocols', () => {
    const flow = record({ protocol: 17, set: [[R.F_TCP_STATE, 'u8', 3]] });
    expect(flow).toMatchObject({
      protocol: 'udp',
      tcp_state: null,
      tcp_flags_a_to_b: null,
      tcp_flags_b_to_a: null,
      window_min_a_to_b: null,
    });
    expect(flow.icmp_type).toBeNull();
  });

  it('shows ICMP by type and code, without ports', () => {
    const flow = record({ protocol: 1, portA: 8, portB: 0, icmpType: 8, icmpCode: 0, role: 0 });
    expect(flow).toMatchObject({ protocol: 'icmp', icmp_type: 8, icmp_code: 0 });
    expect(flow.endpoint_a.port).toBeNull();
    expect(record({ protocol: 2, role: 0 }).endpoint_b.port).toBeNull();
  });

  it('shows MAC addresses, VLANs, IPv6 and the history', () => {
    const set: RowSpec['set'] = [
      [R.F_MAC_A, 'u8', 0xaa],
      [R.F_MAC_B + 5, 'u8', 0x01],
    ];
    const flow = record({ a: '2001:db8::1', b: '2001:db8::2', flags: R.RowFlag.ETHERNET, vlan: [0x2064, 200, 3], history: 'ShADad', set });
    expect(flow).toMatchObject({ ip_version: 6, vlan: [100, 200], history: 'ShADad' });
    expect(flow.endpoint_a).toEqual({ ip: '2001:db8::1', port: 51_514, mac: 'aa:00:00:00:00:00' });
    expect(flow.endpoint_b.mac).toBe('00:00:00:00:00:01');
  });

  it('names the tunnel around an inner flow and on the outer one', () => {
    const tunnels = new Map([[3, VXLAN]]);
    const ports = R.RowRole.HAS_PORTS;
    const inner = record({ role: ports | R.RowRole.INNER, parentScope: 3, scope: 42 }, { tunnels });
    expect(inner.tunnel).toEqual({ role: 'inner', type: 'vxlan', id: 42, parent: '1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg=' });
    const outer = record({ role: ports | R.RowRole.OUTER, protocol: 17, parentScope: 3 }, { tunnels });
    expect(outer.tunnel).toEqual({ role: 'outer', type: 'vxlan', id: 42, parent: null });
    expect(outer.conn_state).toBeNull();
    const unknown = record({ role: ports | R.RowRole.INNER, parentScope: 9, scope: 5 }, { tunnels });
    expect(unknown.tunnel).toEqual({ role: 'inner', type: 'unknown', id: 5, parent: null });
    expect(record({}).tunnel).toBeNull();
  });

  it('forms the deltas of a bare row from its totals', () => {
    const bytes = entry({ previous: [9, 9, 9, 9] }).subarray(0, R.ROW_BYTES);
    expect(materialiseRow(bytes, context()).delta.packets_a_to_b).toBe(10);
  });

  it('reads the entry at its offset', () => {
    const view = rowView(concat([entry({ portA: 1 }), entry({ portA: 2 })]));
    expect(materialise(view, R.OUTBOX_ENTRY_BYTES, context()).endpoint_a.port).toBe(2);
  });
});

describe('direction seen from the host', () => {
  const live = { live: true, localAddresses: new Set(['10.0.0.1', '203.0.113.1', '2001:db8::1']) };
  const between = (a: string, b: string, clientIsB = false, overrides: Partial<RecordContext> = live): string =>
    record({ a, b, flags: clientIsB ? R.RowFlag.CLIENT_IS_B : 0 }, overrides).direction;

  it.each([
    ['10.0.0.1', '192.0.2.10', false, 'outbound'],
    ['10.0.0.1', '192.0.2.10', true, 'inbound'],
    ['192.0.2.10', '203.0.113.1', false, 'inbound'],
    ['10.0.0.1', '203.0.113.1', false, 'local'],
    ['127.0.0.1', '127.0.0.1', false, 'local'],
    ['::1', '::1', false, 'local'],
    ['10.0.0.1', '192.168.7.7', false, 'lateral'],
    ['172.16.0.9', '192.168.7.7', false, 'lateral'],
    ['172.15.0.9', '192.168.7.7', false, 'unknown'],
    ['169.254.1.1', '10.9.9.9', false, 'lateral'],
    ['fd00::1', 'fe80::2', false, 'lateral'],
    ['::ffff:10.1.1.1', 'fe80::2', false, 'lateral'],
    ['2001:db8::1', '2001:db8::2', false, 'outbound'],
    ['192.0.2.1', '192.0.2.2', false, 'unknown'],
  ])('%s -> %s (client B: %s) is %s', (a, b, clientIsB, direction) => {
    expect(between(a, b, clientIsB)).toBe(direction);
  });

  it("ignores this host's addresses in a replay", () => {
    expect(between('10.0.0.1', '192.0.2.10', false, { ...live, live: false })).toBe('unknown');
  });
});

describe('hostile rows', () => {
  it('any bytes become a record, valid JSON and one line of CSV', () => {
    const bytes = fc.uint8Array({ minLength: R.OUTBOX_ENTRY_BYTES, maxLength: R.OUTBOX_ENTRY_BYTES });
    fc.assert(
      fc.property(bytes, fc.boolean(), (row, vlanAware) => {
        const made = materialise(rowView(row), 0, context({ vlanAware, tunnels: new Map([[0, VXLAN]]) }));
        const parsed = JSON.parse(jsonLine(made)) as FlowRecord;
        expect(Object.keys(parsed)).toEqual(Object.keys(made));
        expect(parsed.flow_id).toMatch(/^[0-9a-f]{16}$/);
        expect(csvRow(made).endsWith('\n')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
