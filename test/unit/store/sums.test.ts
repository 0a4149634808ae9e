import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { keptHistory } from '../../support/kept-history.ts';
import { BASE, device, flowRecord, hostIp, hostMac, randomFlow, randomOf, router, storedFlow, tick } from '../../support/stored-ticks.ts';

const kept = keptHistory('sums');

const ALL = { from: null, to: null };
const COLUMNS =
  'sum(ticks), sum(packets), sum(bytes), sum(flows_live_sum), sum(flows_created), sum(drops_ring), sum(drops_kernel), sum(alerts), round(sum(secs), 6)';

test('minutes, hours and days are the sums of the ticks', () => {
  const random = randomOf(3);
  for (let second = 0; second < 9000; second += 1 + Math.floor(random() * 40)) {
    const known = random() < 0.5;
    const stats = { ...tick(second).stats, flowsLive: Math.floor(random() * 50), dropsRing: 1, dropsKernel: known ? 2 : null, alerts: 1 };
    kept.store.writeTick(tick(second, { stats }));
  }
  using db = new DatabaseSync(kept.folder.file('weir.db'), { readOnly: true });
  const sums = [0, 60, 3600, 86_400].map((step) => db.prepare(`SELECT ${COLUMNS} FROM stats WHERE step_secs = ?`).get(step));
  for (const sum of sums) expect(sum).toEqual(sums[0]);
  const byMinute = db.prepare('SELECT time, packets FROM stats WHERE step_secs = 60 ORDER BY time').all();
  const ofTicks = db
    .prepare('SELECT floor(time / 60) * 60 AS time, sum(packets) AS packets FROM stats WHERE step_secs = 0 GROUP BY 1 ORDER BY 1')
    .all();
  expect(byMinute).toEqual(ofTicks);
});

describe('the time series', () => {
  test('is null where nothing was measured, and where nobody knows', () => {
    kept.store.writeTick(tick(0));
    kept.store.writeTick(tick(3, { stats: { ...tick(3).stats, dropsRing: null, alerts: 2 } }));
    const { step_secs, points } = kept.history.timeSeries({ ...ALL, points: 100 });
    expect(step_secs).toBe(1);
    expect(points).toEqual([
      { time: BASE, pps: 100, bps: 8000, flows_live: 7, new_flows: 0, drops: 0, alerts: 0 },
      { time: BASE + 1, pps: null, bps: null, flows_live: null, new_flows: null, drops: null, alerts: 0 },
      { time: BASE + 2, pps: null, bps: null, flows_live: null, new_flows: null, drops: null, alerts: 0 },
      { time: BASE + 3, pps: 103, bps: 32_000, flows_live: 7, new_flows: 0, drops: null, alerts: 2 },
    ]);
  });

  test.each([
    [10, 60],
    [200, 5],
    [1000, 1],
    [3, 360],
  ])('%i points of 1,000 s are %i s wide and lose no packet', (points, width) => {
    let packets = 0;
    for (let second = 0; second < 1000; second++) {
      kept.store.writeTick(tick(second));
      packets += tick(second).stats.packets;
    }
    const series = kept.history.timeSeries({ ...ALL, points });
    // Ten points of a hundred seconds would not be whole minutes.
    expect(series.step_secs).toBe(points === 10 ? 120 : width);
    expect(series.points.length).toBeLessThanOrEqual(points + 1);
    const last = 1000 % series.step_secs || series.step_secs;
    const measured = series.points.map(({ pps }, index) => (pps ?? 0) * (index === series.points.length - 1 ? last : series.step_secs));
    expect(measured.reduce((sum, value) => sum + value, 0)).toBeCloseTo(packets, 0);
  });

  test('of an empty store has no points', () => {
    expect(kept.history.timeSeries({ ...ALL, points: 10 })).toEqual({ step_secs: 1, points: [] });
    expect(kept.history.protocols(ALL)).toEqual({ applications: [], transports: [] });
    expect(kept.history.topology({ ...ALL, by: 'device', limit: 10 })).toEqual({ nodes: [], links: [], hidden: 0 });
  });

  test('of a range without measurements has empty points', () => {
    kept.store.writeTick(tick(0));
    const { points } = kept.history.timeSeries({ from: BASE - 100, to: BASE - 50, points: 10 });
    expect(points.length).toBeGreaterThan(0);
    expect(points.every(({ pps }) => pps === null)).toBe(true);
  });
});

