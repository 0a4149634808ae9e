/** Completion scripts for shells, made from the same table as the flags. */
import type { CommandName, Setting } from '../config/setting.ts';
import { flagsOf, settingsOf } from '../config/settings.ts';
import { RUN_FLAGS } from './yargs-options.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export interface CommandWords {
  name: string;
  summary: string;
  flags: FlagWords[];
  /** What plain arguments are: files, one of some words, or nothing. */
  argument: 'files' | readonly string[] | null;
}

export interface FlagWords {
  long: string;
  short: string | null;
  help: string;
  /** What its value is; null for a switch. */
  value: 'file' | 'interface' | 'text' | null;
}

function valueKind(setting: Setting): FlagWords['value'] {
  if (setting.type === 'switch' || setting.type === 'count') return null;
  if (setting.type === 'path') return 'file';
  return setting.key === 'capture.interfaces' ? 'interface' : 'text';
}

/** The flags of a command that runs a sensor. */
export function sensorFlags(command: CommandName): FlagWords[] {
  const settings = settingsOf(command).flatMap((setting) =>
    flagsOf(setting).map(
      (long, index): FlagWords => ({
        long,
        short: index === 0 ? (setting.short ?? null) : null,
        help: setting.help,
        value: valueKind(setting),
      }),
    ),
  );
  const own = Object.entries(RUN_FLAGS).map(
    ([long, flag]): FlagWords => ({ long, short: null, help: flag.describe, value: long === 'config' ? 'file' : null }),
  );
  return [...settings, ...own];
}

export const COMMON_FLAGS: FlagWords[] = [
  { long: 'help', short: 'h', help: 'Show the options of a command', value: null },
  { long: 'version', short: 'V', help: 'Show the version', value: null },
];

/** Inside single quotes of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const INTERFACES = 'ls /sys/class/net 2>/dev/null';

function bash(commands: readonly CommandWords[]): string {
  const cases = commands.map(({ name, flags, argument }) => {
    const words = [...flags, ...COMMON_FLAGS].flatMap((flag) => [`--${flag.long}`, ...(flag.short === null ? [] : [`-${flag.short}`])]);
    const plain =
      argument === 'files'
        ? 'COMPREPLY=($(compgen -f -- "$cur"))'
        : `COMPREPLY=($(compgen -W ${quoted((argument ?? []).join(' '))} -- "$cur"))`;
    return `    ${name})\n      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$cur")); else ${plain}; fi ;;`;
  });
  const valued = (kind: FlagWords['value']): string => {
    const flags = commands.flatMap((command) => command.flags).filter((flag) => flag.value === kind);
    return [...new Set(flags.flatMap((flag) => [`--${flag.long}`, ...(flag.short === null ? [] : [`-${flag.short}`])]))].join('|');
  };
  return `# bash completion of weir; load it with: source <(weir completion bash)
_weir() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=($(compgen -W ${quoted([...commands.map((command) => command.name), '--help', '--version', '--list'].join(' '))} -- "$cur"))
    return
  fi
  case $prev in
    ${valued('file')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    ${valued('interface')}) COMPREPLY=($(compgen -W "$(${INTERFACES})" -- "$cur")); return ;;
    ${valued('text')}) return ;;
  esac
  case $command in
${cases.join('\n')}
  esac
}
complete -o filenames -F _weir weir
`;
}

/** A description inside a zsh argument specification. */
const zshText = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&');

function zshFlag(flag: FlagWords): string[] {
  const action = { file: ':file:_files', interface: `:interface:($(${INTERFACES}))`, text: ':value: ', none: '' }[flag.value ?? 'none'];
  const names = [`--${flag.long}`, ...(flag.short === null ? [] : [`-${flag.short}`])];
  return names.map((name) => quoted(`*${name}[${zshText(flag.help)}]${action}`));
}

function zsh(commands: readonly CommandWords[]): string {
  const cases = commands.map(({ name, flags, argument }) => {
    const plain = argument === 'files' ? quoted('*:file:_files') : argument === null ? '' : quoted(`1:word:(${argument.join(' ')})`);
    const specs = [...[...flags, ...COMMON_FLAGS].flatMap(zshFlag), plain].filter((spec) => spec !== '');
    return `    ${name}) _arguments \\\n      ${specs.join(' \\\n      ')} ;;`;
  });
  const names = commands.map(({ name, summary }) => quoted(`${name}:${zshText(summary)}`));
  return `#compdef weir
# zsh completion of weir; put it into a folder of $fpath as _weir
_weir() {
  if (( CURRENT == 2 )); then
    local -a commands=(${names.join(' ')})
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _weir ]]; then _weir "$@"; else compdef _weir weir; fi
`;
}

function fish(commands: readonly CommandWords[]): string {
  const names = commands.map((command) => command.name).join(' ');
  const lines = commands.flatMap(({ name, summary, flags, argument }) => {
    const when = quoted(`__fish_seen_subcommand_from ${name}`);
    const own = [...flags, ...COMMON_FLAGS].map((flag) => {
      const value = { file: ' -r -F', interface: ` -x -a '(${INTERFACES})'`, text: ' -x', none: '' }[flag.value ?? 'none'];
      return `complete -c weir -n ${when} -l ${flag.long}${flag.short === null ? '' : ` -s ${flag.short}`}${value} -d ${quoted(flag.help)}`;
    });
    const plain =
      argument === 'files'
        ? [`complete -c weir -n ${when} -F`]
        : argument === null
          ? []
          : [`complete -c weir -n ${when} -a ${quoted(argument.join(' '))}`];
    return [`complete -c weir -n ${quoted(`not __fish_seen_subcommand_from ${names}`)} -a ${name} -d ${quoted(summary)}`, ...own, ...plain];
  });
  return `# fish completion of weir; load it with: weir completion fish | source\ncomplete -c weir -f\n${lines.join('\n')}\n`;
}

/** The completion script for a shell. */
export function completionScript(shell: Shell, commands: readonly CommandWords[]): string {
  return { bash, zsh, fish }[shell](commands);
}
