/** An error on its way between threads: a SensorError stays one. */
import { ERROR_CODES, type ErrorCode, SensorError } from '../errors.ts';

export interface Problem {
  code: string;
  message: string;
  hint: string | null;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof SensorError) return { code: error.code, message: error.message, hint: error.hint ?? null };
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error), hint: null };
}

export function errorOf({ code, message, hint }: Problem): SensorError {
  const known: ErrorCode = code in ERROR_CODES ? (code as ErrorCode) : 'INTERNAL';
  return new SensorError(known, message, hint === null ? {} : { hint });
}
