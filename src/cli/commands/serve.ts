/** `weir serve`: the sensor with devices, history, API and dashboard. */
import type { Argv } from 'yargs';
import type { CommandContext } from '../command.ts';
import { addSettings } from '../yargs-options.ts';

export const serve = {
  name: 'serve',
  usage: 'serve',
  summary: 'Capture and show: devices, history, API and dashboard',
  build: (yargs: Argv): Argv =>
    addSettings(yargs, 'serve')
      .usage('$0 serve\n\nCapture, keep devices, flows and alerts, and show them in a browser and over an API until it is stopped')
      .example('$0 serve -i eth0 --data-dir /var/lib/weir', 'what an operator leaves running on a gateway')
      .example('$0 serve --replay trace.pcap --speed realtime --loop 0', 'the same without privileges, from a capture file')
      .example('$0 serve -i eth0 --bind 0.0.0.0 --token-file /etc/weir/tokens', 'for others in the network, who need a token'),
  run: async (context: CommandContext): Promise<number> => (await import('../serve-run.ts')).runServe(context),
} as const;
