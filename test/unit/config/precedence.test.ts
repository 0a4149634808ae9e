import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../src/config/environment.ts';
import { mergeLayers } from '../../../src/config/layers.ts';
import type { Layer } from '../../../src/config/origin.ts';
import type { SettingValue } from '../../../src/config/setting.ts';
import { SETTINGS, type SettingKey } from '../../../src/config/settings.ts';
import { readConfigText } from '../../../src/config/toml-file.ts';
import { fromText } from '../../../src/config/value.ts';
import { samples, tomlOf } from './sample-values.ts';

function flag(key: SettingKey, value: SettingValue): Layer {
  return new Map([[key, { value, origin: { kind: 'flag', name: `--${key}` } }]]);
}

const none: Layer = new Map();

describe.each(SETTINGS.map((setting) => [setting.key, setting] as const))('%s', (key, setting) => {
  const [first, second, third = first] = samples(setting);

  it('is its default when nothing is given', () => {
    const resolved = mergeLayers({ flags: none, environment: readEnvironment({}), file: none }, null);
    expect(resolved.values[key]).toEqual(setting.default);
    expect(resolved.origins[key]).toEqual({ kind: 'default' });
  });

  it.each([key, ...(setting.keyAliases ?? [])])('is read from the file as %s', (name) => {
    const file = readConfigText('weir.toml', tomlOf(name, first.value)).settings;
    const resolved = mergeLayers({ flags: none, environment: none, file }, 'weir.toml');
    expect(resolved.values[key]).toEqual(first.value);
    expect(resolved.origins[key]).toMatchObject({ kind: 'file', path: 'weir.toml', key: name });
  });

  it.each([setting.env, ...(setting.envAliases ?? [])])('is read from %s, which wins over the file', (name) => {
    const file = readConfigText('weir.toml', tomlOf(key, first.value)).settings;
    const resolved = mergeLayers({ flags: none, environment: readEnvironment({ [name]: second.text }), file }, 'weir.toml');
    expect(resolved.values[key]).toEqual(second.value);
    expect(resolved.origins[key]).toEqual({ kind: 'env', name });
  });

  it('is taken from the flag above all', () => {
    const file = readConfigText('weir.toml', tomlOf(key, first.value)).settings;
    const environment = readEnvironment({ [setting.env]: second.text });
    const resolved = mergeLayers({ flags: flag(key, third.value), environment, file }, 'weir.toml');
    expect(resolved.values[key]).toEqual(third.value);
    expect(resolved.origins[key].kind).toBe('flag');
  });

  it.each(setting.envAliases ?? [])('takes its own variable before %s', (alias) => {
    const layer = readEnvironment({ [setting.env]: first.text, [alias]: second.text });
    expect(layer.get(key)?.value).toEqual(first.value);
  });

  it('refuses values out of its range, in text and in TOML alike', () => {
    if (setting.type !== 'integer' && setting.type !== 'number') return;
    for (const value of [setting.min - 1, -1, ...(setting.max < Number.MAX_SAFE_INTEGER ? [setting.max + 1] : [])]) {
      expect(fromText(setting, String(value)).ok, `${value}`).toBe(false);
      expect(() => readConfigText('weir.toml', tomlOf(key, value))).toThrow(/must be between/);
    }
    expect(fromText(setting, 'many').ok).toBe(false);
    if (setting.type === 'integer') expect(fromText(setting, String(setting.min + 0.5)).ok).toBe(false);
  });
});