describe('the topology', () => {
  test('is of devices, and of addresses behind the router', () => {
    const between = storedFlow({ id: 3, host: 5, server: hostIp(6), bytes: 10 });
    between.record.endpoint_b.mac = hostMac(6);
    between.line.responder.mac = hostMac(6);
    const back = storedFlow({ id: 4, host: 6, server: hostIp(5), bytes: 5 });
    back.line.responder.mac = hostMac(5);
    const toRouter = storedFlow({ id: 5, host: 6, server: '10.0.0.1', bytes: 1 });
    kept.store.writeTick(
      tick(0, { devices: [router(), device(5), device(6)], flows: [storedFlow({ id: 1, bytes: 100 }), between, back, toRouter] }),
    );
    expect(kept.history.topology({ ...ALL, by: 'device', limit: 10 })).toEqual({
      nodes: [
        { id: hostMac(5), label: 'host-5', group: 'device', bytes: 115, flows: 3 },
        { id: '198.51.100.7', label: '198.51.100.7', group: 'external', bytes: 100, flows: 1 },
        { id: hostMac(6), label: 'host-6', group: 'device', bytes: 16, flows: 3 },
        { id: '02:00:00:00:00:01', label: 'gate', group: 'router', bytes: 1, flows: 1 },
      ],
      links: [
        { source: hostMac(5), target: '198.51.100.7', value: 100, flows: 1 },
        { source: hostMac(5), target: hostMac(6), value: 15, flows: 2 },
        { source: hostMac(6), target: '02:00:00:00:00:01', value: 1, flows: 1 },
      ],
      hidden: 0,
    });
    expect(kept.history.topology({ ...ALL, by: 'network', limit: 10 })).toEqual({
      nodes: [
        { id: '10.0.0.0/24', label: '10.0.0.0/24', group: 'internal', bytes: 116, flows: 4 },
        { id: '198.51.100.0/24', label: '198.51.100.0/24', group: 'external', bytes: 100, flows: 1 },
      ],
      links: [{ source: '10.0.0.0/24', target: '198.51.100.0/24', value: 100, flows: 1 }],
      hidden: 0,
    });
  });

  test('shows the largest nodes, no link without both ends, and keeps every byte of a flood', () => {
    const random = randomOf(5);
    const flows = Array.from({ length: 6000 }, (_, id) => randomFlow(random, id, BASE));
    kept.store.writeTick(tick(0, { flows }));
    const { nodes, links, hidden } = kept.history.topology({ ...ALL, by: 'device', limit: 50 });
    expect(nodes).toHaveLength(50);
    expect(hidden).toBeGreaterThan(300);
    const ids = new Set(nodes.map(({ id }) => id));
    expect(links.length).toBeGreaterThan(0);
    for (const { source, target } of links) expect(ids.has(source) && ids.has(target)).toBe(true);
    using db = new DatabaseSync(kept.folder.file('weir.db'), { readOnly: true });
    const stored = db
      .prepare(
        "SELECT sum(bytes) AS bytes, sum(flows) AS flows, count(*) AS count FROM link_usage WHERE kind = 'device' AND step_secs = 60",
      )
      .get();
    const bytes = flows.reduce((sum, { record }) => sum + record.bytes_total, 0);
    expect(stored).toMatchObject({ bytes, flows: 6000 });
    expect(Number(stored?.count)).toBeLessThanOrEqual(1501);
  });
});

test('a tunnel that carries other flows is stored, but stays out of every sum', () => {
  const outer = storedFlow({ id: 1 });
  outer.record.tunnel = { role: 'outer', type: 'gre', id: null, parent: null };
  kept.store.writeTick(tick(0, { flows: [outer], devices: [device(5)] }));
  expect(kept.history.flow(flowRecord({ id: 1 }).flow_id)?.record).toMatchObject({ tunnel: { role: 'outer' } });
  expect(kept.history.protocols(ALL).transports).toEqual([]);
  expect(kept.history.device(hostMac(5))?.peers).toEqual([]);
});
