/**
 * Prints the one line that ends a test run, from vitest's JSON report: `N passed, N failed, N skipped`.
 * A file that could not be loaded and an error outside any test count as one failure each, so that no run that
 * vitest calls a failure ends with `0 failed`.
 *
 *   node scripts/test-totals.ts REPORT EXIT_CODE
 */
import { readFileSync } from 'node:fs';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

const [reportPath = '', exitCode = '1'] = process.argv.slice(2);

function readReport(): Report | null {
  try {
    return JSON.parse(readFileSync(reportPath, 'utf8'));
  } catch {
    return null;
  }
}

const report = readReport();
const passed = report?.numPassedTests ?? 0;
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
const brokenFiles = (report?.testResults ?? []).filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
).length;
let failed = (report?.numFailedTests ?? 0) + brokenFiles;
if (failed === 0 && (exitCode !== '0' || report === null || passed === 0)) failed = 1;

process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed > 0 ? 1 : 0;
