import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Flow } from '../../../src/api/contract.ts';
import type { FlowQuery } from '../../../src/api/sources.ts';
import { SensorError } from '../../../src/errors.ts';
import type { StoredFlow } from '../../../src/store/flow-table.ts';
import { HistoryReader } from '../../../src/store/history-reader.ts';
import { Store } from '../../../src/store/store.ts';
import { allFlows, flowQuery } from '../../support/flow-query.ts';
import { BASE, hostIp, hostMac, randomFlow, randomOf, storedFlow, tick } from '../../support/stored-ticks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const FLOWS = 6000;
/** Sorted in at once; the others wait. */
const SORTED = 5000;
/** Ids begin so far before the end of a segment. */
const BEFORE_SEGMENT = 2000;
/** So small that the flows of most queries are too many to sort, and that walks end before they are done. */
const BOUNDS = { mostCandidates: 200, mostExamined: 700 };
const RARE = 'needle.example';

const folder = new TemporaryFolder('paging');
let store: Store;
let history: HistoryReader;
const flows: StoredFlow[] = [];

beforeAll(() => {
  Store.open(folder.path).close();
  using db = new DatabaseSync(folder.file('weir.db'));
  db.prepare('UPDATE flow_sorted SET until = ?').run(3 * 2 ** 17 - BEFORE_SEGMENT);
  store = Store.open(folder.path);
  const random = randomOf(7);
  for (let id = 1; id <= FLOWS; id++) flows.push(randomFlow(random, id, BASE + Math.floor(id / 20), 20));
  // Crowds of equal values, which a page must not lose its place in.
  for (const { line, record } of flows.slice(0, 900)) {
    Object.assign(record, { bytes_total: 60, packets_total: 1, duration_secs: 0, last_seen: BASE + 17.5, first_seen: BASE + 17.5 });
    Object.assign(line, { bytes: 60, packets: 1, duration_secs: 0, last_seen: BASE + 17.5, first_seen: BASE + 17.5 });
  }
  for (const index of [3, 1400, 5990]) {
    flows[index].record.host = `a.${RARE}`;
    flows[index].line.host = `a.${RARE}`;
  }
  store.writeTick(tick(0, { flows: flows.slice(0, SORTED) }));
  store.writeTick(tick(300, { flows: flows.slice(SORTED) }));
  history = HistoryReader.open(folder.path, BOUNDS);
});

afterAll(() => {
  history.close();
  store.close();
  folder[Symbol.dispose]();
});

const VALUES: Record<FlowQuery['sort'], (flow: Flow) => number> = {
  last_seen: (flow) => flow.last_seen,
  first_seen: (flow) => flow.first_seen,
  bytes: (flow) => flow.bytes,
  packets: (flow) => flow.packets,
  duration: (flow) => flow.duration_secs,
};

const inRange = (ip: string, network: string): boolean => ip.startsWith(network.replace('.0.0/16', '.'));

/** What a query must give, by reading every flow. */
function expected(query: FlowQuery): Flow[] {
  const found = flows
    .map(({ line }) => line)
    .filter((flow) => {
      const ends = [flow.initiator, flow.responder];
      return (
        (query.from === null || flow.last_seen >= query.from) &&
        (query.to === null || flow.last_seen < query.to) &&
        (query.mac === null || ends.some(({ mac }) => mac === query.mac)) &&
        (query.address === null || ends.some(({ ip }) => ip === query.address || inRange(ip, query.address ?? ''))) &&
        (query.port === null || ends.some(({ port }) => port === query.port)) &&
        (query.app === null || flow.app === query.app) &&
        (query.host === null || flow.host?.includes(query.host) === true) &&
        (query.community_id === null || flow.community_id === query.community_id)
      );
    });
  return found.sort(
    (a, b) => VALUES[query.sort](a) - VALUES[query.sort](b) || Number.parseInt(a.flow_id, 16) - Number.parseInt(b.flow_id, 16),
  );
}

function checkQuery(query: FlowQuery): void {
  const wanted = expected(query);
  if (query.descending) wanted.reverse();
  expect(allFlows(history, query).map(({ flow_id }) => flow_id)).toEqual(wanted.map(({ flow_id }) => flow_id));
}

const sorts = Object.keys(VALUES) as FlowQuery['sort'][];

