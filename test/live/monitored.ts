/** What a sensor that gets a copy of every frame of a switched network says of what happens there. */
import { SEVERITIES } from '../../src/detect/rule.ts';
import type { RunSummary } from '../../src/merge/summary.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { AlertWatch, type ToldAlert } from './alert-watch.ts';
import { CaptureRun } from './capture-run.ts';
import type { Network } from './namespaces.ts';
import { MONITOR } from './switched-network.ts';

export const TICK_SECS = 1;
/** Alerts are told at the end of a tick; this is how many may end first. */
export const TICKS = 2;

export const isSerious = ({ severity }: ToldAlert) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf('medium');
export const inWords = ({ kind, severity, source, target, description }: ToldAlert) =>
  `${kind} (${severity}) ${source} -> ${target}: ${description}`;

/** The alerts of a capture with `more` arguments that runs while `work` does. */
export async function alertsDuring(
  network: Network,
  folder: TemporaryFolder,
  work: (watch: AlertWatch) => Promise<void>,
  more: readonly string[] = [],
): Promise<{ alerts: ToldAlert[]; summary: RunSummary }> {
  const path = folder.file('alerts.jsonl');
  const args = ['-i', MONITOR.device, '--tick-ms', String(TICK_SECS * 1000), '--buffer-mb', '64', '--alerts-jsonl', path, ...more];
  const run = await CaptureRun.start(network, MONITOR.space, folder, args);
  using watch = new AlertWatch(path);
  await work(watch);
  await run.stop();
  watch.read();
  return { alerts: watch.alerts, summary: run.summary() };
}
