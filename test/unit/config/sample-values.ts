/** For any row of the settings table: values that are acceptable, differ from the default and from each other. */
import type { Setting, SettingValue } from '../../../src/config/setting.ts';

/** For settings that take certain texts only. */
const CHECKED: Record<string, string[]> = { 'replay.speed': ['realtime', '2x', '5pps'], 'app.dpi': ['off', 'builtin', 'ndpi'] };

/** Three distinct texts with the values that they stand for. */
export function samples(setting: Setting): { text: string; value: SettingValue }[] {
  switch (setting.type) {
    case 'switch':
      return [true, false].map((value) => ({ text: String(value), value }));
    case 'integer':
    case 'number':
    case 'count': {
      const min = 'min' in setting ? setting.min : 0;
      const values = [min, min + 1, min + 2, min + 3].filter((value) => value <= setting.max && value !== setting.default);
      return values.slice(0, 3).map((value) => ({ text: String(value), value }));
    }
    case 'list':
      return ['one', 'two', 'three'].map((text) => ({ text, value: [text] }));
    case 'path':
      return ['a.out', 'b.out', 'c.out'].map((text) => ({ text, value: text }));
    case 'text':
      return (CHECKED[setting.key] ?? ['tcp', 'udp', 'port 53']).map((text) => ({ text, value: text }));
  }
}

/** A TOML document that gives one key this value. */
export function tomlOf(key: string, value: SettingValue): string {
  const dot = key.lastIndexOf('.');
  return `[${key.slice(0, dot)}]\n${key.slice(dot + 1)} = ${JSON.stringify(value)}\n`;
}