test('the flows are where this test wants them: in two segments, and waiting', () => {
  using db = new DatabaseSync(folder.file('weir.db'), { readOnly: true });
  expect(db.prepare('SELECT segment, count(*) AS count FROM flow_bytes GROUP BY segment').all()).toEqual([
    { segment: 2, count: BEFORE_SEGMENT - 1 },
    { segment: 3, count: SORTED - BEFORE_SEGMENT + 1 },
  ]);
  expect(db.prepare('SELECT count(*) AS count FROM flows, flow_sorted WHERE id > until').get()).toEqual({ count: FLOWS - SORTED });
});

describe('every page of a query together are all flows of it, in order, once', () => {
  test.each(sorts)('by %s, both ways', (sort) => {
    checkQuery(flowQuery({ sort, descending: true, limit: 1000 }));
    checkQuery(flowQuery({ sort, descending: false, limit: 999 }));
  });

  const filters = fc.record({
    sort: fc.constantFrom(...sorts),
    descending: fc.boolean(),
    limit: fc.constantFrom(30, 100, 1000),
    from: fc.option(fc.integer({ min: BASE - 5, max: BASE + 310 })),
    to: fc.option(fc.integer({ min: BASE - 5, max: BASE + 310 })),
    mac: fc.option(fc.constantFrom(hostMac(5), hostMac(99))),
    address: fc.option(fc.constantFrom(hostIp(6), '198.51.0.0/16', '192.0.0.0/16', hostIp(88))),
    port: fc.option(fc.constantFrom(53, 40_010)),
    app: fc.option(fc.constantFrom('ssh', 'gopher')),
    host: fc.option(fc.constantFrom('cdn', RARE)),
  });

  test('with any filters', () => {
    fc.assert(
      fc.property(filters, (fields) => checkQuery(flowQuery(fields))),
      { numRuns: 40 },
    );
  }, 120_000);

  test('by community id', () => {
    const [{ line }] = flows.slice(1234);
    checkQuery(flowQuery({ community_id: line.community_id, sort: 'bytes' }));
    checkQuery(flowQuery({ community_id: '1:AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }));
  });

  test('a host that three flows have, whichever way it is looked for', () => {
    for (const sort of sorts) expect(allFlows(history, flowQuery({ sort, host: RARE.toUpperCase(), limit: 2 }))).toHaveLength(3);
  });
});

test('a flow as it was stored, with its whole record', () => {
  const { line, record } = flows[2000];
  const found = history.flow(record.flow_id);
  expect(found).toMatchObject(line);
  expect(found?.record).toMatchObject({ flow_id: record.flow_id, rtt_ewma_ms: 12.75, history: 'ShADadFf', tls: null });
  expect(history.flow('0123456789abcdef')).toBeNull();
});

test.each([
  { cursor: 'x' },
  { cursor: '!' },
  { cursor: Buffer.from('["bytes down",1]').toString('base64url') },
  { address: '10.0.0.0/33' },
])('%j is refused', (fields) => {
  expect(() => history.flows(flowQuery(fields))).toThrow(SensorError);
  expect(() => history.flows(flowQuery(fields))).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test('a cursor of another order is refused', () => {
  const { next } = history.flows(flowQuery({ sort: 'bytes', limit: 1 }));
  expect(() => history.flows(flowQuery({ sort: 'packets', cursor: next }))).toThrow(/cursor/);
});

// Last, because it adds flows.
test('what comes in between pages neither hides nor repeats a flow', () => {
  const random = randomOf(11);
  let id = FLOWS;
  for (const sort of sorts) {
    const wanted = flows.map(({ line }) => line.flow_id);
    const more = () => {
      id++;
      const flow = randomFlow(random, id, BASE + Math.floor(random() * 300), 20);
      flows.push(flow);
      store.writeTick(tick(400 + id, { flows: [flow, storedFlow({ id, interims: 1, last: BASE + 600 })] }));
    };
    const seen = allFlows(history, flowQuery({ sort, limit: 250, descending: random() < 0.5 }), more).map(({ flow_id }) => flow_id);
    const once = new Set(seen);
    expect(once.size).toBe(seen.length);
    expect(wanted.slice(0, FLOWS).filter((flowId) => !once.has(flowId))).toEqual([]);
  }
});
