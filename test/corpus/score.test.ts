import { describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../src/flow/record.ts';
import type { ManifestEntry, Truth } from './corpus.ts';
import { canonicalTuple } from './flow-totals.ts';
import { Metrics } from './metrics.ts';
import { isScored, scoreCapture } from './score.ts';

const entry: ManifestEntry = { file: 'sample.pcap', sha256: '', packets: 16, bytes: 2260, linktypes: [1], damaged: false };
const truth: Truth = {
  tshark: {
    error: null,
    flows: {
      '6|2001:db8::1|61273|2001:db8::2|80': {
        pk_ab: 9,
        pk_ba: 7,
        by_ab: 949,
        by_ba: 1311,
        cid: ['1:x'],
        tcp: { syn: 1, synack: 1, fin: 2, irtt: 0.01, retx_ab: 1, streams: [31], syn_from: 'a' },
      },
    },
  },
};

/** The record that a perfect sensor makes of it, seen from the other end. */
function perfect(): FlowRecord {
  const record: Partial<FlowRecord> = {
    record: 'final',
    ip_proto: 6,
    tunnel: null,
    endpoint_a: { ip: '2001:db8::1', port: 61_273, mac: null },
    endpoint_b: { ip: '2001:db8:0::0:2', port: 80, mac: null },
    community_id: '1:x',
    client: 'a_to_b',
    first_seen: 1,
    packets_a_to_b: 9,
    packets_b_to_a: 7,
    bytes_a_to_b: 949,
    bytes_b_to_a: 1311,
    retransmissions: 1,
    out_of_order: 0,
    tcp_flags_a_to_b: 3,
    tcp_flags_b_to_a: 19,
    syn_synack_ms: 6,
    synack_ack_ms: 4,
  };
  return record as FlowRecord;
}

function scored(change: (record: FlowRecord) => void): Metrics {
  const metrics = new Metrics();
  const record = perfect();
  change(record);
  scoreCapture(metrics, entry, truth, [record]);
  return metrics;
}

describe('the comparison with the references', () => {
  it('finds no fault with a perfect record', () => {
    const metrics = scored(() => undefined);
    expect(metrics.values.size).toBeGreaterThan(11);
    expect(metrics.missLines()).toBe('');
  });

  it.each<[string, (record: FlowRecord) => void]>([
    ['packets_exact_tcp_udp', (record) => record.packets_b_to_a++],
    ['bytes_exact_tcp_udp', (record) => record.bytes_a_to_b--],
    ['initiator_is_syn_sender', (record) => (record.client = 'b_to_a')],
    ['community_id', (record) => (record.community_id = '1:y')],
    ['retransmissions_exact', (record) => (record.retransmissions = 0)],
    ['out_of_order_exact', (record) => (record.out_of_order = 1)],
    ['handshake_rtt_within_1ms_or_5pct', (record) => (record.syn_synack_ms = 60)],
    ['handshake_rtt_reported', (record) => (record.synack_ack_ms = null)],
    ['syn_fin_rst_seen', (record) => (record.tcp_flags_b_to_a = 23)],
    ['found_tcp_udp', (record) => (record.endpoint_a.port = 1)],
    ['no_phantom_flows', (record) => (record.endpoint_a.port = 1)],
  ])('%s fails when its field is wrong', (name, change) => {
    expect(scored(change).rate(name)).toBe(0);
  });

  it('orders endpoints by version, address and port, in every spelling', () => {
    expect(canonicalTuple(17, '10.0.0.2', 1, '9.0.0.1', 2)).toEqual({ key: '17|09000001|2|0a000002|1', swapped: true });
    expect(canonicalTuple(17, '::ffff:1.2.3.4', 1, '::ffff:102:304', 2)).toEqual(
      canonicalTuple(17, '::ffff:102:304', 1, '::ffff:1.2.3.4', 2),
    );
    expect(canonicalTuple(1, '10.0.0.1', 8, '10.0.0.2', 0).key).toBe('1|0a000001|0|0a000002|0');
  });

  it('leaves out captures that the references do not read alike', () => {
    expect(isScored(entry, truth, {})).toBe(true);
    expect(isScored(entry, truth, { 'sample.pcap': 'disputed' })).toBe(false);
    expect(isScored({ ...entry, linktypes: [127] }, truth, {})).toBe(false);
    expect(isScored(entry, {}, {})).toBe(false);
  });
});
