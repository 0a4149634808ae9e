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
import type { UsageSums } from './usage-sums.ts';
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
  /** Memory for pages, KiB; 12 MiB by default. */
  cacheKib?: number;
}

/** What has been written of a tick. */
interface TickPart {
  sums: UsageSums;
  flows: number;
  /** What people said since its transaction began. */
  words: (() => unknown)[];
}

export class Store {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #tables: Tables;
  readonly #audit: AuditTable;
  readonly #devices: DeviceRows;
  readonly #retention: Retention;
  /** Of the tick whose transaction is open. */
  #part: TickPart | null = null;

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
    const db = openForWriting(directory, { busyTimeoutMs: options.busyTimeoutMs ?? 2000, cacheKib: options.cacheKib ?? 12 * 1024 });
    try {
      return new Store(path, db);
    } catch (error) {
      db.close();
      throw storeError('open', path, error);
    }
  }

  /**
   * Flows of a tick that is not over yet, so that a large one need not be in memory: kept when the tick is written, or
   * not at all. Devices that their ends may be come with them or came before.
   * @throws SensorError STORE; what the tick had so far is gone then
   */
  writePart({ devices, flows }: Pick<StoredTick, 'devices' | 'flows'>): void {
    this.#attempt('write', () => {
      const part = this.#begun();
      // Which time the tick is of is not known before its end: whatever may have been written before is looked for.
      this.#add(part, devices, flows, this.#tables.stats.newest()?.end ?? Number.NEGATIVE_INFINITY);
    });
  }

  /** All of the tick with its parts, or nothing. @throws SensorError STORE; the next call may succeed again */
  writeTick({ stats, flows, devices, alerts }: StoredTick): void {
    const begin = tickBegin(stats);
    const written = this.#attempt('write', () => {
      const part = this.#begun();
      const newest = this.#tables.stats.newest();
      const isAgain = newest !== null && begin <= newest.begin;
      this.#add(part, devices, flows, isAgain ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
      this.#tables.usage.write(part.sums, begin);
      this.#tables.alerts.write(alerts);
      this.#tables.stats.write(stats);
      this.#db.exec('COMMIT');
      this.#part = null;
      return part.flows;
    });
    this.#retention.wrote(written);
  }

  #begun(): TickPart {
    if (this.#part === null) {
      this.#db.exec('BEGIN IMMEDIATE');
      this.#part = { sums: this.#tables.usage.begin(), flows: 0, words: [] };
    }
    return this.#part;
  }

  #add(part: TickPart, devices: StoredTick['devices'], flows: StoredTick['flows'], writtenUntil: number): void {
    this.#tables.devices.write(devices);
    this.#tables.places.learn(devices);
    part.flows += this.#tables.flows.write(part.sums.adding(flows), writtenUntil);
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

  /** Between the parts of a tick it belongs to that tick, and is done again if the tick cannot be kept. */
  #transaction<T>(work: () => T): T {
    return this.#attempt('write', () => {
      if (this.#part !== null) {
        const result = work();
        this.#part.words.push(work);
        return result;
      }
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
      const words = this.#part?.words ?? [];
      this.#rollBack();
      if (words.length > 0) this.#transaction(() => words.forEach((word) => void word()));
      throw storeError(doing, this.path, error);
    }
  }

  /** SQLite has rolled back by itself after some failures; what memory holds of the tables is read anew. */
  #rollBack(): void {
    this.#part = null;
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
