/** `weir devices`: what a running sensor has discovered. */
import type { Argv } from 'yargs';
import type { DevicePage } from '../../api/contract.ts';
import { plainTable } from '../../export/plain-table.ts';
import { bytesText, countText, timeText } from '../../export/quantities.ts';
import { printable } from '../../packet/text.ts';
import { askFlags, type Question, runQuestion } from '../ask/ask.ts';
import type { CommandContext } from '../command.ts';

function deviceTable({ devices }: DevicePage): string {
  if (devices.length === 0) return 'no devices';
  const rows = devices.map((device) => [
    device.mac,
    printable(device.hostname ?? ''),
    device.ips.join('\n'),
    printable(device.vendor ?? (device.local_address ? 'local address' : '')),
    printable(device.os ?? ''),
    device.kind,
    timeText(device.last_seen),
    bytesText(device.bytes_in),
    bytesText(device.bytes_out),
    countText(device.flows),
  ]);
  const head = ['MAC', 'Name', 'Addresses', 'Vendor', 'System', 'Kind', 'Last seen', 'In', 'Out', 'Flows'];
  return plainTable([head, ...rows], ['left', 'left', 'left', 'left', 'left', 'left', 'left', 'right', 'right', 'right']);
}

const question: Question<DevicePage> = {
  ask: async (client, limit) => (await client.get('/devices', { limit })) as DevicePage,
  table: deviceTable,
  lines: ({ devices }) => devices,
};

export const devices = {
  name: 'devices',
  usage: 'devices',
  summary: 'Ask a running sensor: the devices that it knows, latest first',
  build: (yargs: Argv): Argv => askFlags(yargs, true).example('$0 devices --limit 100', 'names, addresses, vendors, systems'),
  run: (context: CommandContext): Promise<number> => runQuestion('devices', question, context, []),
} as const;
