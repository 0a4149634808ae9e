/** Removes what is too old or too much, a bounded piece at a time, so that it may run after every tick. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type AlertTable, MOST_ALERTS } from './alert-table.ts';
import type { DeviceTable } from './device-table.ts';
import type { FlowTable } from './flow-table.ts';
import type { Places } from './places.ts';
import type { StatsTable } from './stats-table.ts';
import type { UsageTable } from './usage-table.ts';

export interface RetentionLimits {
  /** Flows, alerts and devices last seen longer ago go, counted back from the last tick in packet time; 0 = no limit. */
  maxAgeSecs: number;
  /** Flows seen last longest ago go while the file holds more, then the oldest alerts; 0 = no limit. */
  maxBytes: number;
}

export interface Pruned {
  /** Rows of flows, alerts and devices. */
  deleted: number;
  /** There is more to remove: call again soon. */
  more: boolean;
}

export interface Tables {
  flows: FlowTable;
  devices: DeviceTable;
  alerts: AlertTable;
  stats: StatsTable;
  usage: UsageTable;
  places: Places;
}

/** Removed per call at least; a multiple of what was written since the last one where that is more. */
const LEAST_FLOWS = 5000;
const CATCH_UP = 2;
const OTHER_ROWS = 1000;
const MOST_DEVICES = 50_000;
/** Counting devices and alerts reads an index from one end to the other: not in every call. */
const CALLS_PER_COUNT = 60;
/** Pages given back to the file system per call: 16 MB. */
const PAGES_GIVEN_BACK = 2000;

export class Retention {
  readonly #db: DatabaseSync;
  readonly #tables: Tables;
  readonly #pages: StatementSync;
  readonly #free: StatementSync;
  readonly #pageBytes: number;
  #written = 0;
  #calls = 0;

  constructor(db: DatabaseSync, tables: Tables) {
    this.#db = db;
    this.#tables = tables;
    this.#pages = db.prepare('PRAGMA page_count');
    this.#free = db.prepare('PRAGMA freelist_count');
    this.#pageBytes = Number(db.prepare('PRAGMA page_size').get()?.page_size);
  }

  wrote(flows: number): void {
    this.#written += flows;
  }

  /** Inside a transaction. */
  remove({ maxAgeSecs, maxBytes }: RetentionLimits): Pruned {
    const { flows, devices, alerts, stats, usage, places } = this.#tables;
    const now = stats.newest()?.begin ?? null;
    if (now === null) return { deleted: 0, more: false };
    const most = Math.max(LEAST_FLOWS, this.#written * CATCH_UP);
    let removedFlows = 0;
    let others = 0;
    const gone: string[] = [];
    if (this.#calls++ % CALLS_PER_COUNT === 0) {
      others += alerts.removeBeyond(MOST_ALERTS, OTHER_ROWS);
      gone.push(...devices.removeBeyond(MOST_DEVICES, OTHER_ROWS));
    }
    if (maxAgeSecs > 0) {
      removedFlows = flows.removeUntil(now - maxAgeSecs, most);
      others += alerts.removeUntil(now - maxAgeSecs, OTHER_ROWS);
      gone.push(...devices.removeUntil(now - maxAgeSecs, OTHER_ROWS));
    }
    if (maxBytes > 0 && removedFlows === 0 && this.#heldBytes() > maxBytes) {
      removedFlows = flows.removeOldest(most);
      if (removedFlows === 0) others += alerts.removeBeyond(0, OTHER_ROWS);
    }
    places.forget(gone);
    stats.prune(now, OTHER_ROWS);
    usage.prune(now, OTHER_ROWS / 100);
    this.#written = 0;
    const more = removedFlows >= most || others >= OTHER_ROWS || (maxBytes > 0 && removedFlows > 0 && this.#heldBytes() > maxBytes);
    return { deleted: removedFlows + others + gone.length, more };
  }

  /** Outside a transaction: gives free pages back where the file is larger than it may be, or mostly empty. */
  giveBack({ maxBytes }: RetentionLimits): void {
    const pages = this.#count(this.#pages);
    const free = this.#count(this.#free);
    const tooLarge = maxBytes > 0 && pages * this.#pageBytes > maxBytes;
    if (free > 0 && (tooLarge || free > pages / 2)) this.#db.exec(`PRAGMA incremental_vacuum(${PAGES_GIVEN_BACK})`);
  }

  #heldBytes(): number {
    return (this.#count(this.#pages) - this.#count(this.#free)) * this.#pageBytes;
  }

  #count(statement: StatementSync): number {
    return Number(Object.values(statement.get() ?? {})[0]);
  }
}
