/**
 * The errors that Weir reports to people and programs.
 *
 * A bug asserts; a data condition (a malformed packet, a full ring) is a status and a counter. What is left, an
 * operation that could not be done, is a `SensorError`: a stable code, a message in one line, and a hint that says
 * what to do next.
 */

/** Every code, with the exit code of the command that ends because of it. */
export const ERROR_CODES = {
  /** Flags, configuration file or environment: nothing was started. */
  USAGE: 2,
  CONFIG: 2,
  FILTER: 2,
  /** The source of packets could not be opened. */
  SOURCE_NOT_FOUND: 3,
  SOURCE_OPEN: 3,
  SOURCE_PERMISSION: 3,
  SOURCE_FORMAT: 3,
  /** While running. */
  SOURCE_READ: 1,
  SOURCE_TRUNCATED: 1,
  OUTPUT: 1,
  STORE: 1,
  SHARD_LOST: 1,
  ADDON: 1,
  INTERNAL: 1,
  /** `--assert-ledger` found an identity that does not hold. */
  LEDGER: 4,
  PLUGIN_MISSING: 5,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface SensorErrorOptions {
  /** What to do next, one line, no full stop needed. */
  hint?: string;
  /** Facts for programs: path, errno, line … */
  detail?: Record<string, unknown>;
  cause?: unknown;
}

export class SensorError extends Error {
  override readonly name = 'SensorError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly detail: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, options: SensorErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.detail = options.detail ?? {};
  }

  /** The exit code that the command documents for this error. */
  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}
