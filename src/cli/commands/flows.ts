/** `weir flows`: flows of a running sensor. */
import type { Argv } from 'yargs';
import type { Flow, FlowPage } from '../../api/contract.ts';
import { plainTable } from '../../export/plain-table.ts';
import { bytesText, countText, durationText } from '../../export/quantities.ts';
import { printable } from '../../packet/text.ts';
import { askFlags, type Question, runQuestion } from '../ask/ask.ts';
import type { CommandContext } from '../command.ts';

function endText({ ip, port }: Flow['initiator']): string {
  if (port === null) return ip;
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function flowTable({ flows }: FlowPage, state: 'live' | 'ended'): string {
  if (flows.length === 0) return state === 'live' ? 'no live flows; --ended shows those that have ended' : 'no flow has ended';
  const rows = flows.map((flow) => [
    flow.flow_id,
    flow.state,
    flow.protocol,
    printable(flow.app ?? ''),
    endText(flow.initiator),
    endText(flow.responder),
    printable(flow.host ?? ''),
    countText(flow.packets),
    bytesText(flow.bytes),
    durationText(flow.duration_secs),
  ]);
  const head = ['Flow', 'State', 'Proto', 'App', 'From', 'To', 'Host', 'Packets', 'Bytes', 'Duration'];
  return plainTable([head, ...rows], ['left', 'left', 'left', 'left', 'left', 'left', 'left', 'right', 'right', 'right']);
}

function question(state: 'live' | 'ended'): Question<FlowPage> {
  return {
    ask: async (client, limit) =>
      (await client.get('/flows', { limit, state, sort: state === 'live' ? 'bytes' : 'last_seen' })) as FlowPage,
    table: (page) => flowTable(page, state),
    lines: ({ flows }) => flows,
  };
}

export const flows = {
  name: 'flows',
  usage: 'flows',
  summary: 'Ask a running sensor: live flows by bytes, or the latest that ended',
  build: (yargs: Argv): Argv =>
    askFlags(yargs, true)
      .option('ended', { type: 'boolean', describe: 'Those that have ended, latest first' })
      .example('$0 flows --watch', 'the largest live flows, again every two seconds')
      .example('$0 flows --ended --limit 1000 --json', 'the latest thousand records, a JSON object per line'),
  run: (context: CommandContext): Promise<number> =>
    runQuestion('flows', question(context.parsed.ended === true ? 'ended' : 'live'), context, ['ended']),
} as const;
