/** Writes what a run says of itself: `--summary-json` and `--ledger`. Small files, written once, after everything else. */
import type { Writable } from 'node:stream';
import type { OutputOptions } from '../config/options.ts';
import { type RunSummary, summaryJson } from '../merge/summary.ts';
import { openOutput } from './output-file.ts';

async function writeReport(path: string | null, text: string, stdout: Writable): Promise<void> {
  if (path === null || path === '') return;
  const output = await openOutput(path, 'whole', stdout);
  try {
    await output.write(new TextEncoder().encode(text));
    await output.commit();
  } finally {
    await output.abandon();
  }
}

/** Writes both reports where they are wanted. Throws SensorError('OUTPUT') after having tried both. */
export async function writeReports(output: OutputOptions, summary: RunSummary, stdout: Writable = process.stdout): Promise<void> {
  const results = await Promise.allSettled([
    writeReport(output.summaryJson, summaryJson(summary), stdout),
    writeReport(output.ledger, `${JSON.stringify(summary.ledger, null, 2)}\n`, stdout),
  ]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
