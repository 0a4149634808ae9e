/**
 * The tables of a configuration file that are no single settings: `[detect.rules.NAME]`, `[detect.networks."CIDR".NAME]`,
 * `[[detect.allow]]` and `[[detect.suppress]]`. Here only their form is checked; which rules there are, and what they take, detection knows.
 */
import { SensorError } from '../errors.ts';
import { nearest } from './nearest.ts';
import type { AlertMatch, DetectOptions, RuleValue, Suppression } from './options.ts';
import { RENAMED_SETTINGS } from './predecessor-rules.ts';
import { type Position, positionsOf } from './toml-position.ts';
import { tomlKey, tomlString } from './toml-text.ts';

export type RuleTables = Pick<DetectOptions, 'allow' | 'suppress' | 'rules' | 'networks' | 'places'>;

export const NO_TABLES: RuleTables = { allow: [], suppress: [], rules: {}, networks: {}, places: {} };

/** Keys under `detect` that are tables of their own. */
export const TABLE_NAMES = ['rules', 'networks', 'allow', 'suppress'] as const;

type Table = Record<string, unknown>;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

function isRuleValue(value: unknown): value is RuleValue {
  return typeof value === 'boolean' || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}

/** What is wrong, and where: found by reading, placed in the text afterwards. */
class TableError extends Error {
  readonly path: readonly string[];
  readonly hint: string | undefined;

  constructor(path: readonly string[], problem: string, hint?: string) {
    super(`${path.join('.')} ${problem}`);
    this.path = path;
    this.hint = hint;
  }
}

/** `example` names a table of the kind that is wanted, for messages. */
function readRules(value: unknown, path: readonly string[], example: string): RuleTables['rules'] {
  if (value === undefined) return {};
  if (!isTable(value)) throw new TableError(path, `must be tables, one for each rule: ${example}`);
  const rules = Object.entries(value).map(([kind, table]): [string, Record<string, RuleValue>] => {
    if (!isTable(table)) throw new TableError([...path, kind], `must be a table of a rule: ${example}`);
    for (const [setting, given] of Object.entries(table)) {
      if (!isRuleValue(given)) throw new TableError([...path, kind, setting], 'must be a number, a string, or true or false');
    }
    return [kind, { ...(table as Record<string, RuleValue>) }];
  });
  return Object.fromEntries(rules);
}

const NETWORK_EXAMPLE = '[detect.networks."10.20.0.0/16".port_scan]';

function readNetworks(value: unknown): RuleTables['networks'] {
  if (value === undefined) return {};
  const path = ['detect', 'networks'];
  if (!isTable(value)) throw new TableError(path, `must be tables, one for each network and rule: ${NETWORK_EXAMPLE}`);
  for (const [name, tables] of Object.entries(value)) {
    // 10.20.0.0 without quotes is a table within a table.
    if (/^\d+$/.test(name) && isTable(tables))
      throw new TableError([...path, name], `is no network; write it in quotes: ${NETWORK_EXAMPLE}`);
  }
  return Object.fromEntries(Object.entries(value).map(([name, tables]) => [name, readRules(tables, [...path, name], NETWORK_EXAMPLE)]));
}

/** A date-time with an offset, as seconds since the epoch. */
function readTime(value: unknown, path: readonly string[]): number {
  const isLocal = value instanceof Date && 'isLocal' in value && typeof value.isLocal === 'function' && value.isLocal();
  if (!(value instanceof Date) || isLocal || Number.isNaN(value.getTime()))
    throw new TableError(path, 'must be a date and time with an offset: 2026-01-31T22:00:00Z');
  return value.getTime() / 1000;
}

const TIMES = ['from', 'until'] as const;
const WORDS = ['rule', 'source', 'target'] as const;

function readEntry(entry: unknown, path: string[], names: readonly string[]): Suppression {
  if (!isTable(entry)) throw new TableError(path, `must be a table: [[detect.${path[1]}]]`);
  const read: Suppression = {};
  for (const [name, value] of Object.entries(entry)) {
    const at = [...path, name];
    const found = nearest(name, names)[0];
    if (!names.includes(name))
      throw new TableError(at, 'is not known', found === undefined ? `there are ${names.join(', ')}` : `did you mean ${found}?`);
    const word = WORDS.find((known) => known === name);
    const time = TIMES.find((known) => known === name);
    if (word !== undefined) {
      if (typeof value !== 'string' || value === '') throw new TableError(at, 'must be a string that is not empty');
      read[word] = value;
    } else if (time !== undefined) read[time] = readTime(value, at);
  }
  return read;
}

function readEntries(value: unknown, name: 'allow' | 'suppress', names: readonly string[]): Suppression[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TableError(['detect', name], `must be a list of tables: [[detect.${name}]]`);
  return value.map((entry, index) => readEntry(entry, ['detect', name, String(index)], names));
}

