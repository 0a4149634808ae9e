/** `weir alerts`: what the rules of a running sensor found. */
import type { Argv } from 'yargs';
import type { AlertPage } from '../../api/contract.ts';
import { timeText } from '../../export/quantities.ts';
import { printable } from '../../packet/text.ts';
import { alertLine } from '../alert-line.ts';
import { askFlags, type Question, runQuestion } from '../ask/ask.ts';
import type { CommandContext } from '../command.ts';

function alertLines({ alerts }: AlertPage, color: boolean): string {
  if (alerts.length === 0) return 'no alerts';
  return alerts
    .map((alert) => {
      const seen = alert.count === 1 ? '' : ` (${alert.count} times)`;
      const done = alert.acknowledged === null ? '' : ` [acknowledged by ${printable(alert.acknowledged.by)}]`;
      return `${alert.alert_id}  ${timeText(alert.ts)}  ${alertLine(alert, color)}${seen}${done}`;
    })
    .join('\n');
}

const question: Question<AlertPage> = {
  ask: async (client, limit) => (await client.get('/alerts', { limit })) as AlertPage,
  table: alertLines,
  lines: ({ alerts }) => alerts,
};

export const alerts = {
  name: 'alerts',
  usage: 'alerts',
  summary: 'Ask a running sensor: its alerts, latest first',
  build: (yargs: Argv): Argv => askFlags(yargs, true).example('$0 alerts --json', 'an alert per line'),
  run: (context: CommandContext): Promise<number> => runQuestion('alerts', question, context, []),
} as const;
