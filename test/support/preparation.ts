/** Scripts that make what some tests need, and say so with exit code 3 and one line where that cannot be had. */
import { execFileSync } from 'node:child_process';

export type Prepared = { output: string; absent: null } | { output: null; absent: string };

/** What the script printed, or why there is nothing: `what` is skipped then, with a message. */
export function runPreparation(script: string, what: string): Prepared {
  try {
    return { output: execFileSync('bash', [script], { encoding: 'utf8', stdio: 'pipe' }), absent: null };
  } catch (error) {
    const { status, stderr } = error as { status: number | null; stderr: string };
    if (status !== 3) throw error;
    console.warn(`${what} are skipped: ${stderr.trim()}`);
    return { output: null, absent: stderr.trim() };
  }
}
