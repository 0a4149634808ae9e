/** Digests of everything that a run over one capture exports. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type RunSummary, Sensor, type SensorSettings } from '../../src/index.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

export const EXPORTS = ['exportJson', 'exportCsv', 'flowsJsonl', 'flowsCsv', 'writePcap', 'packetsJsonl'] as const;
export type ExportName = (typeof EXPORTS)[number];

export interface DigestedRun {
  digests: Partial<Record<ExportName, string>>;
  summary: RunSummary;
}

/** Replays `files` with these exports on, and digests what was written. */
export async function digestRun(
  files: string[],
  tracking: NonNullable<SensorSettings['tracking']>,
  exports: readonly ExportName[] = EXPORTS,
): Promise<DigestedRun> {
  using folder = new TemporaryFolder('golden');
  const output = Object.fromEntries(exports.map((name) => [name, folder.file(name)]));
  await using sensor = new Sensor({ input: { kind: 'replay', files }, tracking, output });
  await sensor.start();
  const summary = await sensor.done;
  if (summary.error !== null) throw summary.error;
  const digests = Object.fromEntries(
    exports.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(folder.file(name)))
        .digest('hex'),
    ]),
  );
  return { digests, summary };
}
