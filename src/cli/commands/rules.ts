/** `weir rules`: what is looked for, with which thresholds, and where each of them comes from. */
import type { Argv } from 'yargs';
import type { CommandContext } from '../command.ts';

export const rules = {
  name: 'rules',
  usage: 'rules [word]',
  summary: 'List the rules of detection with their settings, or check a configuration of them',
  build: (yargs: Argv): Argv =>
    yargs
      .positional('word', { type: 'string', describe: 'A rule, to tell everything about it; or check, to validate a configuration' })
      .option('json', { type: 'boolean', describe: 'As JSON' })
      .option('rules', { requiresArg: true, nargs: 1, describe: 'A file or folder with rules of your own, repeatable [PATH]' })
      .option('config', { requiresArg: true, nargs: 1, describe: 'Configuration file in place of the one that is found [FILE]' })
      .example('$0 rules', 'rule, severity, thresholds, cooldown, and where each comes from')
      .example('$0 rules port_scan', 'what one rule finds, and how')
      .example('$0 rules check --config weir.toml', 'everything that is wrong with rules, networks, lists and rule files, and exit code 2'),
  run: async (context: CommandContext): Promise<number> => (await import('../rules-run.ts')).runRules(context),
} as const;
