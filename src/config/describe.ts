/** The words of a setting for people: help text, manual. */
import type { Setting } from './setting.ts';

const PLACEHOLDERS: Readonly<Record<string, string>> = { s: 'SECS', ms: 'MS', bytes: 'BYTES' };

/** What stands behind a flag: `NAME`, `N`, `FILE`; nothing for a switch. */
export function placeholderOf(setting: Setting): string {
  switch (setting.type) {
    case 'switch':
    case 'count':
      return '';
    case 'path':
      return setting.placeholder ?? 'FILE';
    case 'integer':
    case 'number':
      return PLACEHOLDERS[setting.unit] ?? 'N';
    default:
      return setting.placeholder;
  }
}

/** The default as people read it; '' when the help text says it. */
export function defaultOf(setting: Setting): string {
  if (setting.default === null || setting.type === 'count') return '';
  if (setting.type === 'switch') return setting.default ? 'on' : 'off';
  if (setting.type === 'list') return setting.default.join(', ');
  return String(setting.default);
}

/** Help text with what the value is, and its default where there is one to tell: `… [N, default 100]`. */
export function describeSetting(setting: Setting): string {
  const value = setting.type === 'switch' ? '' : defaultOf(setting);
  const parts = [placeholderOf(setting), value === '' ? '' : `default ${value}`].filter((part) => part !== '');
  return parts.length === 0 ? setting.help : `${setting.help} [${parts.join(', ')}]`;
}
