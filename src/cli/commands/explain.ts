/** `weir explain ID`: why there was an alert, and what would have kept it from being one. */
import type { Argv } from 'yargs';
import type { CommandContext } from '../command.ts';

const text = { requiresArg: true, nargs: 1 } as const;

export const explain = {
  name: 'explain',
  usage: 'explain [id]',
  summary: 'Recompute an alert from its packets, and say what would have silenced it',
  build: (yargs: Argv): Argv =>
    yargs
      .positional('id', { type: 'string', describe: 'The alert: alert_id of its record, or the beginning of it' })
      .option('alerts', { ...text, describe: 'File of alerts; output.alerts_jsonl of the configuration where none is named [FILE]' })
      .option('evidence-dir', { ...text, describe: 'Folder of the captures that alerts keep; beside the alerts where none is named [DIR]' })
      .option('evidence', { ...text, describe: 'A capture file with the packets of the alert [FILE]' })
      .option('internal-network', { ...text, describe: 'A network of our own, repeatable; as it was when the alert was raised [CIDR]' })
      .option('rules', { ...text, describe: 'A file or folder with rules of your own, repeatable [PATH]' })
      .option('config', { ...text, describe: 'Configuration file in place of the one that is found [FILE]' })
      .option('json', { type: 'boolean', describe: 'As JSON' })
      .example(
        '$0 explain 3f2a9c0d11e84b57 --alerts alerts.jsonl --evidence-dir evidence',
        'inputs, thresholds, flows, and what would have silenced it',
      )
      .example('$0 explain 3f2a --alerts alerts.jsonl --evidence trace.pcap', 'from any capture that has its packets'),
  run: async (context: CommandContext): Promise<number> => (await import('../explain/run.ts')).runExplain(context),
} as const;
