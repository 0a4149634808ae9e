/** Where the database of a service is, and what it may keep: from flags, environment and configuration. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { resolveSettings } from '../config/layers.ts';
import type { Origin } from '../config/origin.ts';
import { serviceOptions } from '../config/service-options.ts';
import type { SettingKey } from '../config/settings.ts';
import { SETTINGS } from '../config/settings.ts';
import { fromText } from '../config/value.ts';
import { SensorError } from '../errors.ts';
import { DATABASE_FILE } from '../store/database-file.ts';
import type { CommandContext } from './command.ts';
import { configFlag } from './flag-layer.ts';

const FLAGS = ['serve.data_dir', 'serve.retention_days', 'serve.retention_mb'] as const;

function settings({ parsed, io }: CommandContext): ReturnType<typeof serviceOptions> {
  const flags = new Map<SettingKey, { value: string | number; origin: Origin }>();
  for (const key of FLAGS) {
    const setting = SETTINGS.find((candidate) => candidate.key === key);
    const given = setting?.flag === undefined ? undefined : parsed[setting.flag];
    if (setting === undefined || typeof given !== 'string') continue;
    const checked = fromText(setting, given);
    if (!checked.ok) throw new SensorError('USAGE', `--${setting.flag} ${checked.problem}`);
    flags.set(key, { value: checked.value as string | number, origin: { kind: 'flag', name: `--${setting.flag}` } });
  }
  const input = { flags, configFlag: configFlag(parsed), environment: io.environment, directory: io.directory };
  return serviceOptions(resolveSettings(input).values);
}

/** @throws SensorError USAGE when no folder is named, or there is no database in it */
export function dataDirOf(context: CommandContext): string {
  const { dataDir } = settings(context);
  if (dataDir === null) throw new SensorError('USAGE', 'no data folder is named', { hint: 'give --data-dir, as weir serve has it' });
  const path = resolve(context.io.directory, dataDir);
  if (!existsSync(join(path, DATABASE_FILE))) {
    throw new SensorError('USAGE', `${dataDir}: there is no ${DATABASE_FILE}`, { hint: 'name the folder that weir serve writes into' });
  }
  return path;
}

export function retentionOf(context: CommandContext): { maxAgeSecs: number; maxBytes: number } {
  const { retentionDays, retentionMb } = settings(context);
  return { maxAgeSecs: retentionDays * 86_400, maxBytes: retentionMb * 1024 * 1024 };
}
