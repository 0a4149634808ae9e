/** `weir capture`: packets from interfaces. */
import type { Argv } from 'yargs';
import { nearest } from '../../config/nearest.ts';
import { SensorError } from '../../errors.ts';
import type { Addon } from '../../native/engine.ts';
import { loadAddon } from '../../native/load.ts';
import { type CommandContext, runCommand } from '../command.ts';
import { permissionAdvice } from '../failure.ts';
import { addSettings } from '../yargs-options.ts';

/** When an interface that was named does not exist: an error that says so, with the names that come nearest to it. */
export function withNearestInterface(error: unknown, named: readonly string[], load: () => Pick<Addon, 'listInterfaces'>): unknown {
  if (!(error instanceof SensorError) || !(error.code === 'SOURCE_NOT_FOUND' || error.code === 'SOURCE_OPEN')) return error;
  const names = load()
    .listInterfaces()
    .map((nic) => nic.name);
  const unknown = named.find((name) => !names.includes(name));
  if (unknown === undefined) return error;
  const near = nearest(unknown, names, 3);
  const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : `there are: ${names.join(', ')}`;
  return new SensorError('SOURCE_NOT_FOUND', `there is no interface ${unknown}`, {
    hint,
    detail: { ...error.detail, interface: unknown, near },
    cause: error,
  });
}

/** A refused socket: with the commands that give this Node the right to open it. */
export function withPermissionAdvice(error: unknown): unknown {
  if (!(error instanceof SensorError) || error.code !== 'SOURCE_PERMISSION') return error;
  return new SensorError(error.code, error.message, { hint: permissionAdvice().join('\n'), detail: error.detail, cause: error });
}

export const capture = {
  name: 'capture',
  usage: 'capture',
  summary: 'Capture from network interfaces',
  build: (yargs: Argv): Argv =>
    addSettings(yargs, 'capture')
      .example('$0 capture', 'packet lines from the default interface, until Ctrl-C')
      .example('$0 capture -i eth0 -i eth1 --quiet --stats', 'rates of two interfaces')
      .example('$0 capture -i eth0 -f "not port 22" --flows-jsonl flows.jsonl --quiet', 'flows as they end')
      .example('$0 capture -i eth0 -c 20 --write-pcap x.pcap', 'twenty packets, kept')
      .example(
        '$0 capture --active --nfqueue 7 --deny tcp/23 --clamp-mss 1340',
        'in the path: no telnet, no segments too large for a tunnel',
      ),
  run: (context: CommandContext): Promise<number> =>
    runCommand('capture', context, {
      explain: (error, session) => {
        const { input } = session.options;
        return input.kind === 'capture' ? withNearestInterface(withPermissionAdvice(error), input.interfaces, loadAddon) : error;
      },
    }),
} as const;
