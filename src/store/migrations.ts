/**
 * The schema, step by step: `user_version` of a file says how many of these it has seen. A step that was released is never
 * changed; what is new is appended.
 */
import type { DatabaseSync } from 'node:sqlite';
import { SensorError } from '../errors.ts';
import { ALERT_SCHEMA } from './alert-table.ts';
import { AUDIT_SCHEMA } from './audit-table.ts';
import { DEVICE_SCHEMA } from './device-table.ts';
import { FLOW_SCHEMA } from './flow-table.ts';
import { STATS_SCHEMA } from './stats-table.ts';
import { USAGE_SCHEMA } from './usage-table.ts';

export const MIGRATIONS: readonly string[] = [FLOW_SCHEMA, DEVICE_SCHEMA, ALERT_SCHEMA, STATS_SCHEMA, USAGE_SCHEMA, AUDIT_SCHEMA];

export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version);
}

/**
 * Brings the file to the newest schema, in one transaction.
 * @throws SensorError STORE when a newer version wrote it
 */
export function migrate(db: DatabaseSync, path: string, steps: readonly string[] = MIGRATIONS): void {
  const version = schemaVersion(db);
  if (version > steps.length) {
    throw new SensorError('STORE', `cannot open ${path}: its schema has version ${version}, this program knows ${steps.length}`, {
      hint: 'use the version of weir that wrote it, or another data directory',
      detail: { path, version },
    });
  }
  if (version === steps.length) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const step of steps.slice(version)) db.exec(step);
    db.exec(`PRAGMA user_version = ${steps.length}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
