/** `weir completion SHELL`: a completion script for a shell. */
import type { Argv } from 'yargs';
import { SensorError } from '../../errors.ts';
import type { CommandContext } from '../command.ts';
import { type CommandWords, completionScript, type FlagWords, SHELLS, type Shell, sensorFlags } from '../completion.ts';
import { checkNoArguments, checkUnknown } from '../flag-layer.ts';
import { WATCH_FLAGS } from './doctor.ts';

const flag = (long: string, help: string, value: FlagWords['value'] = null, short: string | null = null): FlagWords => ({
  long,
  short,
  help,
  value,
});

const JSON_FLAG = flag('json', 'As JSON');
const CONFIG_FLAG = flag('config', 'Configuration file', 'file');
const DATA_DIR_FLAG = flag('data-dir', 'The folder of weir serve', 'file');
const ASK_FLAGS = [JSON_FLAG, flag('watch', 'Ask again every 2 seconds'), flag('url', 'The sensor to ask', 'text')];
const LIST_FLAGS = [...ASK_FLAGS, flag('limit', 'At most this many', 'text')];

/** Of the commands that run no sensor, by name; those that are not here have `--json` alone. */
const OWN_FLAGS: Record<string, FlagWords[]> = {
  stats: ASK_FLAGS,
  flows: [...LIST_FLAGS, flag('ended', 'Those that have ended')],
  devices: LIST_FLAGS,
  alerts: LIST_FLAGS,
  token: [flag('role', 'viewer or admin', 'text'), flag('name', 'Whose it is', 'text')],
  backup: [DATA_DIR_FLAG, CONFIG_FLAG, flag('force', 'Over a file that is there')],
  prune: [
    DATA_DIR_FLAG,
    CONFIG_FLAG,
    flag('retention-days', 'Older records go', 'text'),
    flag('retention-mb', 'The oldest records go while the file is larger', 'text'),
  ],
  rules: [JSON_FLAG, CONFIG_FLAG],
  explain: [
    JSON_FLAG,
    CONFIG_FLAG,
    flag('alerts', 'File of alerts', 'file'),
    flag('evidence-dir', 'Folder of the captures that alerts keep', 'file'),
    flag('evidence', 'A capture file with the packets of the alert', 'file'),
    flag('internal-network', 'A network of our own', 'text'),
    flag('rules', 'A file or folder with rules of your own', 'file'),
  ],
  doctor: [
    JSON_FLAG,
    CONFIG_FLAG,
    flag('interface', 'Interface', 'interface', 'i'),
    flag('watch', 'Capture for a while, and say which stage loses packets'),
    flag('seconds', 'How long', 'text'),
    ...WATCH_FLAGS.map((name) => flag(name, 'As of weir capture', 'text', name === 'filter' ? 'f' : null)),
  ],
  completion: [],
};

/** What the commands take, for the script. */
export function commandWords(catalogue: CommandContext['catalogue'], ruleWords: readonly string[]): CommandWords[] {
  const words: Record<string, CommandWords['argument']> = { replay: 'files', backup: 'files', completion: SHELLS, rules: ruleWords };
  return catalogue.map(({ name, summary }): CommandWords => {
    const flags = name === 'replay' || name === 'capture' || name === 'serve' ? sensorFlags(name) : (OWN_FLAGS[name] ?? [JSON_FLAG]);
    return { name, summary, flags, argument: words[name] ?? null };
  });
}

const isShell = (text: unknown): text is Shell => SHELLS.some((shell) => shell === text);

export const completion = {
  name: 'completion',
  usage: 'completion [shell]',
  summary: 'Print a completion script for bash, zsh or fish',
  build: (yargs: Argv): Argv =>
    yargs
      .positional('shell', { type: 'string', describe: 'bash, zsh or fish; without it the one of $SHELL' })
      .example('source <($0 completion bash)', 'completion in this shell')
      .example('$0 completion zsh > ~/.zfunc/_weir', 'kept for zsh')
      .example('$0 completion fish | source', 'completion in this shell'),
  run: async ({ parsed, io, catalogue }: CommandContext): Promise<number> => {
    checkNoArguments(parsed, 'completion');
    checkUnknown(parsed, new Set(['shell', 'help', 'h', 'version', 'V']), 'completion', []);
    const shell = parsed.shell ?? io.environment.SHELL?.split('/').pop();
    if (!isShell(shell)) {
      const problem = shell === undefined ? 'no shell named' : `no completion for ${JSON.stringify(shell)}`;
      throw new SensorError('USAGE', problem, { hint: `weir completion ${SHELLS.join('|')}` });
    }
    const { RULE_WORDS } = await import('../rules-run.ts');
    io.stdout.write(completionScript(shell, commandWords(catalogue, RULE_WORDS)));
    return 0;
  },
} as const;
