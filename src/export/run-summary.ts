/** The summary of a run for people: what was read, what it was, where the bytes went, and whether every packet is accounted for. */
import pc from 'picocolors';
import type { FlowRecord } from '../flow/record.ts';
import { type Identity, type Ledger, ledgerFailures } from '../merge/ledger.ts';
import type { AlertTotals, RunSummary } from '../merge/summary.ts';
import { printable } from '../packet/text.ts';
import { flowText } from './endpoint-text.ts';
import { plainTable } from './plain-table.ts';
import { bitRateText, bytesText, countText, durationText, packetRateText } from './quantities.ts';

export interface SummaryStyle {
  color: boolean;
}

type Colors = ReturnType<typeof pc.createColors>;

/** The first columns are texts, the rest numbers. */
function table(head: string[], rows: string[][], texts: number, colors: Colors): string {
  const titles = head.map((title) => colors.dim(title));
  const aligned = head.map((_, index) => (index < texts ? 'left' : 'right'));
  return plainTable([titles, ...rows], aligned)
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n');
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((part / whole) * 100).toFixed(1)} %`;
}

/** From a thousandth on it is worth a word: senders and receivers make holes of their own. */
function lossText(estimate: number | null): string {
  return estimate === null || estimate < 0.001 ? '' : ` (${(estimate * 100).toFixed(1)} % of the data: the capture lost packets)`;
}

function alertsText({ raised, by_kind }: AlertTotals): string {
  return `${countText(raised)} (${by_kind.map(({ kind, alerts }) => `${kind} ${countText(alerts)}`).join(', ')})`;
}

function overview(summary: RunSummary, colors: Colors): string[] {
  const lines = [
    `${colors.bold('Read')}      ${countText(summary.frames_read)} frames, ${bytesText(summary.input_wire_bytes)} on the wire, ` +
      `${durationText(summary.duration_secs)} of packet time`,
    `${colors.bold('Rate')}      ${packetRateText(summary.packets_per_sec)}, ${bitRateText(summary.bits_per_sec)} ` +
      `(${durationText(summary.elapsed_secs)}, ${summary.shards} ${summary.shards === 1 ? 'shard' : 'shards'})`,
    `${colors.bold('Flows')}     ${countText(summary.flows_created)}${endedText(summary.flows_ended)}`,
  ];
  if (summary.retransmissions + summary.out_of_order + summary.missed_bytes > 0) {
    lines.push(
      `${colors.bold('TCP')}       ${countText(summary.retransmissions)} retransmissions, ${countText(summary.out_of_order)} out of order, ` +
        `${bytesText(summary.missed_bytes)} missed${lossText(summary.loss_estimate)}`,
    );
  }
  if (summary.alerts !== null && summary.alerts.raised > 0) lines.push(`${colors.bold('Alerts')}    ${alertsText(summary.alerts)}`);
  const drops = dropText(summary);
  if (drops !== '') lines.push(`${colors.bold('Drops')}     ${drops}`);
  lines.push(...lossLines(summary.doctor, colors));
  const errors = Object.entries(summary.parse_errors).filter(([, count]) => count > 0);
  if (errors.length > 0) {
    lines.push(
      `${colors.bold('Rejected')}  ${errors.map(([reason, count]) => `${countText(count)} ${reason.replaceAll('_', ' ')}`).join(', ')}`,
    );
  }
  return lines;
}

function endedText(ended: Record<string, number>): string {
  const reasons = Object.entries(ended).filter(([, count]) => count > 0);
  return reasons.length === 0 ? '' : ` (${reasons.map(([reason, count]) => `${countText(count)} ${reason}`).join(', ')})`;
}

/** Live captures always say what was lost, or that nobody knows; a replay only when something was. */
function dropText(summary: RunSummary): string {
  const live = summary.input === 'capture';
  const parts: string[] = [];
  if (live) parts.push(`kernel ${countText(summary.kernel_drops)}`, `interface ${countText(summary.interface_drops)}`);
  if (live || summary.ring_drops > 0) parts.push(`ring ${countText(summary.ring_drops)}`);
  if (summary.records_dropped > 0) parts.push(`flow records ${countText(summary.records_dropped)}`);
  return parts.join(', ');
}

/** The stages that lost something, a line each, and one with what to do about it. */
function lossLines(doctor: RunSummary['doctor'], colors: Colors): string[] {
  return doctor
    .filter(({ state }) => state === 'losing')
    .flatMap(({ stage, detail, remedy }) => [
      `${colors.bold('Losing')}    ${colors.yellow(stage)}: ${printable(detail)}`,
      ...(remedy === null ? [] : [`          remedy: ${printable(remedy)}`]),
    ]);
}

function protocolTable(summary: RunSummary, colors: Colors): string {
  const packets = summary.protocols.reduce((sum, entry) => sum + entry.packets, 0);
  const rows = summary.protocols.map((entry) => [
    entry.protocol,
    countText(entry.packets),
    percent(entry.packets, packets),
    bytesText(entry.bytes),
  ]);
  return table(['protocol', 'packets', 'share', 'bytes'], rows, 1, colors);
}

/** What a screen shows; the JSON summary has all of them. */
const MOST_APPLICATIONS = 12;

function applicationTable(summary: RunSummary, colors: Colors): string {
  const bytes = summary.applications.reduce((sum, entry) => sum + entry.bytes, 0);
  const shown = summary.applications.slice(0, MOST_APPLICATIONS);
  const rows = shown.map((entry) => [
    entry.protocol,
    countText(entry.flows),
    countText(entry.packets),
    bytesText(entry.bytes),
    percent(entry.bytes, bytes),
  ]);
  const rest = summary.applications.length - shown.length;
  if (rest > 0) rows.push([`and ${rest} more`, '', '', '', '']);
  return table(['application', 'flows', 'packets', 'bytes', 'share'], rows, 1, colors);
}

/** A guess has a question mark. */
function applicationText({ app }: FlowRecord): string {
  if (app === null) return '';
  const name = app.master === null ? app.protocol : `${app.master}.${app.protocol}`;
  return app.confidence === 'port' || app.confidence === 'guess' ? `${name}?` : name;
}

function stateText(record: FlowRecord): string {
  return record.conn_state ?? record.tcp_state ?? '';
}

function flowTable(flows: FlowRecord[], colors: Colors): string {
  const rows = flows.map((record) => [
    flowText(record),
    applicationText(record),
    stateText(record),
    countText(record.packets_total),
    bytesText(record.bytes_total),
    bitRateText(record.avg_bps),
    durationText(record.duration_secs),
  ]);
  return table(['flow', 'application', 'state', 'packets', 'bytes', 'rate', 'duration'], rows, 3, colors);
}

/** `frames_read 100 = filtered 0 + delivered 100` */
function identityText(identity: Identity): string {
  const term = (name: string, value: number | null): string => `${name} ${countText(value)}`;
  const shown = identity.right.filter((each) => each.value !== 0);
  const right = (shown.length > 0 ? shown : identity.right.slice(0, 1)).map((each) => term(each.name, each.value)).join(' + ');
  return `${term(identity.left.name, identity.left.value)} ${identity.holds === false ? '≠' : '='} ${right}`;
}

function ledgerText(ledger: Ledger, colors: Colors): string[] {
  const failures = ledgerFailures(ledger);
  const unknown = ledger.identities.filter((identity) => identity.holds === null).length;
  const checked = ledger.identities.length - unknown;
  const verdict = ledger.holds
    ? colors.green(`${checked} ${checked === 1 ? 'identity holds' : 'identities hold'}`)
    : colors.red(`${failures.length} of ${checked} identities fail`);
  const lines = [`${colors.bold('Ledger')}    ${verdict}${unknown > 0 ? colors.yellow(`, ${unknown} unknown`) : ''}`];
  for (const failure of failures) lines.push(colors.red(`  ${failure}`));
  for (const identity of ledger.identities) {
    if (identity.unit === 'packets' && identity.holds !== false) lines.push(colors.dim(`  ${identityText(identity)}`));
  }
  return lines;
}

/** The whole text, without a final line feed. */
export function renderSummary(summary: RunSummary, style: SummaryStyle = { color: false }): string {
  const colors = pc.createColors(style.color);
  const lines = overview(summary, colors);
  if (summary.protocols.length > 0) lines.push('', colors.bold('Protocols'), protocolTable(summary, colors));
  if (summary.applications.length > 0) lines.push('', colors.bold('Applications'), applicationTable(summary, colors));
  if (summary.top_flows.length > 0) lines.push('', colors.bold('Top flows'), flowTable(summary.top_flows, colors));
  lines.push('', ...ledgerText(summary.ledger, colors));
  if (!summary.deterministic) {
    lines.push(colors.yellow('A bound was hit (drops, refusals or evictions): results may depend on the number of shards.'));
  }
  if (summary.output_errors > 0) lines.push(colors.red(`${countText(summary.output_errors)} outputs failed`));
  return lines.join('\n');
}
