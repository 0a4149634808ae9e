/** Finds an alert in a file of alerts: one JSON object per line, the last one with an id is the alert as it is now. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { KeptEvidence, StoredAlert } from '../../detect/explanation.ts';
import { SensorError } from '../../errors.ts';

/** Ids that are named when a beginning of an id is not enough. */
const MOST_NAMED = 8;
/** Longer lines are no alerts of ours. */
const MOST_LINE = 1 << 20;

const ID = /^[0-9a-f]{1,16}$/;

const isTable = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string';
const isPlainTable = (value: unknown): boolean =>
  isTable(value) && Object.values(value).every((each) => typeof each === 'number' || typeof each === 'string');

function evidenceOf(value: unknown): KeptEvidence | null {
  if (!isTable(value) || !isTextOrNull(value.pcap) || typeof value.packets !== 'number' || typeof value.complete !== 'boolean') return null;
  return { pcap: value.pcap, packets: value.packets, complete: value.complete };
}

/** The alert of a line; null for anything else. */
export function storedAlert(line: string): StoredAlert | null {
  if (line.length > MOST_LINE) return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isTable(value)) return null;
  const { alert_id, kind, severity, description, source, target, observed, threshold, flows, first_seen, last_seen, ts, count } = value;
  const texts = [alert_id, kind, severity, description].every((each) => typeof each === 'string');
  const numbers = [first_seen, last_seen, ts, count, value.window_secs, value.confidence].every((each) => Number.isFinite(each));
  const tables = isPlainTable(observed) && isPlainTable(threshold) && Array.isArray(flows) && flows.every((id) => typeof id === 'string');
  if (!texts || !numbers || !tables || !isTextOrNull(source) || !isTextOrNull(target)) return null;
  return { ...(value as unknown as StoredAlert), evidence: evidenceOf(value.evidence) };
}

function cannotRead(path: string, error: unknown): SensorError {
  const { code } = error as NodeJS.ErrnoException;
  const reason = error instanceof Error ? error.message : String(error);
  return new SensorError(code === 'ENOENT' ? 'SOURCE_NOT_FOUND' : 'SOURCE_OPEN', `the alerts in ${path} cannot be read: ${reason}`, {
    hint: '--alerts names the file that --alerts-jsonl wrote',
    cause: error,
  });
}

async function readMatching(path: string, id: string): Promise<{ found: Map<string, StoredAlert>; unread: number }> {
  const found = new Map<string, StoredAlert>();
  let unread = 0;
  const input = createReadStream(path);
  // The interface does not pass on what goes wrong with its input.
  const failed = new Promise<never>((_, reject) => input.once('error', reject));
  failed.catch(() => {});
  const read = (async () => {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line === '') continue;
      const alert = storedAlert(line);
      if (alert === null) unread++;
      else if (alert.alert_id.startsWith(id)) found.set(alert.alert_id, alert);
    }
  })();
  try {
    await Promise.race([read, failed]);
  } catch (error) {
    throw cannotRead(path, error);
  } finally {
    input.destroy();
  }
  return { found, unread };
}

/**
 * The alert with an id, or with the only id that begins so.
 * @throws SensorError USAGE when there is none or more than one, SOURCE_* when the file cannot be read
 */
export async function findAlert(path: string, id: string): Promise<StoredAlert> {
  const wanted = id.toLowerCase();
  if (!ID.test(wanted)) {
    throw new SensorError('USAGE', `${JSON.stringify(id)} is no id of an alert`, {
      hint: 'an id has 16 hexadecimal digits: alert_id of the record',
    });
  }
  const { found, unread } = await readMatching(path, wanted);
  const [alert] = found.values();
  if (alert === undefined) {
    const skipped = unread === 0 ? '' : ` (${unread} ${unread === 1 ? 'line is' : 'lines are'} no alerts)`;
    throw new SensorError('USAGE', `no alert ${wanted} in ${path}${skipped}`, { hint: '--alerts names another file' });
  }
  if (found.size > 1) {
    const named = [...found.keys()].slice(0, MOST_NAMED).join(', ');
    throw new SensorError('USAGE', `${found.size} alerts begin with ${wanted}`, { hint: `give more digits: ${named}` });
  }
  return alert;
}
