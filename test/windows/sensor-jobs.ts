/** Runs on Windows: carries out the jobs of a file and writes their results. Started by jobs.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Sensor, SensorError, StartReport } from '../../src/index.ts';
import type { JobResult, PreparedJob } from './jobs.ts';

const [jobsPath, resultsPath] = process.argv.slice(2) as [string, string];
const packageUrl = (name: string): string => pathToFileURL(join(process.env.WEIR_PACKAGE ?? '', 'dist', name)).href;
const library = (await import(packageUrl('index.js'))) as typeof import('../../src/index.ts');

async function steer(sensor: Sensor, job: PreparedJob): Promise<void> {
  if (job.deny === undefined) return;
  await wait(job.deny.afterMs);
  sensor.verdicts.deny(job.deny.target);
  if (job.deny.pardonAfterMs === undefined) return;
  await wait(job.deny.pardonAfterMs);
  sensor.verdicts.pardon(job.deny.target);
}

/** What keeps WinDivert from being opened, as a sensor would say it. */
async function probe(job: PreparedJob): Promise<JobResult['error']> {
  const { loadAddon } = (await import(packageUrl('native/load.js'))) as typeof import('../../src/native/load.ts');
  const input = job.settings.input as { windivertDll: string };
  const failure = loadAddon().probeDivert(input.windivertDll);
  return failure === null ? null : { ...failure, exitCode: library.ERROR_CODES[failure.code as keyof typeof library.ERROR_CODES] };
}

async function run(job: PreparedJob): Promise<JobResult> {
  process.env.DIVERT_SCRIPT = job.scriptPath;
  const result: JobResult = { name: job.name, error: null, report: null, summary: null, denials: [], stoppedInMs: null, cpuSeconds: 0 };
  if (job.probe === true) return { ...result, error: await probe(job) };
  const before = process.cpuUsage();
  let report: StartReport | null = null;
  try {
    const sensor = new library.Sensor(job.settings);
    report = await sensor.start();
    const steering = steer(sensor, job);
    if (job.stopAfterMs !== undefined) {
      await wait(job.stopAfterMs);
      const asked = performance.now();
      await sensor.stop();
      result.stoppedInMs = performance.now() - asked;
    }
    await steering;
    const summary = await sensor.done;
    if (sensor.options.input.kind === 'capture' && sensor.options.input.active) result.denials = sensor.verdicts.denials();
    result.summary = { ...summary, error: null };
    if (summary.error !== null) throw summary.error;
  } catch (error) {
    const { code, message, hint, exitCode } = error as SensorError;
    result.error = { code, message, hint: hint ?? null, exitCode };
  }
  const { user, system } = process.cpuUsage(before);
  return { ...result, report, cpuSeconds: (user + system) / 1e6 };
}

const jobs = JSON.parse(readFileSync(jobsPath, 'utf8')) as PreparedJob[];
const results: JobResult[] = [];
for (const job of jobs) {
  results.push(await run(job));
  console.log(job.name, results.at(-1)?.error?.code ?? 'ok');
}
writeFileSync(resultsPath, JSON.stringify(results));
console.log(`all ${results.length} jobs done`);
