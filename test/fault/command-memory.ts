/** The command as a process of its own, with the highest memory of its tree. */

import type { RunSummary } from '../../src/index.ts';
import { ResidentPeak } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJson, startWeir } from '../support/weir-command.ts';

export interface MeasuredRun {
  peakMegabytes: number;
  summary: RunSummary;
}

/** `weir replay ARGS --quiet`, which must end with 0 and a ledger that holds. */
export async function measureReplay(args: string[]): Promise<MeasuredRun> {
  using folder = new TemporaryFolder('memory');
  const summary = folder.file('summary.json');
  const run = startWeir(['replay', ...args, '--quiet', '--assert-ledger', '--summary-json', summary]);
  const peak = new ResidentPeak(run.pid, 20);
  const { code, stderr } = await run.wait(60_000);
  const bytes = peak.stop();
  if (code !== 0) throw new Error(`weir replay ended with ${code}\n${stderr}`);
  return { peakMegabytes: Math.round(bytes / 1e6), summary: readJson<RunSummary>(summary) };
}
