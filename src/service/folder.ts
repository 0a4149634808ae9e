/** The folder in which a service keeps everything. */
import { chownSync, existsSync, lchownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { SensorError } from '../errors.ts';
import { EVIDENCE_FOLDER } from './defaults.ts';
import { type Account, accountOf } from './privileges.ts';

export interface DataFolder {
  path: string;
  /** A temporary one goes; a real one is free for another process. */
  release(): void;
}

/**
 * Files of an earlier run as root would be closed to the user that the service becomes. Links are not followed: whoever may
 * write there must not be given what they point to.
 */
function handOver(path: string, { uid, gid }: Account): void {
  chownSync(path, uid, gid);
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) lchownSync(join(entry.parentPath, entry.name), uid, gid);
}

/** With its parents. Node's own way to make those never returns where a file system knows no folder of that name, as /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o750 });
}

const OWNER_FILE = 'weir.pid';

/** The process that writes into a data folder; null = nobody. A process that has ended, however it ended, owns nothing. */
export function ownerOf(dataDir: string): number | null {
  try {
    const [pid, started] = readFileSync(join(dataDir, OWNER_FILE), 'utf8').trim().split(' ');
    return started !== undefined && startOf(Number(pid)) === started ? Number(pid) : null;
  } catch {
    return null;
  }
}

/** When a process started, in the kernel's ticks: numbers of processes are used again. '' where that is not told. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** One writer per folder. @throws SensorError CONFIG when there is another */
function claim(path: string): void {
  const owner = ownerOf(path);
  if (owner !== null && owner !== process.pid) {
    throw new SensorError('CONFIG', `data folder ${path}: the process ${owner} writes into it`, {
      hint: 'stop that one, or name another folder',
    });
  }
  // A new file, not one that was there: that may be a link to somewhere else.
  rmSync(join(path, OWNER_FILE), { force: true });
  writeFileSync(join(path, OWNER_FILE), `${process.pid} ${startOf(process.pid)}\n`, { mode: 0o640, flag: 'wx' });
}

/**
 * Makes it where it is missing. `user`: hand it to this account; null = it stays ours.
 * @throws SensorError OUTPUT; CONFIG when another process writes into it
 */
export function openDataFolder(dataDir: string | null, user: string | null): DataFolder {
  const account = user !== null && process.getuid?.() === 0 ? accountOf(user) : null;
  try {
    const path = dataDir === null ? mkdtempSync(join(tmpdir(), 'weir-')) : resolve(dataDir);
    makeFolder(path);
    claim(path);
    makeFolder(join(path, EVIDENCE_FOLDER));
    if (account !== null) handOver(path, account);
    const gone = dataDir === null ? path : join(path, OWNER_FILE);
    return { path, release: () => rmSync(gone, { recursive: true, force: true }) };
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
