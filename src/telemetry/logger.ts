/**
 * The command's log. The library logs nothing: it has events, and whoever embeds it decides.
 * One line of text per entry, or JSON with `json`; to a file, or to standard error.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { type DestinationStream, type Logger, pino } from 'pino';
import { SensorError } from '../errors.ts';

export type { Logger } from 'pino';

/** By how often `-v` was given. */
export const LEVELS = ['warn', 'info', 'debug', 'trace'] as const;

export interface LogOptions {
  /** 0 to 3: an index of LEVELS; higher counts as 3. */
  verbosity: number;
  json: boolean;
  /** Appended to; null = `stderr`. */
  file: string | null;
  stderr: { write(text: string): unknown };
}

export interface Log {
  logger: Logger;
  /** Closes the file, if there is one. Entries are written at once, so nothing is lost without it. */
  close(): void;
}

/** Fields of pino's that the text form shows elsewhere or not at all. */
const OWN_FIELDS = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'name']);

/** Bytes from the wire and names from people can hold anything; a log line stays one line without escape sequences. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

/** `2026-01-31T08:00:00.000Z warn  message key=value`. */
export function textLine(entry: Record<string, unknown>): string {
  const level = pino.levels.labels[Number(entry.level)] ?? 'info';
  const time = new Date(Number(entry.time)).toISOString();
  const fields = Object.entries(entry)
    .filter(([key]) => !OWN_FIELDS.has(key))
    .map(([key, value]) => ` ${key}=${typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`);
  return `${plain(`${time} ${level.padEnd(5)} ${typeof entry.msg === 'string' ? entry.msg : ''}${fields.join('')}`)}\n`;
}

function destination(options: LogOptions, descriptor: number | null): DestinationStream {
  const write = (text: string): void => {
    if (descriptor === null) options.stderr.write(text);
    else writeSync(descriptor, text);
  };
  return { write: (line: string) => write(options.json ? line : textLine(JSON.parse(line) as Record<string, unknown>)) };
}

/** Throws SensorError OUTPUT when the file cannot be opened. */
export function createLog(options: LogOptions): Log {
  let descriptor: number | null = null;
  if (options.file !== null) {
    try {
      descriptor = openSync(options.file, 'a', 0o640);
    } catch (error) {
      throw new SensorError('OUTPUT', `log file ${options.file}: ${(error as Error).message}`, {
        detail: { path: options.file },
        cause: error,
      });
    }
  }
  const level = LEVELS[Math.max(0, Math.min(LEVELS.length - 1, Math.trunc(options.verbosity)))];
  const redact = { paths: ['*.password', '*.token', '*.secret', 'password', 'token', 'secret'], censor: '***' };
  const logger = pino({ name: 'weir', level, redact, timestamp: pino.stdTimeFunctions.epochTime }, destination(options, descriptor));
  return {
    logger,
    close: () => {
      if (descriptor !== null) closeSync(descriptor);
      descriptor = null;
    },
  };
}
