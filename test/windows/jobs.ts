/** Runs of a sensor on Windows, described here, carried out by sensor-jobs.ts in one process under Wine. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSummary } from '../../src/merge/summary.ts';
import type { StartReport } from '../../src/sensor-events.ts';
import type { SensorSettings } from '../../src/sensor-settings.ts';
import type { Denial } from '../../src/verdict/table.ts';
import { cache, type DoubleScript, double, startNode, writeScript, z } from './wine-session.ts';

export interface Job {
  name: string;
  script: DoubleScript;
  settings: Omit<SensorSettings, 'input'> & { input?: Partial<Extract<SensorSettings['input'], { kind: 'capture' }>> };
  /** Only open WinDivert and close it, as `weir doctor` does: starting shards takes seconds under Wine. */
  probe?: boolean;
  /** Stop after this time; else the run ends with the double's packets. */
  stopAfterMs?: number;
  /** While it runs. */
  deny?: { afterMs: number; target: string; pardonAfterMs?: number };
}

export interface JobResult {
  name: string;
  error: { code: string; message: string; hint: string | null; exitCode: number } | null;
  report: StartReport | null;
  summary: RunSummary | null;
  denials: Denial[];
  stoppedInMs: number | null;
  /** Of the whole process, from before the start to after the end. */
  cpuSeconds: number;
}

/** Prepared for the other side: its paths, and the double in place of WinDivert.dll. */
export interface PreparedJob extends Omit<Job, 'script' | 'settings'> {
  scriptPath: string;
  settings: SensorSettings;
}

/** Carries the jobs out, one after the other, and gives their results by name. */
export async function runJobs(folder: string, jobs: Job[]): Promise<Map<string, JobResult>> {
  const prepared = jobs.map(({ script, settings, ...job }): PreparedJob => {
    const scriptPath = writeScript(join(folder, `${job.name}.script`), script);
    const input = { kind: 'capture' as const, windivertDll: z(double), ...settings.input };
    return { ...job, scriptPath, settings: { tracking: { shards: 1, dpi: 'builtin' }, ...settings, input } };
  });
  const jobsPath = join(folder, 'jobs.json');
  const resultsPath = join(folder, 'results.json');
  writeFileSync(jobsPath, JSON.stringify(prepared));
  const runner = join(import.meta.dirname, 'sensor-jobs.ts');
  const { ended } = startNode(folder, '22.23.3', ['--disable-warning=ExperimentalWarning', z(runner), z(jobsPath), z(resultsPath)], {
    WEIR_PACKAGE: z(join(cache, 'package')),
  });
  const run = await ended;
  // The exit code alone proves nothing under Wine.
  if (run.code !== 0 || !run.stdout.includes(`all ${jobs.length} jobs done`)) throw new Error(`${run.code}\n${run.stdout}\n${run.stderr}`);
  const results = JSON.parse(readFileSync(resultsPath, 'utf8')) as JobResult[];
  return new Map(results.map((result) => [result.name, result]));
}
