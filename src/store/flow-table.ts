/**
 * The table of flows, each with its latest record. `flow-orders.ts` says how they are found.
 *
 * Measured by `bench/store-queries.ts`, whole ticks of 20,000 flows with their sums, on two processors that other work kept
 * busy: 28,000 rows per processor second into a fresh file, 25,000 with 5 M flows in it, 1,200 bytes per flow.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Flow } from '../api/contract.ts';
import type { FlowRecord } from '../flow/record.ts';
import { addressKey } from './address-key.ts';
import { flowJson } from './flow-json.ts';
import { FRESH_SCHEMA, ORDER_SCHEMA, SORT_IN, segmentOf } from './flow-orders.ts';

/** A record as it is to be stored; of `line` only names and places of the ends are taken, the rest is in `record`. */
export interface StoredFlow {
  line: Flow;
  record: FlowRecord;
}

const COLUMNS = [
  'id',
  'first_seen',
  'last_seen',
  'duration_secs',
  'packets',
  'bytes',
  'client_key',
  'server_key',
  'flow_id',
  'community_id',
  'client_mac',
  'server_mac',
  'state',
  'protocol',
  'app',
  'direction',
  'client_ip',
  'client_port',
  'client_name',
  'client_country',
  'client_asn',
  'server_ip',
  'server_port',
  'server_name',
  'server_country',
  'server_asn',
  'client_is_a',
  'host',
  'record',
] as const;

export const FLOW_SCHEMA = `
CREATE TABLE flows (
  id INTEGER PRIMARY KEY,
  first_seen REAL NOT NULL,
  last_seen REAL NOT NULL,
  duration_secs REAL NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  client_key,
  server_key,
  flow_id TEXT NOT NULL,
  community_id TEXT NOT NULL,
  client_mac TEXT,
  server_mac TEXT,
  state TEXT NOT NULL,
  protocol TEXT NOT NULL,
  app TEXT,
  direction TEXT NOT NULL,
  client_ip TEXT NOT NULL,
  client_port INTEGER,
  client_name TEXT,
  client_country TEXT,
  client_asn TEXT,
  server_ip TEXT NOT NULL,
  server_port INTEGER,
  server_name TEXT,
  server_country TEXT,
  server_asn TEXT,
  client_is_a INTEGER NOT NULL,
  host TEXT,
  record TEXT NOT NULL
);
CREATE INDEX flows_last_seen ON flows (last_seen);
CREATE INDEX flows_first_seen ON flows (first_seen);
${ORDER_SCHEMA}`;

/** Rows removed at a time: their pages (about 10 MB) are in the cache while their entries are removed as well. */
const PIECE = 8000;
/** Rows that wait for their entries: so many must come before the small tables are written, and queries look at them all. */
const MOST_WAITING = 4096;

export class FlowTable {
  readonly #insert: StatementSync;
  readonly #ends: StatementSync;
  readonly #sortIn: StatementSync[];
  readonly #setSorted: StatementSync;
  readonly #repeated: StatementSync;
  readonly #findReplaced: { waiting: StatementSync; sorted: StatementSync; clear: StatementSync };
  readonly #findOld: StatementSync;
  readonly #remove: StatementSync[];

