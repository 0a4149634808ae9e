/** `weir replay FILE...`: capture files instead of an interface. */
import type { Argv } from 'yargs';
import { SensorError } from '../../errors.ts';
import { type CommandContext, runCommand } from '../command.ts';
import { addSettings } from '../yargs-options.ts';

export const replay = {
  name: 'replay',
  usage: 'replay',
  summary: 'Read capture files',
  build: (yargs: Argv): Argv =>
    addSettings(yargs, 'replay')
      // No positional of yargs: it loses the argument `-`. The files are what it leaves over.
      .usage('$0 replay FILE...\n\nRead capture files (pcap or pcapng, also gzip or zstd), one after the other; - is standard input')
      .example('$0 replay trace.pcap', 'flows, protocols and the ledger of a capture')
      .example('$0 replay *.pcapng.gz --export-json flows.json', 'the flows of several files as one')
      .example('zcat x.pcap.gz | $0 replay - -f "tcp port 443"', 'from standard input, only HTTPS')
      .example('$0 replay x.pcap --speed realtime --stats', 'as fast as it was captured'),
  run: (context: CommandContext): Promise<number> =>
    runCommand('replay', context, {
      check: ({ options }) => {
        if (options.input.kind === 'replay' && options.input.files.length === 0) {
          throw new SensorError('USAGE', 'no file to replay', { hint: 'weir replay FILE...; - reads standard input' });
        }
      },
    }),
} as const;