/** Paths of everything that the tables say, tables included, below `detect`. */
function pathsOf(value: unknown, prefix: string[]): string[][] {
  if (typeof value !== 'object' || value === null || value instanceof Date) return [prefix];
  return [prefix, ...Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, [...prefix, name]))];
}

function valueAt(document: Table, path: readonly string[]): unknown {
  let at: unknown = document;
  for (const name of path) at = isTable(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  return at;
}

/** Adds what stands under a predecessor's keys; returns the document's path of each by the path below `detect`. */
function addRenamed(document: Table, rules: RuleTables['rules']): Map<string, readonly string[]> {
  const added = new Map<string, readonly string[]>();
  for (const { path, rule, name } of RENAMED_SETTINGS) {
    const value = valueAt(document, path);
    if (value === undefined) continue;
    if (!isRuleValue(value)) throw new TableError(path, 'must be a number, a string, or true or false');
    const table = Object.hasOwn(rules, rule) ? rules[rule] : {};
    if (Object.hasOwn(table, name)) throw new TableError(path, `and detect.rules.${rule}.${name} are the same setting`, 'keep one of them');
    rules[rule] = { ...table, [name]: value };
    added.set(`rules.${rule}.${name}`, path);
  }
  return added;
}

function readTables(document: Table): { said: Omit<RuleTables, 'places'>; paths: Map<string, readonly string[]> } {
  const detect = isTable(document.detect) ? document.detect : {};
  const rules = readRules(detect.rules, ['detect', 'rules'], '[detect.rules.port_scan]');
  const networks = readNetworks(detect.networks);
  const renamed = addRenamed(document, rules);
  const allow: AlertMatch[] = readEntries(detect.allow, 'allow', WORDS);
  const suppress = readEntries(detect.suppress, 'suppress', [...WORDS, ...TIMES]);
  const own = TABLE_NAMES.filter((name) => name in detect).flatMap((name) => pathsOf(detect[name], [name]));
  const paths = own.map((path): [string, readonly string[]] => [path.join('.'), ['detect', ...path]]);
  return { said: { allow, suppress, rules, networks }, paths: new Map([...paths, ...renamed]) };
}

/** `path` is the file's; `document` its parsed `text`. Throws CONFIG with file, line and column. */
export function readRuleTables(path: string, text: string, document: Table): RuleTables {
  const place = (position: Position | null) => (position === null ? path : `${path}:${position.line}:${position.column}`);
  try {
    const { said, paths } = readTables(document);
    if (paths.size === 0) return NO_TABLES;
    const positions = positionsOf(text, [...paths.values()]);
    return { ...said, places: Object.fromEntries([...paths.keys()].map((key, index) => [key, place(positions[index])])) };
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    const [position] = positionsOf(text, [error.path]);
    throw new SensorError('CONFIG', `${place(position)}: ${error.message}`, {
      detail: { path, key: error.path.join('.'), line: position?.line ?? null },
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

function statement(name: string, value: RuleValue, place: string | undefined): string {
  const text = typeof value === 'string' ? tomlString(value) : String(value);
  return `${tomlKey(name)} = ${text}${place === undefined ? '' : `  # ${place}`}\n`;
}

function entryText(table: 'allow' | 'suppress', entry: Suppression, path: string, places: RuleTables['places']): string {
  const lines = Object.entries(entry).map(([name, value]: [string, string | number]) =>
    typeof value === 'number' ? `${name} = ${new Date(value * 1000).toISOString()}\n` : statement(name, value, places[`${path}.${name}`]),
  );
  return `\n[[detect.${table}]]\n${lines.join('')}`;
}

function ruleTexts(rules: RuleTables['rules'], path: readonly string[], places: RuleTables['places']): string[] {
  return Object.entries(rules).map(([kind, table]) => {
    const own = [...path, kind];
    const lines = Object.entries(table).map(([name, value]) => statement(name, value, places[[...own, name].join('.')]));
    return `\n[${['detect', ...own].map(tomlKey).join('.')}]\n${lines.join('')}`;
  });
}

/** The tables as they stand in a file that says the same, for --print-config; '' when there are none. */
export function printTables({ allow, suppress, rules, networks, places }: RuleTables): string {
  return [
    ...ruleTexts(rules, ['rules'], places),
    ...Object.entries(networks).flatMap(([network, tables]) => ruleTexts(tables, ['networks', network], places)),
    ...allow.map((entry, index) => entryText('allow', entry, `allow.${index}`, places)),
    ...suppress.map((entry, index) => entryText('suppress', entry, `suppress.${index}`, places)),
  ].join('');
}
