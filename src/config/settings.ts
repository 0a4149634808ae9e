/** Every setting of Weir: the one table behind flags, environment, configuration file, help, completion and manual. */
import { APP_SETTINGS } from './groups/app.ts';
import { CAPTURE_SETTINGS } from './groups/capture.ts';
import { DETECT_SETTINGS } from './groups/detect.ts';
import { DIVERT_SETTINGS } from './groups/divert.ts';
import { LOG_SETTINGS } from './groups/log.ts';
import { OUTPUT_SETTINGS } from './groups/output.ts';
import { SCREEN_SETTINGS } from './groups/screen.ts';
import { SERVE_SETTINGS } from './groups/serve.ts';
import { TRACKING_SETTINGS } from './groups/tracking.ts';
import type { CommandName, Setting, ValueOf } from './setting.ts';

const TABLE = [
  ...CAPTURE_SETTINGS,
  ...DIVERT_SETTINGS,
  ...SERVE_SETTINGS,
  ...TRACKING_SETTINGS,
  ...APP_SETTINGS,
  ...DETECT_SETTINGS,
  ...SCREEN_SETTINGS,
  ...OUTPUT_SETTINGS,
  ...LOG_SETTINGS,
] as const;

type Row = (typeof TABLE)[number];

export type SettingKey = Row['key'];

/** Values by key, each with the type that its row gives it. */
export type SettingValues = { -readonly [R in Row as R['key']]: ValueOf<R> };

export const SETTINGS: readonly (Setting & { key: SettingKey })[] = TABLE;

const byKey = new Map<string, Setting & { key: SettingKey }>();
for (const setting of SETTINGS) {
  byKey.set(setting.key, setting);
  for (const alias of setting.keyAliases ?? []) byKey.set(alias, setting);
}

/** The setting of a key of the configuration file, or of a key that predecessors used. */
export function settingOfKey(key: string): (Setting & { key: SettingKey }) | undefined {
  return byKey.get(key);
}

/** Keys that a configuration file may hold, predecessors' included. */
export function knownKeys(): string[] {
  return [...byKey.keys()];
}

export function settingsOf(command: CommandName): (Setting & { key: SettingKey })[] {
  return SETTINGS.filter((setting) => setting.commands.includes(command));
}

/** All long flags of a setting, the negative forms of a switch included; without dashes. */
export function flagsOf(setting: Setting): string[] {
  if (setting.flag === undefined) return [];
  const names = [setting.flag, ...(setting.flagAliases ?? [])];
  return setting.type === 'switch' ? [...names, ...names.map((name) => `no-${name}`)] : names;
}

/** Values of settings whose names end like this are never printed or logged. */
export function isSecret(key: string): boolean {
  return /(?:password|token|secret)$/i.test(key);
}
