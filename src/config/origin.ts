/** Where values came from, and the values of one run with that. */

import type { RuleTables } from './rule-tables.ts';
import type { SettingValue } from './setting.ts';
import type { SettingKey, SettingValues } from './settings.ts';

export type Origin =
  | { kind: 'default' }
  | { kind: 'file'; path: string; line: number | null; key: string }
  | { kind: 'env'; name: string }
  /** As typed: `--snaplen`, `-s`; or `argument` for positional ones. */
  | { kind: 'flag'; name: string };

/** Higher wins. */
export const PRECEDENCE: Record<Origin['kind'], number> = { default: 0, file: 1, env: 2, flag: 3 };

export interface Given {
  value: SettingValue;
  origin: Origin;
}

/** What one layer (flags, environment, file) says. */
export type Layer = Map<SettingKey, Given>;

export interface Resolved {
  values: SettingValues;
  origins: Record<SettingKey, Origin>;
  /** What the file says of rules and alerts. */
  tables: RuleTables;
  /** The configuration file that was read, or null. */
  configPath: string | null;
}

/** For messages and for --print-config. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'file':
      return origin.line === null ? origin.path : `${origin.path}:${origin.line}`;
    case 'env':
      return `environment ${origin.name}`;
    case 'flag':
      return origin.name === 'argument' ? 'argument' : `flag ${origin.name}`;
  }
}

/** The name under which a person set a value, to name it in a message about it. */
export function nameOf(key: string, flag: string | undefined, origin: Origin): string {
  if (origin.kind === 'flag') return origin.name;
  if (origin.kind === 'env') return origin.name;
  if (origin.kind === 'file') return `${origin.key} (${describeOrigin(origin)})`;
  return flag === undefined ? key : `--${flag}`;
}