  constructor(db: DatabaseSync) {
    // What is about to be removed, and flows that may be there already; empty between calls.
    db.exec('CREATE TEMP TABLE gone (id INTEGER PRIMARY KEY)');
    db.exec('CREATE TEMP TABLE repeated (flow_id TEXT, id INTEGER, PRIMARY KEY (flow_id, id)) WITHOUT ROWID');
    db.exec(FRESH_SCHEMA);
    this.#insert = db.prepare(`INSERT INTO flows (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`);
    this.#ends = db.prepare(`
      SELECT coalesce((SELECT min(id) FROM flows), 0) AS first, coalesce((SELECT max(id) FROM flows), 0) AS last, until FROM flow_sorted`);
    this.#sortIn = SORT_IN.map((sql) => db.prepare(sql));
    this.#setSorted = db.prepare('UPDATE flow_sorted SET until = ?');
    this.#repeated = db.prepare('INSERT INTO repeated VALUES (?, ?)');
    this.#findReplaced = {
      waiting: db.prepare(`
        INSERT OR IGNORE INTO gone SELECT older.id FROM flows AS older CROSS JOIN repeated AS newer
        ON newer.flow_id = older.flow_id AND newer.id > older.id WHERE older.id > ?`),
      sorted: db.prepare(`
        INSERT OR IGNORE INTO gone SELECT older.id FROM repeated AS newer CROSS JOIN flow_ids AS older
        ON older.segment = ? AND older.flow_id = newer.flow_id AND older.id < newer.id`),
      clear: db.prepare('DELETE FROM repeated'),
    };
    this.#findOld = db.prepare('INSERT INTO gone SELECT id FROM flows WHERE last_seen < ? ORDER BY last_seen LIMIT ?');
    this.#remove = [db.prepare('DELETE FROM flows WHERE id IN (SELECT id FROM gone)'), db.prepare('DELETE FROM gone')];
  }

  /**
   * Stores the records of a tick, each in place of an earlier one of its flow. Those that end a flow without an interim
   * record are new, unless they are of a time up to `writtenUntil`, which was written before. Returns how many. Inside a
   * transaction.
   */
  write(flows: Iterable<StoredFlow>, writtenUntil: number): number {
    const { first, last, until } = this.#ends.get() as { first: number; last: number; until: number };
    const before = Math.max(last, until);
    let id = before;
    let repeated = false;
    for (const { line, record } of flows) {
      this.#add(++id, line, record);
      if (record.interim_seq === 0 && record.last_seen > writtenUntil) continue;
      this.#repeated.run(record.flow_id, id);
      repeated = true;
    }
    if (repeated) this.#replace(first, until);
    if (id - until >= MOST_WAITING) this.#sort(until, id);
    return id - before;
  }

  /** Removes the earlier records of what is in `repeated`. */
  #replace(first: number, until: number): void {
    const { waiting, sorted, clear } = this.#findReplaced;
    let found = Number(waiting.run(until).changes);
    for (let segment = segmentOf(first); segment <= segmentOf(until); segment++) found += Number(sorted.run(segment).changes);
    if (found > 0) this.#removeGone();
    clear.run();
  }

  #sort(from: number, to: number): void {
    for (const [index, statement] of this.#sortIn.entries()) {
      if (index === 0) statement.run(from);
      else statement.run();
    }
    this.#setSorted.run(to);
  }

  /** Removes flows, those seen last longest ago first. Inside a transaction. */
  removeOldest(most: number): number {
    return this.removeUntil(Number.MAX_VALUE, most);
  }

  /** Removes flows that were seen last before a time, at most so many. Inside a transaction. */
  removeUntil(time: number, most: number): number {
    let removed = 0;
    while (removed < most) {
      const piece = Math.min(PIECE, most - removed);
      const found = Number(this.#findOld.run(time, piece).changes);
      if (found > 0) this.#removeGone();
      removed += found;
      if (found < piece) break;
    }
    return removed;
  }

  #add(id: number, line: Flow, record: FlowRecord): void {
    const { initiator, responder } = line;
    this.#insert.run(
      id,
      record.first_seen,
      record.last_seen,
      record.duration_secs,
      record.packets_total,
      record.bytes_total,
      addressKey(initiator.ip),
      addressKey(responder.ip),
      record.flow_id,
      record.community_id,
      initiator.mac,
      responder.mac,
      record.record === 'final' ? 'ended' : 'interim',
      record.protocol,
      record.app?.protocol ?? null,
      record.direction,
      initiator.ip,
      initiator.port,
      initiator.name,
      initiator.country,
      initiator.asn,
      responder.ip,
      responder.port,
      responder.name,
      responder.country,
      responder.asn,
      record.client === 'a_to_b' ? 1 : 0,
      record.host,
      flowJson(record),
    );
  }

  #removeGone(): void {
    for (const statement of this.#remove) statement.run();
  }
}
