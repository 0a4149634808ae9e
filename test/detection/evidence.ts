/** Runs detection with evidence, and looks whether what was kept for an alert makes the same rule say the same again. */
import { type AlertRecord, type DetectOptions, type RunSummary, Sensor } from '../../src/index.ts';

export interface Proven {
  /** As they were told last. */
  alerts: AlertRecord[];
  /** As they were told first. */
  told: AlertRecord[];
  summary: RunSummary;
  warnings: string[];
}

export async function detect(path: string, detection: Partial<DetectOptions>, recallBytes = 0, shards = 1): Promise<Proven> {
  await using sensor = new Sensor({
    input: { kind: 'replay', files: [path] },
    tracking: { shards },
    detect: detection,
    records: false,
    recallBytes,
  });
  const last = new Map<string, AlertRecord>();
  const told: AlertRecord[] = [];
  const warnings: string[] = [];
  sensor.on('alert', (alert, isNew) => {
    last.set(alert.alert_id, alert);
    if (isNew) told.push(alert);
  });
  sensor.on('warning', ({ message }) => warnings.push(message));
  await sensor.start();
  const summary = await sensor.done;
  return { alerts: [...last.values()], told, summary, warnings };
}

/** Whether a replay of the alert's capture alone, with the same settings, gives an alert of the same rule, source and target. */
export async function firesAgain({ evidence, kind, source, target }: AlertRecord, settings: Partial<DetectOptions> = {}): Promise<boolean> {
  if (evidence?.pcap == null) return false;
  const { alerts } = await detect(evidence.pcap, { ...settings, evidenceDir: null });
  return alerts.some((alert) => alert.kind === kind && alert.source === source && alert.target === target);
}
