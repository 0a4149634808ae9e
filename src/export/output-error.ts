/** Failures of output files as errors that people can act on. */
import { dirname } from 'node:path';
import { SensorError } from '../errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'disk quota exceeded',
  EFBIG: 'file too large',
  EIO: 'input/output error',
  EISDIR: 'is a directory',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'name too long',
  ENOENT: 'no such directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'a part of the path is not a directory',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
};

function hintFor(code: string, path: string, partial: string | null): string {
  switch (code) {
    case 'ENOENT':
      return `create the directory ${dirname(path)} or choose another path`;
    case 'EISDIR':
      return 'name a file in that directory';
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return partial === null
        ? 'free space or choose another disk'
        : `free space or choose another disk; what was written is in ${partial}`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'choose a path that this user may write to';
    default:
      return partial === null ? 'check the path and the disk' : `check the path and the disk; what was written is in ${partial}`;
  }
}

/** The `code` of a Node error, or ''. */
export function errorCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}

/** `cannot write PATH: no space left on device (ENOSPC)`. `partial` is where an unfinished file was left, if it was. */
export function outputError(path: string, cause: unknown, partial: string | null = null): SensorError {
  if (cause instanceof SensorError) return cause;
  const code = errorCode(cause);
  const fallback = cause instanceof Error ? cause.message : String(cause);
  const reason = code in REASONS ? `${REASONS[code]} (${code})` : fallback;
  const detail = { path, ...(code === '' ? {} : { errno: code }), ...(partial === null ? {} : { partial }) };
  return new SensorError('OUTPUT', `cannot write ${path}: ${reason}`, { hint: hintFor(code, path, partial), detail, cause });
}
