/** `weir completion SHELL`: a completion script for a shell. */
import type { Argv } from 'yargs';
import { SensorError } from '../../errors.ts';
import type { CommandContext } from '../command.ts';
import { type CommandWords, completionScript, type FlagWords, SHELLS, type Shell, sensorFlags } from '../completion.ts';
import { checkNoArguments, checkUnknown } from '../flag-layer.ts';
import { WATCH_FLAGS } from './doctor.ts';

const JSON_FLAG: FlagWords[] = [{ long: 'json', short: null, help: 'As JSON', value: null }];
const valued = (long: string, help: string, value: FlagWords['value'], short: string | null = null): FlagWords => ({
  long,
  short,
  help,
  value,
});
const CONFIG_FLAG: FlagWords = { long: 'config', short: null, help: 'Configuration file', value: 'file' };

const EXPLAIN_FLAGS = [
  valued('alerts', 'File of alerts', 'file'),
  valued('evidence-dir', 'Folder of the captures that alerts keep', 'file'),
  valued('evidence', 'A capture file with the packets of the alert', 'file'),
  valued('internal-network', 'A network of our own', 'text'),
  valued('rules', 'A file or folder with rules of your own', 'file'),
];
const DOCTOR_FLAGS = [
  valued('interface', 'Interface', 'interface', 'i'),
  valued('watch', 'Capture for a while, and say which stage loses packets', null),
  valued('seconds', 'How long', 'text'),
  ...WATCH_FLAGS.map((flag) => valued(flag, 'As of weir capture', 'text', flag === 'filter' ? 'f' : null)),
];

/** What the commands take, for the script. */
export function commandWords(catalogue: CommandContext['catalogue'], ruleWords: readonly string[]): CommandWords[] {
  return catalogue.map(({ name, summary }): CommandWords => {
    if (name === 'replay' || name === 'capture')
      return { name, summary, flags: sensorFlags(name), argument: name === 'replay' ? 'files' : null };
    if (name === 'completion') return { name, summary, flags: [], argument: SHELLS };
    if (name === 'rules') return { name, summary, flags: [...JSON_FLAG, CONFIG_FLAG], argument: ruleWords };
    if (name === 'explain') return { name, summary, flags: [...JSON_FLAG, CONFIG_FLAG, ...EXPLAIN_FLAGS], argument: null };
    if (name === 'doctor') return { name, summary, flags: [...JSON_FLAG, CONFIG_FLAG, ...DOCTOR_FLAGS], argument: null };
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
