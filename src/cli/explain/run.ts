/** What `weir explain` does: finds the alert and its packets, recomputes it, tells. */
import { SensorError } from '../../errors.ts';
import { explainAlert } from '../../sensor-explain.ts';
import { captureOptions } from '../capture-options.ts';
import type { CommandContext } from '../command.ts';
import { checkUnknown, type ParsedArgs } from '../flag-layer.ts';
import { wantsColor } from '../io.ts';
import { evidenceFile } from './evidence-file.ts';
import { renderExplanation } from './render.ts';
import { findAlert } from './stored-alerts.ts';

/** Flags of `weir capture` that say how alerts are judged. */
export const DETECT_FLAGS = ['internal-network', 'rules'] as const;
const FLAGS = ['alerts', 'evidence', 'evidence-dir', ...DETECT_FLAGS, 'json', 'config'];
const KNOWN = new Set([...FLAGS, 'id', 'help', 'h', 'version', 'V']);

/** A flag that takes one text, at most once. */
function textFlag(parsed: ParsedArgs, name: string): string | null {
  const value = parsed[name];
  if (value === undefined) return null;
  if (typeof value !== 'string') throw new SensorError('USAGE', `--${name} is given twice`, { hint: 'give it once' });
  return value;
}

function alertId(parsed: ParsedArgs): string {
  const [, extra] = Array.isArray(parsed._) ? parsed._.map(String) : [];
  if (extra !== undefined) throw new SensorError('USAGE', `weir explain takes one alert, but ${JSON.stringify(extra)} is given as well`);
  if (typeof parsed.id === 'string' && parsed.id !== '') return parsed.id;
  throw new SensorError('USAGE', 'no alert named', { hint: 'weir explain ID, where ID is the alert_id of its record' });
}

/** Resolves with the exit code: 1 when the alert does not fire again. */
export async function runExplain(context: CommandContext): Promise<number> {
  const { parsed, io } = context;
  checkUnknown(parsed, KNOWN, 'explain', FLAGS);
  const id = alertId(parsed);
  const options = captureOptions(context);
  const alerts = textFlag(parsed, 'alerts') ?? options.output.alertsJsonl;
  if (alerts === null || alerts === '' || alerts === '-') {
    throw new SensorError('USAGE', 'no file of alerts named', { hint: '--alerts FILE, or output.alerts_jsonl of the configuration' });
  }
  const alert = await findAlert(alerts, id);
  const places = { file: textFlag(parsed, 'evidence'), folder: textFlag(parsed, 'evidence-dir'), alerts };
  const evidence = evidenceFile(alert, places);
  const explanation = await explainAlert({ alert, evidence, detect: options.detect, tracking: options.tracking });
  const text = parsed.json === true ? JSON.stringify(explanation, null, 2) : renderExplanation(explanation, wantsColor(io));
  io.stdout.write(`${text}\n`);
  return explanation.fires ? 0 : 1;
}
