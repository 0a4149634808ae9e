/** What a service asks of its sensor, and where its pages are. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceOptions } from '../config/service-options.ts';
import type { SensorSettings } from '../sensor-settings.ts';

/** Flows that each frame shows. */
const TOP_FLOWS = 20;
/** Of every hundred packets one is in the daily file. */
const SAMPLE_EVERY = 100;
/** Some 75,000 packets: a service has bounded memory, and most of its alerts are about the last seconds. */
const RECALL_BYTES = 16 * 2 ** 20;

/** In the data folder. */
export const EVIDENCE_FOLDER = 'evidence';

/** The settings, with what devices, history and pages need, and evidence in `dataDir`. What they say themselves stays. */
export function withServiceNeeds(settings: SensorSettings, { dailyCsv }: ServiceOptions, dataDir: string): SensorSettings {
  const { detect } = settings;
  return {
    ...settings,
    // What says nothing of detection does not turn it on.
    ...(detect === undefined ? {} : { detect: { ...detect, evidenceDir: detect.evidenceDir ?? join(dataDir, EVIDENCE_FOLDER) } }),
    recallBytes: settings.recallBytes || RECALL_BYTES,
    rehearse: true,
    records: true,
    discovery: true,
    sampleEvery: dailyCsv ? SAMPLE_EVERY : 0,
    topFlows: Math.max(TOP_FLOWS, settings.topFlows ?? 0),
  };
}

/** Beside the compiled code; from sources, where the build of the checkout puts it. */
export function dashboardDir(): string {
  const place = import.meta.url.endsWith('.ts') ? '../../dist/dashboard' : '../dashboard';
  return fileURLToPath(new URL(place, import.meta.url));
}
