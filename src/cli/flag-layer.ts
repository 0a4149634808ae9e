/** From what yargs parsed to the layer of flags, with the checks that need the whole command line. */
import { nearest } from '../config/nearest.ts';
import type { Given, Layer } from '../config/origin.ts';
import type { CommandName, Setting } from '../config/setting.ts';
import { flagsOf, SETTINGS, settingsOf } from '../config/settings.ts';
import { fromText, listFromText } from '../config/value.ts';
import { SensorError } from '../errors.ts';
import { longFlags } from './yargs-options.ts';

export type ParsedArgs = Record<string, unknown>;

function usage(message: string, hint?: string): SensorError {
  return new SensorError('USAGE', message, hint === undefined ? {} : { hint });
}

/** Throws USAGE for flags that the command does not have, with the nearest that it has. */
export function checkUnknown(parsed: ParsedArgs, known: ReadonlySet<string>, command: string, suggestions: readonly string[]): void {
  for (const name of Object.keys(parsed)) {
    if (name === '_' || name === '$0' || name === '--' || known.has(name)) continue;
    const typed = name.length === 1 ? `-${name}` : `--${name}`;
    const owner = SETTINGS.find((setting) => setting.short === name || flagsOf(setting).includes(name));
    if (owner !== undefined)
      throw usage(`${typed} is no option of weir ${command}`, `it belongs to weir ${owner.commands.join(' and weir ')}`);
    const found = nearest(name, suggestions)[0];
    throw usage(`unknown option ${typed}`, found === undefined ? `weir ${command} --help lists all options` : `did you mean --${found}?`);
  }
}

/** Throws USAGE for arguments behind the command's name where it takes none. */
export function checkNoArguments(parsed: ParsedArgs, command: string): void {
  const words = Array.isArray(parsed._) ? parsed._.slice(1).map(String) : [];
  if (words.length === 0) return;
  const hint = command === 'capture' ? `an interface is named with --interface; a file is read by weir replay` : undefined;
  throw usage(`weir ${command} takes no argument, but ${JSON.stringify(words[0])} is given`, hint);
}

/** The name as typed: `-s` when the short form is on the command line and the long one is not. */
function typedName(setting: Setting, args: readonly string[], names: readonly string[]): string {
  const long = names.find((name) => args.some((argument) => argument === `--${name}` || argument.startsWith(`--${name}=`)));
  return long === undefined && setting.short !== undefined ? `-${setting.short}` : `--${long ?? names[0]}`;
}

function switchValue(setting: Setting & { type: 'switch' }, parsed: ParsedArgs): { value: boolean; negative: boolean } | undefined {
  const last = (value: unknown): unknown => (Array.isArray(value) ? value[value.length - 1] : value);
  const yes = last(parsed[setting.flag]);
  const no = last(parsed[`no-${setting.flag}`]);
  if (yes !== undefined && no !== undefined)
    throw usage(`--${setting.flag} and --no-${setting.flag} contradict each other`, 'give one of them');
  if (typeof yes === 'boolean') return { value: yes, negative: false };
  return typeof no === 'boolean' ? { value: !no, negative: true } : undefined;
}

function valueOfFlag(setting: Setting, given: unknown, name: string): Given['value'] {
  const texts = (Array.isArray(given) ? given : [given]).map(String);
  if (setting.type === 'list') return texts.flatMap((text) => listFromText(setting, text));
  if (texts.length > 1) throw usage(`${name} is given ${texts.length} times`, 'give it once');
  const checked = fromText(setting, texts[0]);
  if (!checked.ok) throw usage(`${name} ${checked.problem}`);
  return checked.value;
}

/** The settings that the command line gives. `args` are the raw arguments, to name flags as they were typed. */
export function flagLayer(command: CommandName, parsed: ParsedArgs, args: readonly string[], files: readonly string[]): Layer {
  const layer: Layer = new Map();
  for (const setting of settingsOf(command)) {
    if (setting.flag === undefined) {
      if (setting.key === 'replay.files' && files.length > 0)
        layer.set(setting.key, { value: [...files], origin: { kind: 'flag', name: 'argument' } });
      continue;
    }
    if (setting.type === 'switch') {
      const found = switchValue(setting, parsed);
      if (found === undefined) continue;
      const names = flagsOf(setting).filter((name) => name.startsWith('no-') === found.negative);
      layer.set(setting.key, { value: found.value, origin: { kind: 'flag', name: typedName(setting, args, names) } });
      continue;
    }
    const given = parsed[setting.flag];
    if (given === undefined || (setting.type === 'count' && given === 0)) continue;
    const name = typedName(setting, args, flagsOf(setting));
    const value = setting.type === 'count' ? Math.min(Number(given), setting.max) : valueOfFlag(setting, given, name);
    layer.set(setting.key, { value, origin: { kind: 'flag', name } });
  }
  return layer;
}

/** `--config`, at most once. */
export function configFlag(parsed: ParsedArgs): string | undefined {
  if (Array.isArray(parsed.config)) throw usage('--config is given twice', 'give it once');
  return typeof parsed.config === 'string' ? parsed.config : undefined;
}

/** Names that yargs may hold for a command: long and short flags. */
export function knownNames(command: CommandName): Set<string> {
  const shorts = settingsOf(command).flatMap((setting) => (setting.short === undefined ? [] : [setting.short]));
  return new Set([...longFlags(command), ...shorts, 'h', 'V']);
}
