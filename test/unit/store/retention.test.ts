import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { allFlows, flowQuery } from '../../support/flow-query.ts';
import { keptHistory } from '../../support/kept-history.ts';
import { alert, BASE, device, randomFlow, randomOf, storedFlow, tick } from '../../support/stored-ticks.ts';

const kept = keptHistory('retention');

const TABLES = ['flow_ids', 'flow_communities', 'flow_bytes', 'flow_packets', 'flow_durations'];

/** Every flow that is sorted in has its entry in every small table, and nothing else is in there. */
function checkEntries(): number {
  using db = new DatabaseSync(kept.folder.file('weir.db'), { readOnly: true });
  const ids = db.prepare('SELECT id FROM flows ORDER BY id').all();
  const { until } = db.prepare('SELECT until FROM flow_sorted').get() as { until: number };
  const sorted = ids.filter(({ id }) => Number(id) <= until);
  for (const table of TABLES) expect(db.prepare(`SELECT id FROM ${table} ORDER BY id`).all()).toEqual(sorted);
  for (const table of ['flow_addresses', 'flow_macs'])
    expect(db.prepare(`SELECT DISTINCT id FROM ${table} ORDER BY id`).all()).toEqual(sorted);
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  return ids.length;
}

test('what was seen last too long ago goes, in packet time, whatever the clock says', () => {
  const old = [storedFlow({ id: 1, last: BASE }), storedFlow({ id: 2, last: BASE + 50 }), storedFlow({ id: 3, last: BASE + 500 })];
  kept.store.writeTick(tick(0, { flows: old, devices: [device(5), device(900)], alerts: [alert(1), alert(800)] }));
  kept.store.writeTick(tick(999));
  expect(kept.store.prune({ maxAgeSecs: 0, maxBytes: 0 })).toEqual({ deleted: 0, more: false });
  expect(kept.store.prune({ maxAgeSecs: 600, maxBytes: 0 })).toEqual({ deleted: 4, more: false });
  expect(allFlows(kept.history, flowQuery()).map(({ last_seen }) => last_seen)).toEqual([BASE + 500]);
  expect(kept.store.restore().map(({ hostname }) => hostname)).toEqual(['host-900']);
  expect(kept.history.alert(alert(1).alert_id)).toBeNull();
  expect(kept.history.alert(alert(800).alert_id)).not.toBeNull();
  expect(checkEntries()).toBe(1);
});

test('a file that holds too much loses its oldest flows and shrinks', () => {
  const random = randomOf(1);
  for (let second = 0; second < 10; second++) {
    kept.store.writeTick(
      tick(second, { flows: Array.from({ length: 2000 }, (_, index) => randomFlow(random, second * 2000 + index, BASE + second)) }),
    );
  }
  const size = () => {
    using db = new DatabaseSync(kept.folder.file('weir.db'));
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return statSync(kept.folder.file('weir.db')).size;
  };
  const before = size();
  const limit = Math.floor(before / 2);
  let calls = 0;
  // Twice what was written since the last call, so that it keeps up; then the least.
  kept.store.prune({ maxAgeSecs: 0, maxBytes: 0 });
  let pruned = kept.store.prune({ maxAgeSecs: 0, maxBytes: limit });
  expect(pruned).toEqual({ deleted: 5000, more: true });
  while (pruned.more && calls++ < 50) pruned = kept.store.prune({ maxAgeSecs: 0, maxBytes: limit });
  for (let call = 0; call < 5; call++) kept.store.prune({ maxAgeSecs: 0, maxBytes: limit });
  expect(size()).toBeLessThanOrEqual(limit);
  checkEntries();
});

test('each call removes a bounded piece, the oldest first', () => {
  const random = randomOf(2);
  const flows = Array.from({ length: 12_000 }, (_, id) => randomFlow(random, id, BASE + Math.floor(id / 1000)));
  kept.store.writeTick(tick(0, { flows }));
  kept.store.prune({ maxAgeSecs: 0, maxBytes: 0 });
  kept.store.writeTick(tick(10_000));
  expect(kept.store.prune({ maxAgeSecs: 100, maxBytes: 0 })).toEqual({ deleted: 5000, more: true });
  expect(checkEntries()).toBe(7000);
  const left = kept.history.flows(flowQuery({ sort: 'last_seen', descending: false, limit: 1 })).flows[0].last_seen;
  const wanted = flows.map(({ record }) => record.last_seen).toSorted((a, b) => a - b)[5000];
  expect(left).toBe(wanted);
});

test('ticks go before their minutes, minutes before their hours', () => {
  kept.store.writeTick(tick(0));
  kept.store.writeTick(tick(7 * 3600));
  kept.store.prune({ maxAgeSecs: 0, maxBytes: 0 });
  using db = new DatabaseSync(kept.folder.file('weir.db'), { readOnly: true });
  const counts = db.prepare('SELECT step_secs, count(*) AS count FROM stats GROUP BY step_secs').all();
  expect(counts).toEqual([
    { step_secs: 0, count: 1 },
    { step_secs: 60, count: 2 },
    { step_secs: 3600, count: 2 },
    { step_secs: 86_400, count: 1 },
  ]);
  // The first tick is gone, its minute is not: the series still begins there.
  const { points, step_secs } = kept.history.timeSeries({ from: null, to: null, points: 5000 });
  expect(step_secs).toBe(60);
  expect(points[0]).toMatchObject({ time: BASE, pps: 100 });
});
