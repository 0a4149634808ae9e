/** What the engine says of a source that failed, as the error that people and programs get. */
import { ERROR_CODES, type ErrorCode, SensorError } from './errors.ts';
import type { EngineEvent } from './native/engine.ts';

export function errorOfEvent({ code, message, hint, path, errno }: EngineEvent & { type: 'error' }): SensorError {
  const known: ErrorCode = code in ERROR_CODES ? (code as ErrorCode) : 'INTERNAL';
  return new SensorError(known, message, { ...(hint === undefined ? {} : { hint }), detail: { path, errno } });
}
