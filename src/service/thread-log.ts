/** The log of a thread of the service: warnings and errors, one line each, on standard error. */
import type { ApiLog } from '../api/options.ts';
import { textLine } from '../telemetry/logger.ts';

const LEVELS = { info: 30, warn: 40, error: 50 } as const;

export function threadLog(): ApiLog {
  const write = (level: keyof typeof LEVELS, fields: object, message: string): void => {
    process.stderr.write(textLine({ ...fields, level: LEVELS[level], time: Date.now(), msg: message }));
  };
  return {
    debug: () => {},
    // Who logged in and what was changed stands in the log however quiet it is.
    info: (fields, message) => ('audit' in fields ? write('info', fields, message) : undefined),
    warn: (fields, message) => write('warn', fields, message),
    error: (fields, message) => write('error', fields, message),
  };
}
