/** The folder in which a service keeps everything. */
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SensorError } from '../errors.ts';
import { accountOf } from './privileges.ts';

export interface DataFolder {
  path: string;
  /** A temporary one goes; a real one stays. */
  remove(): void;
}

/** Files of an earlier run as root would be closed to the user that the service becomes. */
function handOver(path: string, user: string): void {
  const { uid, gid } = accountOf(user);
  chownSync(path, uid, gid);
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) chownSync(join(entry.parentPath, entry.name), uid, gid);
}

/**
 * Makes it where it is missing. `user`: hand it to this account; null = it stays ours.
 * @throws SensorError OUTPUT
 */
export function openDataFolder(dataDir: string | null, user: string | null): DataFolder {
  try {
    const path = dataDir === null ? mkdtempSync(join(tmpdir(), 'weir-')) : resolve(dataDir);
    mkdirSync(path, { recursive: true, mode: 0o750 });
    if (user !== null && process.getuid?.() === 0) handOver(path, user);
    return { path, remove: () => (dataDir === null ? rmSync(path, { recursive: true, force: true }) : undefined) };
  } catch (error) {
    if (error instanceof SensorError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SensorError('OUTPUT', `data folder ${dataDir ?? tmpdir()}: ${message}`, {
      hint:
        code === 'EACCES' || code === 'EPERM'
          ? 'name a folder that this user may write to with --data-dir'
          : 'name another with --data-dir',
      cause: error,
    });
  }
}
