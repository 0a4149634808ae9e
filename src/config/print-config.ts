/** `--print-config`: the settings in force as a configuration file that gives the same ones, each with its origin. */
import { describeOrigin, type Resolved } from './origin.ts';
import { printTables } from './rule-tables.ts';
import type { Setting, SettingValue } from './setting.ts';
import { isSecret, SETTINGS } from './settings.ts';
import { tomlString } from './toml-text.ts';

function tomlValue(setting: Setting, value: Exclude<SettingValue, null>): string {
  if (isSecret(setting.key)) return '"***"';
  if (typeof value === 'object') return `[${value.map(tomlString).join(', ')}]`;
  return typeof value === 'string' ? tomlString(value) : String(value);
}

/** Text of a file; paths that are off are `""`, numbers that are chosen elsewhere stay commented. */
export function printConfig(resolved: Resolved, title: string): string {
  const sections = new Map<string, string[]>();
  for (const setting of SETTINGS) {
    const [section, name] = setting.key.split('.') as [string, string];
    const value = resolved.values[setting.key];
    const origin = `# ${describeOrigin(resolved.origins[setting.key])}`;
    const lines = sections.get(section) ?? [];
    if (value === null && setting.type !== 'path') lines.push(`# ${name} is not set  ${origin}`);
    else lines.push(`${name} = ${value === null ? '""' : tomlValue(setting, value)}  ${origin}`);
    sections.set(section, lines);
  }
  const body = [...sections].map(([section, lines]) => `[${section}]\n${lines.join('\n')}\n`).join('\n');
  const source = resolved.configPath === null ? 'no configuration file' : `configuration file ${JSON.stringify(resolved.configPath)}`;
  return `# ${title}; ${source}\n\n${body}${printTables(resolved.tables)}`;
}
