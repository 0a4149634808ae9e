/** A store filled with flows of a made-up network, and the queries that its pages ask, timed and explained. */
import { DatabaseSync } from 'node:sqlite';
import type { FlowQuery } from '../src/api/sources.ts';
import { HistoryReader } from '../src/store/history-reader.ts';
import { Store } from '../src/store/store.ts';
import { flowQuery } from '../test/support/flow-query.ts';
import { alert, BASE, device, hostIp, hostMac, randomFlow, randomOf, router, tick } from '../test/support/stored-ticks.ts';

const HOSTS = 250;
const TICK_FLOWS = 20_000;
/** Seconds from one tick to the next, so that 5 M flows are three days. */
const TICK_SECS = 1000;

/** Fills a store; returns rows per second of processor time in `writeTick`, which other work on the machine leaves alone. */
export function fillStore(directory: string, flows: number, tell: (line: string) => void): number {
  const store = Store.open(directory);
  const random = randomOf(1);
  let writing = 0;
  for (let written = 0, number = 0; written < flows; number++) {
    const size = Math.min(TICK_FLOWS, flows - written);
    const batch = Array.from({ length: size }, () => randomFlow(random, Math.floor(random() * 2 ** 52), BASE + number * TICK_SECS, HOSTS));
    const devices = number === 0 ? [router(), ...Array.from({ length: HOSTS }, (_, host) => device(host + 2))] : [];
    const next = tick(number * TICK_SECS, { flows: batch, devices, alerts: [alert(number)] });
    const begun = process.cpuUsage();
    store.writeTick(next);
    const { user, system } = process.cpuUsage(begun);
    writing += user + system;
    written += size;
    if (number % 25 === 24) tell(`${written} flows, ${Math.round((written / writing) * 1e6)} rows per processor second`);
  }
  store.close();
  return Math.round((flows / writing) * 1e6);
}

type Query = [name: string, ask: (history: HistoryReader) => unknown];

const flows = (name: string, fields: Partial<FlowQuery>): Query => [`flows ${name}`, (history) => history.flows(flowQuery(fields))];

function nextPage(fields: Partial<FlowQuery>): Query[1] {
  return (history) => {
    const { next } = history.flows(flowQuery(fields));
    return history.flows(flowQuery({ ...fields, cursor: next }));
  };
}

/** What pages ask of `flows` stored ones. */
export function queriesOf(count: number): Query[] {
  const middle = BASE + Math.floor(count / TICK_FLOWS / 2) * TICK_SECS;
  const all = { from: null, to: null };
  return [
    ['device', (history) => history.device(hostMac(7))],
    ['devices', (history) => history.devices({ text: 'host', sort: 'bytes', descending: true, limit: 100, cursor: null })],
    flows('newest', {}),
    ['flows newest, second page', nextPage({})],
    flows('by bytes', { sort: 'bytes' }),
    ['flows by packets, second page', nextPage({ sort: 'packets' })],
    flows('by duration', { sort: 'duration' }),
    flows('by first seen, oldest first', { sort: 'first_seen', descending: false }),
    flows('of a device', { mac: hostMac(7) }),
    flows('of a device by bytes', { mac: hostMac(7), sort: 'bytes' }),
    flows('of an address', { address: hostIp(9) }),
    flows('of an address in a time', { address: hostIp(9), from: middle, to: middle + 5 * TICK_SECS, sort: 'bytes' }),
    flows('of a network', { address: '198.51.7.0/24' }),
    flows('of a large network', { address: '198.51.0.0/16', sort: 'packets' }),
    flows('of a port', { port: 22 }),
    flows('of an application', { app: 'ssh' }),
    flows('of a host name', { host: 'mail' }),
    flows('of a host name that nobody has', { host: 'nowhere.invalid' }),
    flows('in a short time by bytes', { from: middle, to: middle + 1, sort: 'bytes' }),
    flows('before a time', { to: middle }),
    flows('of no community id', { community_id: '1:AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }),
    ['one flow', (history) => history.flow('0123456789abcdef')],
    [
      'alerts',
      (history) =>
        history.alerts({
          ...all,
          kind: null,
          severity: 'low',
          source: null,
          target: null,
          acknowledged: false,
          suppressed: false,
          limit: 100,
          cursor: null,
        }),
    ],
    ['topology by device', (history) => history.topology({ ...all, by: 'device', limit: 500 })],
    ['topology by network', (history) => history.topology({ from: middle, to: null, by: 'network', limit: 500 })],
    ['time series', (history) => history.timeSeries({ ...all, points: 300 })],
    ['protocols', (history) => history.protocols(all)],
  ];
}

export interface QueryReport {
  name: string;
  milliseconds: number;
  /** Steps of its plans that read the whole table of flows. */
  scans: string[];
}

/** The texts of all statements that are prepared meanwhile. */
function preparedIn(work: () => void): Set<string> {
  const asked = new Set<string>();
  const original = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, 'prepare');
  if (original === undefined) throw new Error('DatabaseSync has no method prepare');
  const prepare = original.value as DatabaseSync['prepare'];
  Object.defineProperty(DatabaseSync.prototype, 'prepare', {
    ...original,
    value(this: DatabaseSync, sql: string) {
      asked.add(sql);
      return prepare.call(this, sql);
    },
  });
  try {
    work();
  } finally {
    Object.defineProperty(DatabaseSync.prototype, 'prepare', original);
  }
  return asked;
}

/** Runs each query; the fastest of three counts, as the others pay for cold pages or the machine's other work. */
export function reportQueries(directory: string, count: number): QueryReport[] {
  return queriesOf(count).map(([name, ask]) => {
    const times: number[] = [];
    const asked = preparedIn(() => {
      const history = HistoryReader.open(directory);
      for (let round = 0; round < 3; round++) {
        const begun = performance.now();
        ask(history);
        times.push(performance.now() - begun);
      }
      history.close();
    });
    return { name, milliseconds: Math.min(...times), scans: scansOf(directory, [...asked]) };
  });
}

function scansOf(directory: string, statements: readonly string[]): string[] {
  const db = new DatabaseSync(`${directory}/weir.db`, { readOnly: true });
  try {
    return statements
      .flatMap((sql) => db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
      .map((step) => String(step.detail))
      .filter((detail) => /^SCAN (flows|flow_(ids|communities|addresses|macs|bytes|packets|durations))\b/.test(detail));
  } finally {
    db.close();
  }
}
