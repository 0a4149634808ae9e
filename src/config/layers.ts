/** The layers of configuration put together: flag > environment > file > default. */
import { resolve as resolvePath } from 'node:path';
import { CONFIG_VARIABLES, type Environment, readEnvironment } from './environment.ts';
import type { Layer, Origin, Resolved } from './origin.ts';
import { NO_TABLES, type RuleTables } from './rule-tables.ts';
import type { SettingValue } from './setting.ts';
import { SETTINGS, type SettingKey, type SettingValues } from './settings.ts';
import { findConfig, NO_FILE, readConfigFile, SEARCH_PATH } from './toml-file.ts';

export interface Layers {
  flags: Layer;
  environment: Layer;
  file: Layer;
  /** Of the file as well. */
  tables?: RuleTables;
}

/** Merges layers that have been read. */
export function mergeLayers(layers: Layers, configPath: string | null): Resolved {
  const values: Partial<Record<SettingKey, SettingValue>> = {};
  const origins: Partial<Record<SettingKey, Origin>> = {};
  for (const setting of SETTINGS) {
    const given = layers.flags.get(setting.key) ?? layers.environment.get(setting.key) ?? layers.file.get(setting.key);
    values[setting.key] = given === undefined ? setting.default : given.value;
    origins[setting.key] = given === undefined ? { kind: 'default' } : given.origin;
  }
  // Each value was checked against its own row, which is what SettingValues is derived from.
  return {
    values: values as SettingValues,
    origins: origins as Record<SettingKey, Origin>,
    tables: layers.tables ?? NO_TABLES,
    configPath,
  };
}

export interface ResolveInput {
  flags: Layer;
  /** `--config`; undefined = not given, '' = read no file. */
  configFlag: string | undefined;
  environment: Environment;
  /** Working directory. */
  directory: string;
  /** Find the line of each value of the file. */
  withLines?: boolean;
  searchPath?: readonly string[];
}

/** The configuration file of a run: flag, else environment, else search path. null = none. */
export function configPathOf(input: Pick<ResolveInput, 'configFlag' | 'environment' | 'directory' | 'searchPath'>): string | null {
  const named = input.configFlag ?? CONFIG_VARIABLES.map((name) => input.environment[name]).find((value) => value !== undefined);
  if (named === '') return null;
  return named === undefined ? findConfig(input.directory, input.searchPath ?? SEARCH_PATH) : resolvePath(input.directory, named);
}

/** Reads environment and file and merges them with the flags. Throws CONFIG. */
export function resolveSettings(input: ResolveInput): Resolved {
  const environment = readEnvironment(input.environment);
  const configPath = configPathOf(input);
  const file = configPath === null ? NO_FILE : readConfigFile(configPath, input.withLines ?? false);
  return mergeLayers({ flags: input.flags, environment, file: file.settings, tables: file.tables }, configPath);
}
