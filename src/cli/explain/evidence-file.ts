/** Where the packets of an alert are. */
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { StoredAlert } from '../../detect/explanation.ts';
import { SensorError } from '../../errors.ts';

export interface EvidencePlaces {
  /** `--evidence`. */
  readonly file: string | null;
  /** `--evidence-dir`. */
  readonly folder: string | null;
  /** The file that the alert was read from. */
  readonly alerts: string;
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/**
 * What was named, else `<alert_id>.pcapng` or the name that the alert has for it, in the folder that was named or beside the alerts.
 * @throws SensorError SOURCE_NOT_FOUND
 */
export function evidenceFile({ alert_id, evidence }: StoredAlert, { file, folder, alerts }: EvidencePlaces): string {
  if (file !== null) return file;
  const own = `${alert_id}.pcapng`;
  const kept = evidence?.pcap ?? null;
  const names = kept === null ? [own] : [own, basename(kept)];
  const folders = folder === null ? [dirname(alerts)] : [folder];
  // Without a folder the alert's own path counts; with one it may be of another machine.
  const paths = [...(folder === null && kept !== null ? [kept] : []), ...folders.flatMap((each) => names.map((name) => join(each, name)))];
  const found = paths.find(isFile);
  if (found !== undefined) return found;
  throw new SensorError('SOURCE_NOT_FOUND', `no evidence of alert ${alert_id}: there is no ${paths.join(' and no ')}`, {
    hint: '--evidence-dir names the folder of the captures, --evidence a capture file with its packets',
  });
}
