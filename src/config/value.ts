/** Values of settings: from text (flags, environment) and from TOML, with the same checks and the same messages. */

import type { Setting, SettingValue } from './setting.ts';
import { isSecret } from './settings.ts';

/** A value, or what is wrong with it, to be put behind the name of where it came from. */
export type Checked = { ok: true; value: SettingValue } | { ok: false; problem: string };

const TRUE = new Set(['true', '1', 'yes', 'on']);
const FALSE = new Set(['false', '0', 'no', 'off']);

const good = (value: SettingValue): Checked => ({ ok: true, value });
const bad = (problem: string): Checked => ({ ok: false, problem });

/** A value as text for messages: quoted, control characters escaped, cut, secrets masked. */
export function shown(setting: Setting, value: unknown): string {
  if (isSecret(setting.key)) return '"***"';
  const text = JSON.stringify(typeof value === 'bigint' ? value.toString() : value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…"` : text;
}

function checkNumber(setting: Setting & { min?: number; max: number }, value: number, whole: boolean): Checked {
  const min = setting.min ?? 0;
  if (!Number.isFinite(value)) return bad('is not a number');
  if (whole && !Number.isInteger(value)) return bad(`is ${value}, but must be a whole number`);
  if (value < min || value > setting.max) return bad(`is ${value}, but must be between ${min} and ${setting.max}`);
  return good(value);
}

function checkText(setting: Setting, value: string): Checked {
  if (value.includes('\0')) return bad('holds a NUL character');
  if (setting.type === 'path') return checkPath(setting.stdout, value);
  const problem = setting.type === 'text' ? (setting.check?.(value) ?? null) : null;
  return problem === null ? good(value) : bad(`${shown(setting, value)} ${problem}`);
}

/** The empty path disables. */
function checkPath(stdout: boolean, value: string): Checked {
  if (value === '-' && !stdout) return bad('cannot be standard output');
  if (value.endsWith('/')) return bad(`is ${JSON.stringify(value)}, which is a directory`);
  return good(value === '' ? null : value);
}

function numberFromText(setting: Setting & { max: number }, text: string): Checked {
  const digits = text.trim().replaceAll('_', '');
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(digits)) return bad(`is ${shown(setting, text)}, which is not a number`);
  return checkNumber(setting, Number(digits), setting.type !== 'number');
}

/** Items of a list, blanks around them removed and empty ones left out. */
export function listFromText(setting: Setting, text: string): string[] {
  const items = setting.type === 'list' && setting.whole ? [text] : text.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '');
}

/** A value that was given as text. */
export function fromText(setting: Setting, text: string): Checked {
  switch (setting.type) {
    case 'switch': {
      const word = text.trim().toLowerCase();
      if (TRUE.has(word)) return good(true);
      return FALSE.has(word) ? good(false) : bad(`is ${shown(setting, text)}, but must be true or false`);
    }
    case 'integer':
    case 'number':
    case 'count':
      return numberFromText(setting, text);
    case 'list':
      return good(listFromText(setting, text));
    default:
      return checkText(setting, text);
  }
}

const TOML_TYPE: Record<Setting['type'], string> = {
  switch: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  count: 'a whole number',
  list: 'a list of strings',
  text: 'a string',
  path: 'a string',
};

/** A value from a configuration file. One string stands for a list of one. */
export function fromToml(setting: Setting, value: unknown): Checked {
  const wrong = bad(`is ${shown(setting, value)}, but must be ${TOML_TYPE[setting.type]}`);
  switch (setting.type) {
    case 'switch':
      return typeof value === 'boolean' ? good(value) : wrong;
    case 'integer':
    case 'number':
    case 'count':
      return typeof value === 'number' ? checkNumber(setting, value, setting.type !== 'number') : wrong;
    case 'list': {
      const items = typeof value === 'string' ? [value] : value;
      if (!Array.isArray(items) || !items.every((item) => typeof item === 'string')) return wrong;
      return good(items.filter((item) => item !== ''));
    }
    default:
      return typeof value === 'string' ? checkText(setting, value) : wrong;
  }
}
