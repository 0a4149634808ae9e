/** A large tick that goes to the database in parts: what is kept is the same, and it is kept whole or not at all. */
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { Store } from '../../../src/store/store.ts';
import { allFlows, flowQuery } from '../../support/flow-query.ts';
import { keptHistory } from '../../support/kept-history.ts';
import { alert, BASE, device, hostMac, storedFlow, tick } from '../../support/stored-ticks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const kept = keptHistory('store-parts');

const TABLES = ['devices', 'flows', 'alerts', 'stats', 'device_peers', 'device_protocols', 'protocol_usage', 'link_usage'];

function contents(path: string): Record<string, unknown[]> {
  using db = new DatabaseSync(path, { readOnly: true });
  return Object.fromEntries(TABLES.map((table) => [table, db.prepare(`SELECT * FROM ${table}`).all()]));
}

const flowsOf = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => storedFlow({ id: from + index, host: 5 }));
const stored = () => allFlows(kept.history, flowQuery({ limit: 1000 })).length;

test('a tick in parts leaves the same tables as one at once', () => {
  const other = new TemporaryFolder('store-whole');
  const whole = Store.open(other.path);
  for (const second of [0, 1]) {
    const from = second * 6000;
    const all = { devices: [device(5, { hostname: 'desk' })], alerts: [alert(second)], flows: flowsOf(from, from + 6000) };
    const { stats } = tick(second, all);
    whole.writeTick(tick(second, all));
    kept.store.writePart({ devices: [device(5)], flows: all.flows.slice(0, 4500) });
    kept.store.writePart({ devices: [], flows: all.flows.slice(4500, 5000) });
    kept.store.writeTick(tick(second, { ...all, stats, flows: all.flows.slice(5000) }));
  }
  const tables = contents(kept.folder.file('weir.db'));
  const expected = contents(other.file('weir.db'));
  for (const table of TABLES) expect(JSON.stringify(tables[table]), table).toBe(JSON.stringify(expected[table]));
  expect(tables.flows).toHaveLength(12_000);
  whole.close();
  other[Symbol.dispose]();
});

test('nobody sees a part before the tick is there, and a store that ends keeps none', () => {
  kept.store.writeTick(tick(0, { devices: [device(5)] }));
  kept.store.writePart({ devices: [device(6)], flows: flowsOf(0, 3) });
  expect(stored()).toBe(0);
  kept.store.close();
  kept.store = Store.open(kept.folder.path);
  expect(stored()).toBe(0);
  expect(kept.store.restore().map(({ mac }) => mac)).toEqual([hostMac(5)]);
});

test('a part that cannot be written takes the earlier ones with it, but no word that somebody said meanwhile', () => {
  kept.store.writeTick(tick(0, { alerts: [alert(1)] }));
  kept.store.writePart({ devices: [device(5)], flows: flowsOf(0, 3) });
  expect(kept.store.acknowledge(alert(1).alert_id, { by: 'ada', at: BASE, note: null })).toBe(true);
  const broken = storedFlow({ id: 4 });
  broken.record.community_id = null as unknown as string;
  expect(() => kept.store.writePart({ devices: [], flows: [broken] })).toThrow(expect.objectContaining({ code: 'STORE' }));
  expect(stored()).toBe(0);
  expect(kept.history.alert(alert(1).alert_id)?.acknowledged).toMatchObject({ by: 'ada' });
  kept.store.writeTick(tick(1, { flows: flowsOf(10, 12) }));
  expect(stored()).toBe(2);
});

test('a capture that is replayed again has each of its flows once', () => {
  for (let round = 0; round < 2; round++) {
    kept.store.writePart({ devices: [], flows: flowsOf(0, 5000) });
    kept.store.writeTick(tick(0, { flows: flowsOf(5000, 5500) }));
  }
  expect(contents(kept.folder.file('weir.db')).flows).toHaveLength(5500);
});
