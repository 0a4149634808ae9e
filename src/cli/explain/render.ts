/** An explanation for people. */
import pc from 'picocolors';
import type { ExplainedSetting, Explanation } from '../../detect/explanation.ts';
import { plainTable } from '../../export/plain-table.ts';
import { bytesText, countText, durationText } from '../../export/quantities.ts';
import { printable } from '../../packet/text.ts';

const shown = (value: number | string | undefined): string => (value === undefined ? '' : printable(String(value)));
const moment = (seconds: number): string => new Date(seconds * 1000).toISOString();
const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n');

function verdict({ fires, same_id, recomputed }: Explanation): string {
  if (!fires) return 'does not fire again from its evidence';
  if (same_id) return 'fires again from its evidence, at the same packet';
  return `fires again from its evidence, but not at the same packet: as ${recomputed?.alert_id}`;
}

/** What was seen beside what it was compared with; from the evidence where it fires, else as recorded. */
function inputs({ alert, recomputed }: Explanation): string {
  const { observed, threshold } = recomputed ?? alert;
  const names = [...new Set([...Object.keys(observed), ...Object.keys(threshold)])];
  const rows = names.map((name) => [printable(name), shown(observed[name]), shown(threshold[name])]);
  return plainTable([['Input', 'Observed', 'Threshold'], ...rows], ['left', 'right', 'right']);
}

function silencedText(silenced: ExplainedSetting['silenced_by']): string {
  if (silenced === null) return '-';
  return `${silenced.value}${silenced.verified ? '' : ' (not verified)'}`;
}

function settingTable(settings: readonly ExplainedSetting[]): string {
  const rows = settings.map(({ name, value, unit, from, silenced_by }) =>
    [name, String(value), unit, from, silencedText(silenced_by)].map(printable),
  );
  return plainTable([['Setting', 'Value', 'Unit', 'From', 'Silent with'], ...rows], ['left', 'right', 'left', 'left', 'right']);
}

const verifiedText = (verified: boolean): string => (verified ? 'verified' : 'not verified by the whole sensor');

/** `ports = 26 would have silenced it (now 25); verified`, a line for each way. */
export function silencingLines({ settings, silenced_together, fires }: Explanation): string[] {
  const alone = settings.flatMap(({ name, value, silenced_by }) =>
    silenced_by === null
      ? []
      : [`${printable(name)} = ${silenced_by.value} would have silenced it (now ${value}); ${verifiedText(silenced_by.verified)}`],
  );
  if (alone.length > 0 || !fires) return alone;
  if (silenced_together === null) return ['no setting of the rule silences it; an entry in [[detect.allow]] would'];
  const values = Object.entries(silenced_together.values).map(([name, value]) => `${printable(name)} = ${value}`);
  return [`${values.join(' and ')} together would have silenced it; ${verifiedText(silenced_together.verified)}`];
}

function flowTable({ flows }: Explanation): string {
  const rows = flows.map(({ protocol, source, target, packets, bytes, community_id }) => [
    protocol,
    `${source} -> ${target}`,
    countText(packets),
    bytesText(bytes),
    community_id,
  ]);
  return plainTable([['Protocol', 'Flow', 'Packets', 'Bytes', 'Community ID'], ...rows], ['left', 'left', 'right', 'right']);
}

function timeLines({ alert, evidence }: Explanation): string[] {
  const { first_packet: first, last_packet: last, complete } = evidence;
  const whole = complete === null ? '' : complete ? ', complete' : ', not complete';
  return [
    `  window      ${alert.window_secs} s`,
    `  first       ${moment(alert.first_seen)}`,
    `  crossed     ${moment(alert.ts)}`,
    `  last        ${moment(alert.last_seen)}`,
    `  evidence    ${printable(evidence.file)}: ${countText(evidence.packets)} packets${whole}`,
    ...(first === null || last === null ? [] : [`              ${moment(first)} to ${moment(last)} (${durationText(last - first)})`]),
  ];
}

/** `color` is the caller's to decide: only a terminal gets it. Without a final line feed. */
export function renderExplanation(explanation: Explanation, color: boolean): string {
  const colors = pc.createColors(color);
  const { alert, rule, settings, flows, notes } = explanation;
  const paint = explanation.fires ? colors.green : colors.red;
  const silencing = silencingLines(explanation);
  const lines = [
    `${colors.bold(`${printable(alert.kind)} ${printable(alert.alert_id)}`)} (${printable(alert.severity)}, counted ${countText(alert.count)})`,
    `  ${printable((explanation.recomputed ?? alert).description)}`,
    `  ${paint(verdict(explanation))}`,
    '',
    colors.bold(`What the rule looks for: ${printable(rule.title)}`),
    `  ${printable(rule.description)}`,
    '',
    colors.bold('What it saw'),
    indented(inputs(explanation)),
    ...timeLines(explanation),
    '',
    colors.bold('Settings in force'),
    indented(settingTable(settings)),
  ];
  if (silencing.length > 0) lines.push('', colors.bold('What would have silenced it'), ...silencing.map((line) => `  ${line}`));
  if (flows.length > 0) lines.push('', colors.bold('Flows'), indented(flowTable(explanation)));
  if (notes.length > 0) lines.push('', colors.bold('Notes'), ...notes.map((note) => `  ${printable(note)}`));
  return lines.join('\n');
}
