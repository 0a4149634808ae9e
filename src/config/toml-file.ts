/** Settings from a configuration file. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { SensorError } from '../errors.ts';
import { nearest } from './nearest.ts';
import type { Layer } from './origin.ts';
import { RENAMED_SETTINGS, renamedSetting } from './predecessor-rules.ts';
import { NO_TABLES, type RuleTables, readRuleTables, TABLE_NAMES } from './rule-tables.ts';
import { knownKeys, settingOfKey } from './settings.ts';
import { positionOf } from './toml-position.ts';
import { fromToml } from './value.ts';

/** A hundred times a file that sets everything; what is larger is some other file. */
const MAX_BYTES = 256 * 1024;

/** Looked for in this order when no path is given; the first that exists is read. */
export const SEARCH_PATH = ['./weir.toml', './etc/weir/weir.toml', '/usr/local/etc/weir/weir.toml', '/etc/weir/weir.toml'] as const;

/** The first existing file of the search path, or null. Relative entries are seen from `directory`. */
export function findConfig(directory: string, searchPath: readonly string[] = SEARCH_PATH): string | null {
  for (const entry of searchPath) {
    const path = resolve(directory, entry);
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
  }
  return null;
}

function readText(path: string): string {
  try {
    const size = statSync(path).size;
    if (size > MAX_BYTES) {
      throw new SensorError('CONFIG', `${path}: ${size} bytes are too many for a configuration file (limit ${MAX_BYTES})`, {
        detail: { path },
      });
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof SensorError) throw error;
    const reason = { ENOENT: 'no such file', EISDIR: 'is a directory', EACCES: 'permission denied' }[
      (error as NodeJS.ErrnoException).code ?? ''
    ];
    throw new SensorError('CONFIG', `configuration file ${path}: ${reason ?? (error as Error).message}`, {
      detail: { path },
      cause: error,
    });
  }
}

/** The table of a TOML text; throws CONFIG with file, line and column. */
function parseText(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n')[0].replace(/^Invalid TOML document: /, '');
    throw new SensorError('CONFIG', `${path}:${error.line}:${error.column}: ${reason}`, {
      detail: { path, line: error.line, column: error.column },
      cause: error,
    });
  }
}

interface Leaf {
  path: string[];
  value: unknown;
}

/** Values by their full path. An empty table is a leaf, so that a mistyped section is noticed. */
function leaves(table: Record<string, unknown>, prefix: string[] = []): Leaf[] {
  return Object.entries(table).flatMap(([name, value]): Leaf[] => {
    const path = [...prefix, name];
    const isTable = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
    if (!isTable) return [{ path, value }];
    const inner = leaves(value as Record<string, unknown>, path);
    return inner.length > 0 ? inner : [{ path, value }];
  });
}

function fail(path: string, text: string, leaf: Leaf, problem: string, hint?: string): never {
  const position = positionOf(text, leaf.path);
  const at = position === null ? path : `${path}:${position.line}:${position.column}`;
  const detail = { path, key: leaf.path.join('.'), line: position?.line ?? null, column: position?.column ?? null };
  throw new SensorError('CONFIG', `${at}: ${problem}`, hint === undefined ? { detail } : { detail, hint });
}

/** What to suggest for a key that does not exist: where a key of that name lives, else the nearest key. */
function suggestion(key: string, known: readonly string[]): string | undefined {
  const name = key.slice(key.lastIndexOf('.') + 1);
  const elsewhere = known.find((candidate) => candidate.endsWith(`.${name}`));
  const found =
    elsewhere ??
    nearest(key, known)[0] ??
    nearest(
      name,
      known.map((candidate) => candidate.slice(candidate.lastIndexOf('.') + 1)),
    )[0];
  if (found === undefined) return undefined;
  return `did you mean ${found.includes('.') ? found : known.find((candidate) => candidate.endsWith(`.${found}`))}?`;
}

/** What a configuration file says. */
export interface ConfigFile {
  settings: Layer;
  tables: RuleTables;
}

/** What is said when there is no file. */
export const NO_FILE: ConfigFile = { settings: new Map(), tables: NO_TABLES };

function inTables({ path }: Leaf): boolean {
  return (path[0] === 'detect' && TABLE_NAMES.some((name) => name === path[1])) || renamedSetting(path) !== undefined;
}

/** What the text of a configuration file says. `withLines` finds the line of each setting, which --print-config shows. */
export function readConfigText(path: string, text: string, withLines = false): ConfigFile {
  const document = parseText(path, text);
  return { settings: readSettings(path, text, document, withLines), tables: readRuleTables(path, text, document) };
}

function readSettings(path: string, text: string, document: Record<string, unknown>, withLines: boolean): Layer {
  const layer: Layer = new Map();
  const known = [...knownKeys(), ...TABLE_NAMES.map((name) => `detect.${name}`), ...RENAMED_SETTINGS.map(({ path: old }) => old.join('.'))];
  for (const leaf of leaves(document)) {
    if (inTables(leaf)) continue;
    const key = leaf.path.join('.');
    const setting = settingOfKey(key);
    if (setting === undefined) {
      const isSection = typeof leaf.value === 'object' && !Array.isArray(leaf.value) && known.some((name) => name.startsWith(`${key}.`));
      if (isSection) continue;
      fail(path, text, leaf, `unknown key ${key}`, suggestion(key, known));
    }
    const checked = fromToml(setting, leaf.value);
    if (!checked.ok) fail(path, text, leaf, `${key} ${checked.problem}`);
    const earlier = layer.get(setting.key);
    if (earlier?.origin.kind === 'file')
      fail(path, text, leaf, `${key} and ${earlier.origin.key} are the same setting`, 'keep one of them');
    const line = withLines ? (positionOf(text, leaf.path)?.line ?? null) : null;
    layer.set(setting.key, { value: checked.value, origin: { kind: 'file', path, line, key } });
  }
  return layer;
}

/** Throws CONFIG when the file cannot be read or says something that is not acceptable. */
export function readConfigFile(path: string, withLines = false): ConfigFile {
  return readConfigText(path, readText(path), withLines);
}
