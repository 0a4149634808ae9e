/** `weir stats`: the figures of a running sensor. */
import type { Argv } from 'yargs';
import type { Stats } from '../../api/contract.ts';
import { plainTable } from '../../export/plain-table.ts';
import { bitRateText, bytesText, countText, packetRateText } from '../../export/quantities.ts';
import { printable } from '../../packet/text.ts';
import { askFlags, type Question, runQuestion } from '../ask/ask.ts';
import type { CommandContext } from '../command.ts';

function statsTable(stats: Stats): string {
  const { sensor, flows, loss, alerts, store } = stats;
  const drops = `kernel ${countText(loss.kernel)}, interface ${countText(loss.interface)}, ring ${countText(loss.ring)}`;
  const estimate = loss.estimate === null ? 'unknown' : `${(loss.estimate * 100).toFixed(2)} %`;
  const severities = Object.entries(alerts.by_severity).map(([severity, count]) => `${count} ${severity}`);
  const protocols = Object.entries(stats.protocols)
    .sort(([, a], [, b]) => b.bytes - a.bytes)
    .slice(0, 10)
    .map(([name, { bytes }]) => `${printable(name)} ${bytesText(bytes)}`);
  return plainTable([
    ['sensor', `${printable(sensor.name)}, weir ${sensor.version}, ${sensor.state}, ${sensor.inputs.map(printable).join(', ')}`],
    ['packet time', stats.time === null ? 'none yet' : new Date(stats.time * 1000).toISOString()],
    ['rate', `${packetRateText(stats.pps)}, ${bitRateText(stats.bps)}`],
    ['total', `${countText(stats.packets_total)} packets, ${bytesText(stats.bytes_total)}`],
    ['flows', `${countText(flows.live)} live, ${countText(flows.created)} seen, ${countText(flows.ended)} ended`],
    ['devices', countText(stats.devices)],
    ['alerts', `${countText(alerts.total)}${severities.length > 0 ? ` (${severities.join(', ')})` : ''}`],
    ['drops', drops],
    ['loss by content', estimate],
    ['store', store.error === null ? `${countText(store.dropped_records)} records lost` : printable(store.error)],
    ['protocols', protocols.join(', ')],
  ]);
}

const question: Question<Stats> = {
  ask: async (client) => (await client.get('/stats')) as Stats,
  table: statsTable,
  lines: (stats) => [stats],
};

export const stats = {
  name: 'stats',
  usage: 'stats',
  summary: 'Ask a running sensor: rates, totals, loss',
  build: (yargs: Argv): Argv => askFlags(yargs, false).example('$0 stats --watch', 'again every two seconds'),
  run: (context: CommandContext): Promise<number> => runQuestion('stats', question, context, []),
} as const;
