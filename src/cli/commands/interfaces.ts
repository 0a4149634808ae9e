/** `weir interfaces`: what can be captured from. Needs no configuration, and so works with a broken one. */
import type { Argv } from 'yargs';
import { plainTable } from '../../export/plain-table.ts';
import type { InterfaceFacts } from '../../native/engine.ts';
import { loadAddon } from '../../native/load.ts';
import { printable } from '../../packet/text.ts';
import type { CommandContext } from '../command.ts';
import { checkNoArguments, checkUnknown } from '../flag-layer.ts';
import type { Io } from '../io.ts';

/** Link state in one word; loopback and point-to-point are said as well, because they decide what is the default. */
function stateOf(nic: InterfaceFacts): string {
  const link = nic.up ? (nic.running ? 'up' : 'up, no link') : 'down';
  const kind = [nic.loopback ? 'loopback' : '', nic.pointToPoint ? 'point-to-point' : '', nic.wireless ? 'wireless' : ''].filter(
    (word) => word !== '',
  );
  return [link, ...kind].join(', ');
}

/** The table: a row per interface, an address per line. */
export function interfaceTable(interfaces: readonly InterfaceFacts[]): string {
  const rows = interfaces.map((nic) => [
    printable(nic.name),
    printable(nic.description),
    stateOf(nic),
    nic.mac ?? '',
    nic.addresses.map(({ address, prefix }) => `${address}/${prefix}`).join('\n'),
  ]);
  return plainTable([['Name', 'Description', 'State', 'MAC', 'Addresses'], ...rows]);
}

export function listInterfaces(io: Io, options: { json: boolean }): number {
  const interfaces = loadAddon().listInterfaces();
  io.stdout.write(options.json ? `${JSON.stringify(interfaces, null, 2)}\n` : `${interfaceTable(interfaces)}\n`);
  return 0;
}

export const interfaces = {
  name: 'interfaces',
  usage: 'interfaces',
  summary: 'List the interfaces that can be captured from',
  build: (yargs: Argv): Argv =>
    yargs
      .option('json', { type: 'boolean', describe: 'As JSON' })
      .example('$0 interfaces', 'name, description, state, and addresses; also weir --list, -l')
      .example('$0 interfaces --json', 'the same for programs'),
  run: async ({ parsed, io }: CommandContext): Promise<number> => {
    checkNoArguments(parsed, 'interfaces');
    checkUnknown(parsed, new Set(['json', 'list', 'list-interfaces', 'l', 'help', 'h', 'version', 'V']), 'interfaces', ['json']);
    return listInterfaces(io, { json: parsed.json === true });
  },
} as const;
