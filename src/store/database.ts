/** Opens the database file, for the one writer or for readers. */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SensorError } from '../errors.ts';
import { DATABASE_FILE } from './database-file.ts';
import { migrate } from './migrations.ts';
import { storeError } from './store-error.ts';

/** `WEIR`, so that nobody's other database is taken for ours. */
const APPLICATION_ID = 0x57454952;

/** Measured with flow records: 7 % less room per flow and a quarter less time per tick than with 4 KiB; 16 KiB gains no more. */
const PAGE_BYTES = 8192;
/** The log is folded into the file at about 64 MB: smaller rewrites pages that the next tick changes again. */
const CHECKPOINT_PAGES = 8000;
const LOG_BYTES = 64 * 1024 * 1024;

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function checkOwner(db: DatabaseSync, path: string): void {
  const owner = pragma(db, 'application_id');
  const { count } = db.prepare('SELECT count(*) AS count FROM sqlite_schema').get() as { count: number };
  if (owner === APPLICATION_ID || (owner === 0 && count === 0)) return;
  throw new SensorError('STORE', `cannot open ${path}: it is a database of another program`, {
    hint: 'name another data directory',
    detail: { path },
  });
}

function prepareForWriting(db: DatabaseSync, cacheKib: number): void {
  // Page size and vacuum mode hold from the first table on; later they change nothing.
  db.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = ${APPLICATION_ID}`);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY');
  db.exec(`PRAGMA cache_size = -${cacheKib}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA journal_size_limit = ${LOG_BYTES}`);
}

/**
 * Makes the directory and the file where they are missing, readable by owner and group.
 * @throws SensorError STORE; a damaged file is left as it is
 */
export function openForWriting(directory: string, options: { busyTimeoutMs: number; cacheKib: number }): DatabaseSync {
  const path = join(directory, DATABASE_FILE);
  let db: DatabaseSync | null = null;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o750 });
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o640));
    db = new DatabaseSync(path, { timeout: options.busyTimeoutMs });
    checkOwner(db, path);
    prepareForWriting(db, options.cacheKib);
    migrate(db, path);
    return db;
  } catch (error) {
    db?.close();
    throw storeError('open', path, error);
  }
}

/** @throws SensorError STORE when there is no such database */
export function openForReading(directory: string, options: { busyTimeoutMs: number; cacheKib: number }): DatabaseSync {
  const path = join(directory, DATABASE_FILE);
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: options.busyTimeoutMs });
    db.exec(`PRAGMA cache_size = -${options.cacheKib}; PRAGMA temp_store = MEMORY`);
    return db;
  } catch (error) {
    throw storeError('open', path, error);
  }
}
