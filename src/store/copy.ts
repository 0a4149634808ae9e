/** A copy of the database, made beside whoever writes to it. */
import { rename, rm } from 'node:fs/promises';
import { backup } from 'node:sqlite';
import { openForReading } from './database.ts';
import { storeError } from './store-error.ts';

/** Pages copied at a time. */
const PAGES = 2000;

/** The copy has its name only when it is complete. @throws SensorError STORE */
export async function copyDatabase(directory: string, path: string): Promise<void> {
  const partial = `${path}.partial`;
  const db = openForReading(directory, { busyTimeoutMs: 2000, cacheKib: 4096 });
  try {
    await rm(partial, { force: true });
    // One state of the database from here to the end: else every tick that is written meanwhile begins the copy anew.
    db.exec('BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1');
    await backup(db, partial, { rate: PAGES });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw storeError('back up', path, error);
  } finally {
    db.close();
  }
}
