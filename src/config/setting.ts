/**
 * What a setting is: one row from which the flag, the environment variable, the key of the configuration file,
 * the help text, the completion and the manual's table are all made.
 */

/** Commands that run a sensor; each setting names those that it applies to. */
export type CommandName = 'capture' | 'replay' | 'serve';

export const BOTH: readonly CommandName[] = ['capture', 'replay'];
export const EVERY: readonly CommandName[] = ['capture', 'replay', 'serve'];

/** Headings of the help text, in the order in which they are shown. */
export const SECTIONS = ['Capture', 'Inline', 'Replay', 'Service', 'Tracking', 'Detection', 'Screen', 'Files', 'Running'] as const;

export interface SettingBase {
  /** Dotted key of the configuration file: `section.name`. */
  key: `${string}.${string}`;
  /** Keys that the same value had in predecessors' files. */
  keyAliases?: readonly string[];
  /** Long flag without dashes; settings that are given as arguments have none. */
  flag?: string;
  flagAliases?: readonly string[];
  /** One letter. */
  short?: string;
  env: `WEIR_${string}`;
  envAliases?: readonly string[];
  commands: readonly CommandName[];
  section: (typeof SECTIONS)[number];
  help: string;
}

/** `--x` and `--no-x`. `default: null` = depends on the command; `help` says how. */
export interface SwitchSetting extends SettingBase {
  type: 'switch';
  flag: string;
  default: boolean | null;
  /** What `--no-x` does, for switches that are on by themselves. */
  helpOff?: string;
}

/** `min` and `max` are inclusive. `default: null` = chosen elsewhere; `help` says how. */
export interface NumberSetting extends SettingBase {
  type: 'integer' | 'number';
  default: number | null;
  min: number;
  max: number;
  unit: string;
}

export interface TextSetting extends SettingBase {
  type: 'text';
  default: string;
  placeholder: string;
  /** What is wrong with the value, or null. */
  check?: (value: string) => string | null;
}

/** A file or folder to write; `-` is standard output, the empty string disables. */
export interface PathSetting extends SettingBase {
  type: 'path';
  default: null;
  /** FILE when absent. */
  placeholder?: string;
  /** Whether `-` means standard output. */
  stdout: boolean;
}

/** Repeatable, and comma-separated in the environment and in each flag. */
export interface ListSetting extends SettingBase {
  type: 'list';
  default: readonly string[];
  placeholder: string;
  /** Items may hold commas, so flags and the environment are not split at them. */
  whole?: true;
}

/** A flag whose repetitions count; a number everywhere else. */
export interface CountSetting extends SettingBase {
  type: 'count';
  default: number;
  max: number;
}

export type Setting = SwitchSetting | NumberSetting | TextSetting | PathSetting | ListSetting | CountSetting;

/** What a value of any setting can be. */
export type SettingValue = boolean | number | string | readonly string[] | null;

type Base<S extends Setting> = S extends SwitchSetting
  ? boolean
  : S extends NumberSetting | CountSetting
    ? number
    : S extends ListSetting
      ? readonly string[]
      : string;

/** The type of a setting's value; null only where the default is null. */
export type ValueOf<S extends Setting> = S['default'] extends null ? Base<S> | null : Base<S>;
