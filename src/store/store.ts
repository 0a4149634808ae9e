/**
 * The writer of `weir.db`: devices, flows, alerts and statistics, one transaction per tick, so that a program that is killed
 * loses the tick it was writing and nothing else. Synchronous; lives in a thread of its own. One writer per file;
 * readers (`HistoryReader`, the sqlite3 command) may have it open at the same time.
 *
 *   const store = Store.open('/var/lib/weir', {});
 *   store.writeTick(tick);
 *   store.prune({ maxAgeSecs: 30 * 86_400, maxBytes: 4e9 });
 */
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { DeviceDetail } from '../api/contract.ts';
import { type Acknowledgement, AlertTable, type StoredAlert } from './alert-table.ts';
import { AuditTable } from './audit-table.ts';
import { copyDatabase } from './copy.ts';
import { openForWriting } from './database.ts';
import { DATABASE_FILE } from './database-file.ts';
import { DeviceRows, DeviceTable } from './device-table.ts';
import { FlowTable, type StoredFlow } from './flow-table.ts';
import { Places } from './places.ts';
import { type Pruned, Retention, type RetentionLimits, type Tables } from './retention.ts';
import { StatsTable, type TickStats, tickBegin } from './stats-table.ts';
import { storeError } from './store-error.ts';
import { UsageTable } from './usage-table.ts';

export interface StoredTick {
  stats: TickStats;
  /** Ended and interim records, read once; a later record of a flow takes the place of an earlier one. */
  flows: Iterable<StoredFlow>;
  /** New and changed ones, whole; `peers` and `protocols` are not read, the store keeps its own. */
  devices: readonly DeviceDetail[];
  /** New and repeated ones. */
  alerts: readonly StoredAlert[];
}

export interface StoreOptions {
  /** How long to wait for another program's lock; 2000 by default. */
  busyTimeoutMs?: number;
  /** Memory for pages, KiB; 32 MiB by default. */
  cacheKib?: number;
}

export class Store {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #tables: Tables;
  readonly #audit: AuditTable;
  readonly #devices: DeviceRows;
  readonly #retention: Retention;

  private constructor(path: string, db: DatabaseSync) {
    this.path = path;
    this.#db = db;
    const places = new Places(db);
    this.#tables = {
      flows: new FlowTable(db),
      devices: new DeviceTable(db),
      alerts: new AlertTable(db),
      stats: new StatsTable(db),
      usage: new UsageTable(db, places),
      places,
    };
    this.#audit = new AuditTable(db);
    this.#devices = new DeviceRows(db);
    this.#retention = new Retention(db, this.#tables);
  }

  /**
   * Opens `weir.db` in the directory, and makes both where they are missing.
   * @throws SensorError STORE when that cannot be, the file is damaged, or a newer version wrote it; it is never removed
   */
  static open(directory: string, options: StoreOptions = {}): Store {
    const path = join(directory, DATABASE_FILE);
    const db = openForWriting(directory, { busyTimeoutMs: options.busyTimeoutMs ?? 2000, cacheKib: options.cacheKib ?? 32 * 1024 });
    try {
      return new Store(path, db);
    } catch (error) {
      db.close();
      throw storeError('open', path, error);
    }
  }

  /** All of the tick, or nothing. @throws SensorError STORE; the next call may succeed again */
  writeTick(tick: StoredTick): void {
    const { flows, devices, alerts, stats, usage, places } = this.#tables;
    const begin = tickBegin(tick.stats);
    const written = this.#transaction(() => {
      devices.write(tick.devices);
      places.learn(tick.devices);
      const sums = usage.begin();
      const count = flows.write(sums.adding(tick.flows), begin <= (stats.newest() ?? Number.NEGATIVE_INFINITY));
      usage.write(sums, begin);
      alerts.write(tick.alerts);
      stats.write(tick.stats);
      return count;
    });
    this.#retention.wrote(written);
  }

  /** null takes the acknowledgement back. False when there is no such alert. @throws SensorError STORE */
  acknowledge(alertId: string, word: Acknowledgement | null): boolean {
    return this.#transaction(() => this.#tables.alerts.acknowledge(alertId, word));
  }

  /** Notes a change that somebody made; `at` in epoch seconds. @throws SensorError STORE */
  audit(at: number, who: string, action: string, detail: string): void {
    this.#transaction(() => this.#audit.add(at, who, action, detail));
  }

  /** The inventory as it was last written, by MAC; `peers` and `protocols` are empty. @throws SensorError STORE */
  restore(): DeviceDetail[] {
    return this.#attempt('read', () => this.#devices.all());
  }

  /** Removes a bounded piece of what is beyond the limits; call it after each tick. @throws SensorError STORE */
  prune(limits: RetentionLimits): Pruned {
    const pruned = this.#transaction(() => this.#retention.remove(limits));
    this.#attempt('write', () => this.#retention.giveBack(limits));
    return pruned;
  }

  /** A copy of what is there now, while ticks go on being written (`copy.ts`). @throws SensorError STORE */
  backup(path: string): Promise<void> {
    return copyDatabase(dirname(this.path), path);
  }

  /** Folds the log into the file and closes; the store cannot be used any more. Never throws. */
  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #transaction<T>(work: () => T): T {
    return this.#attempt('write', () => {
      this.#db.exec('BEGIN IMMEDIATE');
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    });
  }

  #attempt<T>(doing: 'read' | 'write', work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#rollBack();
      throw storeError(doing, this.path, error);
    }
  }

  /** SQLite has rolled back by itself after some failures; what memory holds of the tables is read anew. */
  #rollBack(): void {
    if (!this.#db.isOpen) return;
    try {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#tables.usage.reset();
      this.#tables.places.reload();
    } catch {
      // The failure that brought us here is the one to report; the next transaction meets this one again.
    }
  }
}
