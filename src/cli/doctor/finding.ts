/** One answer of the doctor. */
export interface Finding {
  /** What was looked at: `node`, `addon`, `privileges` … */
  check: string;
  /** `missing` makes the exit code 1; `advice` works, but could be better; `absent` is optional and not there. */
  state: 'ok' | 'advice' | 'absent' | 'missing';
  message: string;
  /** Commands or steps that fix it. */
  fix: string[];
}

export const ok = (check: string, message: string): Finding => ({ check, state: 'ok', message, fix: [] });
export const advice = (check: string, message: string, ...fix: string[]): Finding => ({ check, state: 'advice', message, fix });
export const absent = (check: string, message: string): Finding => ({ check, state: 'absent', message, fix: [] });
export const missing = (check: string, message: string, ...fix: string[]): Finding => ({ check, state: 'missing', message, fix });

/** The text of anything thrown. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
