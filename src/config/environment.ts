/** Settings from environment variables. An empty variable disables a path or empties a list or text; else it is as if unset. */
import { SensorError } from '../errors.ts';
import { nearest } from './nearest.ts';
import type { Layer } from './origin.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';
import { fromText } from './value.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of the configuration file's path, the first that is set wins. */
export const CONFIG_VARIABLES = ['WEIR_CONFIG', 'NG_CONFIG'] as const;

const MEANS_SOMETHING_EMPTY = new Set<Setting['type']>(['path', 'list', 'text']);

/** Throws CONFIG for a variable whose value is not acceptable. */
export function readEnvironment(environment: Environment): Layer {
  const layer: Layer = new Map();
  for (const setting of SETTINGS) {
    for (const name of [setting.env, ...(setting.envAliases ?? [])]) {
      const text = environment[name];
      if (text === undefined || (text === '' && !MEANS_SOMETHING_EMPTY.has(setting.type))) continue;
      const checked = fromText(setting, text);
      if (!checked.ok)
        throw new SensorError('CONFIG', `environment variable ${name} ${checked.problem}`, {
          detail: { variable: name, key: setting.key },
        });
      layer.set(setting.key, { value: checked.value, origin: { kind: 'env', name } });
      break;
    }
  }
  return layer;
}

/** Variables that look like ours and are not, with the nearest that is; for a warning. */
export function unknownVariables(environment: Environment): { name: string; nearest: string | null }[] {
  const known = [...SETTINGS.map((setting) => setting.env as string), 'WEIR_CONFIG'];
  return Object.keys(environment)
    .filter((name) => name.startsWith('WEIR_') && !known.includes(name))
    .sort()
    .map((name) => ({ name, nearest: nearest(name, known)[0] ?? null }));
}
