/**
 * What was stored, for the API: a connection of its own that only reads, beside the writer's. Synchronous, and every query
 * bounded: none reads the whole table of flows. Flows are in a time range by when they were seen last; protocols and
 * links by when they were reported, to the minute, hour or day that the length of the range allows.
 */
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Alert, AlertPage, DeviceDetail, DevicePage, FlowDetail, FlowPage, Protocols, TimeSeries, Topology } from '../api/contract.ts';
import type { AlertQuery, DeviceQuery, FlowQuery, History, TimeRange, TopologyQuery } from '../api/sources.ts';
import { AlertQueries } from './alert-query.ts';
import { openForReading } from './database.ts';
import { DATABASE_FILE } from './database-file.ts';
import { DeviceQueries } from './device-query.ts';
import { DeviceRows } from './device-table.ts';
import { FLOW_QUERY_BOUNDS, FlowQueries, type FlowQueryBounds } from './flow-query.ts';
import { SeriesQueries } from './series-query.ts';
import { Statements } from './statements.ts';
import { storeError } from './store-error.ts';
import { TopologyQueries } from './topology-query.ts';
import { DeviceUsage } from './usage-table.ts';

const READ_LIMITS = { busyTimeoutMs: 1000, cacheKib: 16 * 1024 };

export class HistoryReader implements History {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  readonly #devices: DeviceQueries;
  readonly #flows: FlowQueries;
  readonly #alerts: AlertQueries;
  readonly #topology: TopologyQueries;
  readonly #series: SeriesQueries;

  private constructor(path: string, db: DatabaseSync, bounds: FlowQueryBounds) {
    this.path = path;
    this.#db = db;
    const statements = new Statements(db);
    this.#statements = statements;
    this.#devices = new DeviceQueries(statements, new DeviceRows(db), new DeviceUsage(db));
    this.#flows = new FlowQueries(statements, bounds);
    this.#alerts = new AlertQueries(statements);
    this.#topology = new TopologyQueries(statements);
    this.#series = new SeriesQueries(statements);
  }

  /** @throws SensorError STORE when the directory has no database yet: the writer makes it */
  static open(directory: string, bounds: FlowQueryBounds = FLOW_QUERY_BOUNDS): HistoryReader {
    const path = join(directory, DATABASE_FILE);
    const db = openForReading(directory, READ_LIMITS);
    try {
      return new HistoryReader(path, db, bounds);
    } catch (error) {
      db.close();
      throw storeError('open', path, error);
    }
  }

  version(): number {
    const row = this.#statements.one({ sql: 'PRAGMA data_version', parameters: [] }) as { data_version: number };
    return row.data_version;
  }

  devices(query: DeviceQuery): DevicePage {
    return this.#read(() => this.#devices.page(query));
  }

  /** With its largest 100 peers and protocols. */
  device(mac: string): DeviceDetail | null {
    return this.#read(() => this.#devices.one(mac));
  }

  /** A page may be shorter than asked for, even empty, while `next` says that there is more. */
  flows(query: FlowQuery): FlowPage {
    return this.#read(() => this.#flows.page(query));
  }

  flow(flowId: string): FlowDetail | null {
    return this.#read(() => this.#flows.one(flowId));
  }

  alerts(query: AlertQuery): AlertPage {
    return this.#read(() => this.#alerts.page(query));
  }

  alert(alertId: string): Alert | null {
    return this.#read(() => this.#alerts.one(alertId));
  }

  topology(query: TopologyQuery): Topology {
    return this.#read(() => this.#topology.topology(query));
  }

  timeSeries(query: TimeRange & { points: number }): TimeSeries {
    return this.#read(() => this.#series.timeSeries(query));
  }

  protocols(range: TimeRange): Protocols {
    return this.#read(() => this.#series.protocols(range));
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #read<T>(work: () => T): T {
    try {
      return this.#statements.snapshot(work);
    } catch (error) {
      throw storeError('read', this.path, error);
    }
  }
}
