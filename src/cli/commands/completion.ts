/** `weir completion SHELL`: a completion script for a shell. */
import type { Argv } from 'yargs';
import { SensorError } from '../../errors.ts';
import type { CommandContext } from '../command.ts';
import { type CommandWords, completionScript, type FlagWords, SHELLS, type Shell, sensorFlags } from '../completion.ts';
import { checkNoArguments, checkUnknown } from '../flag-layer.ts';

const JSON_FLAG: FlagWords[] = [{ long: 'json', short: null, help: 'As JSON', value: null }];
const CONFIG_FLAG: FlagWords = { long: 'config', short: null, help: 'Configuration file', value: 'file' };
const TOKEN_FLAGS: FlagWords[] = [
  { long: 'role', short: null, help: 'viewer or admin', value: 'text' },
  { long: 'name', short: null, help: 'Whose it is', value: 'text' },
];
const ASK: FlagWords[] = [
  { long: 'watch', short: null, help: 'Ask again every 2 seconds', value: null },
  { long: 'url', short: null, help: 'The sensor to ask', value: 'text' },
];
const LIMIT: FlagWords = { long: 'limit', short: null, help: 'At most this many', value: 'text' };
/** Of the commands that ask a running sensor, by name. */
const ASK_FLAGS: Record<string, FlagWords[]> = {
  stats: ASK,
  flows: [...ASK, LIMIT, { long: 'ended', short: null, help: 'Those that have ended', value: null }],
  devices: [...ASK, LIMIT],
  alerts: [...ASK, LIMIT],
};

/** What the commands take, for the script. */
export function commandWords(catalogue: CommandContext['catalogue'], ruleWords: readonly string[]): CommandWords[] {
  return catalogue.map(({ name, summary }): CommandWords => {
    if (name === 'replay' || name === 'capture' || name === 'serve')
      return { name, summary, flags: sensorFlags(name), argument: name === 'replay' ? 'files' : null };
    if (name === 'completion') return { name, summary, flags: [], argument: SHELLS };
    if (name === 'rules') return { name, summary, flags: [...JSON_FLAG, CONFIG_FLAG], argument: ruleWords };
    if (name === 'token') return { name, summary, flags: TOKEN_FLAGS, argument: null };
    if (name in ASK_FLAGS) return { name, summary, flags: [...JSON_FLAG, ...ASK_FLAGS[name]], argument: null };
    return { name, summary, flags: JSON_FLAG, argument: null };
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
