/** Failures of the database as errors that people can act on. */
import { SensorError } from '../errors.ts';
import { errorCode } from '../export/output-error.ts';

interface Reason {
  text: string;
  hint: string;
}

const DAMAGED: Reason = {
  text: 'the file is damaged or no SQLite database',
  hint: 'nothing was deleted: move the file away to start anew, or put a backup in its place',
};
const UNWRITABLE = 'choose a data directory that this user may write to';
const BUSY: Reason = { text: 'another program keeps it locked', hint: 'end the program that has it open for writing' };

/** By SQLite's primary result code. */
const REASONS = new Map<number, Reason>([
  [3, { text: 'permission denied', hint: UNWRITABLE }],
  [5, BUSY],
  [6, BUSY],
  [8, { text: 'the file or its directory is read-only', hint: UNWRITABLE }],
  [10, { text: 'input/output error', hint: 'check the disk' }],
  [11, DAMAGED],
  [13, { text: 'no space left on device', hint: 'free space, or lower the limits of retention' }],
  [14, { text: 'the file cannot be opened', hint: UNWRITABLE }],
  [26, DAMAGED],
]);

/** What the file system says before SQLite has opened anything, as SQLite would say it. */
const BY_ERRNO: Readonly<Record<string, number>> = {
  EACCES: 3,
  EPERM: 3,
  EROFS: 8,
  EIO: 10,
  ENOSPC: 13,
  EDQUOT: 13,
  EEXIST: 14,
  ENOENT: 14,
  ENOTDIR: 14,
};

/** SQLite's primary result code (the extended one without its upper bits), or 0 for other errors. */
function resultCode(cause: unknown): number {
  if (!(cause instanceof Error)) return 0;
  if ('errcode' in cause && typeof cause.errcode === 'number') return cause.errcode & 0xff;
  return BY_ERRNO[errorCode(cause)] ?? 0;
}

/** `cannot write /var/lib/weir/weir.db: no space left on device`. A SensorError stays what it is. */
export function storeError(doing: 'open' | 'read' | 'write' | 'back up', path: string, cause: unknown): SensorError {
  if (cause instanceof SensorError) return cause;
  const code = resultCode(cause);
  const reason = REASONS.get(code);
  const text = reason?.text ?? (cause instanceof Error ? cause.message : String(cause));
  const detail = { path, ...(code === 0 ? {} : { sqlite: code }) };
  return new SensorError('STORE', `cannot ${doing} ${path}: ${text}`, {
    hint: reason?.hint ?? 'check the path and the disk',
    detail,
    cause,
  });
}
