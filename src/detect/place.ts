/** Errors about what a configuration says of detection, with where it says it. */
import { nearest } from '../config/nearest.ts';
import { SensorError } from '../errors.ts';

/** `weir.toml:3:1: detect.rules.port_scan.ports is 0 …`; without the file's part for what was given to the library. */
export function placed(
  places: Readonly<Record<string, string>>,
  path: string,
  problem: string,
  options: { hint?: string } = {},
): SensorError {
  const place = places[path];
  return new SensorError('CONFIG', `${place === undefined ? '' : `${place}: `}detect.${path} ${problem}`, {
    ...options,
    detail: { key: `detect.${path}`, ...(place === undefined ? {} : { place }) },
  });
}

/** A rule that does not exist, with the nearest that does. */
export function unknownRule(places: Readonly<Record<string, string>>, path: string, name: string, kinds: readonly string[]): SensorError {
  const found = nearest(name, kinds)[0];
  const problem = path.endsWith(`.${name}`) ? 'names no rule' : `is ${JSON.stringify(name)}, which is no rule`;
  return placed(places, path, problem, { hint: found === undefined ? 'weir rules lists all rules' : `did you mean ${found}?` });
}
