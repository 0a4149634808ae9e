import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-totals-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const whole = { status: 'passed', assertionResults: [{ status: 'passed' }] };
const broken = { status: 'failed', assertionResults: [] };

function totals(report: object | string, exitCode: number): { line: string; code: number | null } {
  const file = join(folder, 'report.json');
  writeFileSync(file, typeof report === 'string' ? report : JSON.stringify(report));
  const { stdout, status } = spawnSync(process.execPath, [join(projectRoot, 'scripts/test-totals.ts'), file, String(exitCode)], {
    encoding: 'utf8',
  });
  return { line: stdout, code: status };
}
const counts = (passed: number, failed: number, skipped: number) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: skipped,
  numTodoTests: 0,
});

test.each([
  ['all passed', { ...counts(7, 0, 2), testResults: [whole] }, 0, '7 passed, 0 failed, 2 skipped\n', 0],
  ['some failed', { ...counts(5, 2, 0), testResults: [whole] }, 1, '5 passed, 2 failed, 0 skipped\n', 1],
  ['a file that does not load', { ...counts(5, 0, 0), testResults: [whole, broken] }, 1, '5 passed, 1 failed, 0 skipped\n', 1],
  ['an error outside any test', { ...counts(5, 0, 0), testResults: [whole] }, 1, '5 passed, 1 failed, 0 skipped\n', 1],
  ['nothing ran', { ...counts(0, 0, 0), testResults: [] }, 0, '0 passed, 1 failed, 0 skipped\n', 1],
  ['no report', 'not JSON', 0, '0 passed, 1 failed, 0 skipped\n', 1],
])('%s', (_name, report, exitCode, line, code) => {
  expect(totals(report, exitCode)).toEqual({ line, code });
});
