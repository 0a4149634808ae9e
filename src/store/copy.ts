/** A copy of the database, made beside whoever writes to it. */
import { rename, rm } from 'node:fs/promises';
import { backup } from 'node:sqlite';
import { openForReading } from './database.ts';
import { storeError } from './store-error.ts';

/** Pages between which the writer gets its turn. */
const PAGES = 2000;

/** The copy has its name only when it is complete. @throws SensorError STORE */
export async function copyDatabase(directory: string, path: string): Promise<void> {
  const partial = `${path}.partial`;
  const db = openForReading(directory, { busyTimeoutMs: 2000, cacheKib: 4096 });
  try {
    await rm(partial, { force: true });
    await backup(db, partial, { rate: PAGES });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw storeError('back up', path, error);
  } finally {
    db.close();
  }
}
