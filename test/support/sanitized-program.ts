/** C++ under test: compiled with sanitizers, run, and read. */
import { join } from 'node:path';
import { mustRun } from './command.ts';

/** For compiling, or running what was compiled, on a machine that does other things too. */
const STEP_MS = 120_000;
/** What a test that does both may take. */
export const SANITIZED_MS = 2 * STEP_MS;

const builder = join(import.meta.dirname, '../native/build-sanitized.sh');
const harness = join(import.meta.dirname, '../native/decode/main.cc');

/** Compiles and links `program`; `parts` are sources and options as `build-sanitized.sh` takes them. */
export async function buildSanitized(program: string, parts: string[], sanitizer = 'address,undefined'): Promise<void> {
  await mustRun('bash', [builder, program, sanitizer, ...parts], { timeoutMs: STEP_MS });
}

/**
 * Builds the cases of `sources` (test/native/decode/check.h) into `program` and runs them. Returns the lines it printed but
 * those of cases that passed: `N tests, 0 failed` when all did. A finding of a sanitizer ends the program, which throws.
 */
export async function runSanitized(program: string, sources: string[], sanitizer = 'address,undefined'): Promise<string[]> {
  await buildSanitized(program, [harness, ...sources], sanitizer);
  const { stdout } = await mustRun(program, [], { timeoutMs: STEP_MS });
  return stdout
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('ok '));
}
