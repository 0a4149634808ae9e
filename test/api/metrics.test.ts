/** `/metrics`: the format as promtool sees it, what only rises, and that it says what the ledger says. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRIC_FAMILIES, parseSeries } from '../../src/api/metric-families.ts';
import { TestApi } from '../support/api-server.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(async () => {
  await api.server.close();
});

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** Value by series, of a text that is exactly in the format 0.0.4. */
function read(text: string): { values: Map<string, number>; types: Map<string, string> } {
  const values = new Map<string, number>();
  const types = new Map<string, string>();
  const helped = new Set<string>();
  for (const line of text.trimEnd().split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment !== null) {
      if (comment[1] === 'HELP') helped.add(comment[2]);
      else types.set(comment[2], comment[3]);
      continue;
    }
    const sample = /^(\S+(?:"[^"]*"[^ ]*)*) (-?[0-9.e+-]+)$/.exec(line);
    if (sample === null) throw new Error(`no sample: ${line}`);
    const series = parseSeries(sample[1]);
    if (series === null || !types.has(series.name) || !helped.has(series.name)) throw new Error(`no type or help before: ${line}`);
    if (values.has(sample[1])) throw new Error(`twice: ${line}`);
    values.set(sample[1], Number(sample[2]));
  }
  return { values, types };
}

const scrape = async () => (await api.fetch('/metrics')).text();

/** Sum over the series of a family that have these labels. */
function sum(values: Map<string, number>, name: string, labels: Record<string, string> = {}): number {
  let total = 0;
  for (const [text, value] of values) {
    const series = parseSeries(text);
    if (series?.name === name && Object.entries(labels).every(([label, wanted]) => series.labels[label] === wanted)) total += value;
  }
  return total;
}

describe('metrics', () => {
  it.skipIf(!hasPromtool)('are accepted by promtool, early and later', async () => {
    await using early = await TestApi.start();
    api.sensor.tick();
    for (const text of [await (await early.fetch('/metrics')).text(), await scrape()]) {
      const check = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
      expect([check.status, check.stdout, check.stderr]).toEqual([0, '', '']);
    }
  });

  it('have the content type of the format', async () => {
    expect((await api.fetch('/metrics')).headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('only rise where they are counters', async () => {
    let before = new Map<string, number>();
    for (let tick = 0; tick < 10; tick++) {
      api.sensor.tick();
      const { values, types } = read(await scrape());
      for (const [series, value] of before) {
        if (types.get(parseSeries(series)?.name ?? '') === 'counter') expect(values.get(series), series).toBeGreaterThanOrEqual(value);
      }
      before = values;
    }
    expect(before.size).toBeGreaterThan(30);
  });

  it('equal the ledger', async () => {
    api.sensor.tick();
    const accounting = (await api.json('/api/v1/accounting')) as {
      stages: Record<string, Record<string, number & Record<string, number>>>;
    };
    const { source, decode, ring, flow } = accounting.stages;
    const { values } = read(await scrape());
    expect(values.get('weir_capture_packets_total')).toBe(source.frames_read);
    expect(values.get('weir_capture_bytes_total')).toBe(source.wire_bytes);
    expect(sum(values, 'weir_dropped_packets_total', { stage: 'kernel' })).toBe(source.kernel_drops);
    expect(sum(values, 'weir_dropped_packets_total', { stage: 'ring' })).toBe(ring.ring_dropped);
    expect(sum(values, 'weir_dropped_packets_total', { stage: 'decode' })).toBe(decode.rejected.truncated);
    expect(values.get('weir_flow_packets_total')).toBe(flow.accounted);
    expect(values.get('weir_flows_created_total')).toBe(flow.flows_created);
    expect(sum(values, 'weir_flows_ended_total')).toBe(flow.flows_ended.fin + flow.flows_ended.idle);
    expect(values.get('weir_decode_packets_total{result="not_flow",reason="arp"}')).toBe(decode.not_flow.arp);
    expect(sum(values, 'weir_capture_packets_total')).toBe(
      sum(values, 'weir_dropped_packets_total', { stage: 'decode' }) +
        sum(values, 'weir_dropped_packets_total', { stage: 'ring' }) +
        sum(values, 'weir_decode_packets_total') +
        sum(values, 'weir_flow_packets_total'),
    );
  });

  it('leave out what nobody knows, rather than say 0', async () => {
    const { values } = read(await scrape());
    expect(values.has('weir_dropped_packets_total{stage="nic",reason="interface"}')).toBe(false);
    expect(values.has('weir_capture_received_packets_total')).toBe(false);
  });

  it('by interface take the place of the sum; unknown ones are left out and logged once', async () => {
    api.sensor.extraCounters = {
      'weir_capture_packets_total{iface="eth9",worker="0"}': 70,
      'weir_capture_packets_total{iface="eth\\"9",worker="1"}': 30,
      weir_flow_table_bytes: 1_048_576,
      weir_colour_total: 5,
      'weir_flow_table_bytes{colour="red"}': 5,
      weir_packet_lag_seconds: null,
    };
    await scrape();
    const { values } = read(await scrape());
    expect(values.has('weir_capture_packets_total')).toBe(false);
    expect(sum(values, 'weir_capture_packets_total')).toBe(100);
    expect(values.get('weir_flow_table_bytes')).toBe(1_048_576);
    expect(values.has('weir_colour_total')).toBe(false);
    expect(values.has('weir_packet_lag_seconds')).toBe(false);
    expect(api.log.filter(({ message }) => message.startsWith('a metric'))).toHaveLength(2);
  });

  it('are named as Prometheus wants', () => {
    for (const { name, type } of METRIC_FAMILIES) {
      expect(name).toMatch(/^(?:weir|process)_[a-z_]+$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
    }
  });
});
