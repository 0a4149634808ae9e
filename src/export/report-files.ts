/** Writes what a run says of itself: `--summary-json` and `--ledger`. Small files, written once, after everything else. */
import { writeFile } from 'node:fs/promises';
import type { OutputOptions } from '../config/options.ts';
import { SensorError } from '../errors.ts';
import { type RunSummary, summaryJson } from '../merge/summary.ts';

async function writeReport(path: string | null, text: string): Promise<void> {
  if (path === null) return;
  if (path === '-') {
    process.stdout.write(text);
    return;
  }
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new SensorError('OUTPUT', `${path}: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'check the folder, its permissions and the free space',
      cause: error,
    });
  }
}

/** Writes both reports where they are wanted. Throws SensorError('OUTPUT') after having tried both. */
export async function writeReports(output: OutputOptions, summary: RunSummary): Promise<void> {
  const results = await Promise.allSettled([
    writeReport(output.summaryJson, summaryJson(summary)),
    writeReport(output.ledger, `${JSON.stringify(summary.ledger, null, 2)}\n`),
  ]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
