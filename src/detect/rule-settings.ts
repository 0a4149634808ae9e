/** What is in force for each rule: its own values and what a configuration says instead, checked, with where it came from. */
import { nearest } from '../config/nearest.ts';
import type { DetectOptions, RuleValue } from '../config/options.ts';
import type { SensorError } from '../errors.ts';
import { type ConfiguredNetwork, readNetworks } from './network-settings.ts';
import { covers } from './network-table.ts';
import { placed, unknownRule } from './place.ts';
import { type RuleListing, SEVERITIES, type SettingSpecs, type Settings, type Severity } from './rule.ts';

/** Where a value is from: `default`, a place in a file (`weir.toml:3:1`), or `options` when the library's caller gave it. */
export type RuleOrigin = string;

export interface InForce {
  readonly enabled: boolean;
  /** When the origin is not `default` it goes before what a finding says. */
  readonly severity: Severity;
  readonly cooldownSecs: number;
  /** By name, as the rule knows them. */
  readonly settings: Settings<SettingSpecs>;
  /** By name, as in a configuration: `enabled`, `severity`, `cooldown_secs` and each setting. */
  readonly origins: Readonly<Record<string, RuleOrigin>>;
}

export interface NetworkInForce extends InForce {
  /** As it was written: `10.20.0.0/16`. */
  readonly network: string;
}

export interface ResolvedRule<R extends RuleListing = RuleListing> extends InForce {
  readonly rule: R;
  /** What is in force in networks with settings of their own, the widest first; the most specific one counts. */
  readonly networks: readonly NetworkInForce[];
}

export type RuleOptions = Pick<DetectOptions, 'rules' | 'networks' | 'places'>;

/** A year; the least keeps a rule that fires on every packet from writing an alert for each. */
const COOLDOWN = { least: 1, most: 31_536_000 };
/** What the configuration may say of every rule. */
export const COMMON_SETTINGS = ['enabled', 'severity', 'cooldown_secs'] as const;

export interface CheckedRules<R extends RuleListing> {
  /** Every rule, in the order given; what is wrong has its default. */
  readonly resolved: readonly ResolvedRule<R>[];
  readonly problems: readonly SensorError[];
  /** Tables of rules that are none of these. */
  readonly unknown: readonly SensorError[];
}

/** A setting's name in a configuration, where names are in snake_case: `windowSecs` is `window_secs`. */
export function configName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A table of a configuration that is about one rule. */
interface RuleTable {
  /** Below `detect`: `rules.port_scan`. */
  readonly path: string;
  readonly given: Readonly<Record<string, RuleValue>>;
  /** What holds where it says nothing. */
  readonly otherwise: InForce;
}

/** Reads one rule's table and collects what is wrong in it. */
class RuleReader {
  readonly origins: Record<string, RuleOrigin> = {};
  readonly #rule: RuleListing;
  readonly #table: RuleTable;
  readonly #places: RuleOptions['places'];
  readonly #problems: SensorError[];

  constructor(rule: RuleListing, table: RuleTable, places: RuleOptions['places'], problems: SensorError[]) {
    this.#rule = rule;
    this.#table = table;
    this.#places = places;
    this.#problems = problems;
  }

  /** The value given under a name, or the one that holds otherwise when none is given or it is refused. */
  read<T extends RuleValue>(name: string, otherwise: T, isGood: (value: RuleValue) => value is T, wanted: string): T {
    const { given, otherwise: above } = this.#table;
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    const path = `${this.#table.path}.${name}`;
    this.origins[name] = value === undefined ? above.origins[name] : (this.#places[path] ?? 'options');
    if (value === undefined) return otherwise;
    if (isGood(value)) return value;
    this.#problems.push(placed(this.#places, path, `is ${JSON.stringify(value)}, but must be ${wanted}`));
    return otherwise;
  }

  number(name: string, otherwise: number, { least, most }: { least: number; most: number }, unit: string): number {
    const inRange = (value: RuleValue): value is number => typeof value === 'number' && value >= least && value <= most;
    return this.read(name, otherwise, inRange, `a number between ${least} and ${most}${unit === '' ? '' : ` (${unit})`}`);
  }

  refuseUnknown(): void {
    const known = [...COMMON_SETTINGS, ...Object.keys(this.#rule.settings).map(configName)];
    for (const name of Object.keys(this.#table.given)) {
      if (known.includes(name)) continue;
      const found = nearest(name, known)[0];
      const hint = found === undefined ? `${this.#rule.kind} has ${known.join(', ')}` : `did you mean ${found}?`;
      this.#problems.push(placed(this.#places, `${this.#table.path}.${name}`, 'is no setting of the rule', { hint }));
    }
  }
}

const isBoolean = (value: RuleValue): value is boolean => typeof value === 'boolean';
const isSeverity = (value: RuleValue): value is Severity => SEVERITIES.some((severity) => severity === value);

function ownValues({ enabled, severity, cooldownSecs, settings }: RuleListing): InForce {
  const names = Object.keys(settings);
  return {
    enabled,
    severity,
    cooldownSecs,
    settings: Object.fromEntries(names.map((name) => [name, settings[name].value])),
    origins: Object.fromEntries([...COMMON_SETTINGS, ...names.map(configName)].map((name) => [name, 'default'])),
  };
}

function readTable(rule: RuleListing, table: RuleTable, places: RuleOptions['places'], problems: SensorError[]): InForce {
  const reader = new RuleReader(rule, table, places, problems);
  const { otherwise } = table;
  reader.refuseUnknown();
  return {
    enabled: reader.read('enabled', otherwise.enabled, isBoolean, 'true or false'),
    severity: reader.read('severity', otherwise.severity, isSeverity, `one of ${SEVERITIES.join(', ')}`),
    cooldownSecs: reader.number('cooldown_secs', otherwise.cooldownSecs, COOLDOWN, 's'),
    settings: Object.fromEntries(
      Object.entries(rule.settings).map(([name, setting]) => [
        name,
        reader.number(configName(name), otherwise.settings[name], setting, setting.unit),
      ]),
    ),
    origins: reader.origins,
  };
}

/** `networks`: the widest first, so that what holds around one is known before it. */
function readNetworkTables(
  rule: RuleListing,
  everywhere: InForce,
  networks: readonly ConfiguredNetwork[],
  places: RuleOptions['places'],
  problems: SensorError[],
): NetworkInForce[] {
  const read: { network: ConfiguredNetwork['network']; inForce: NetworkInForce }[] = [];
  for (const { text, network, tables } of networks) {
    if (!Object.hasOwn(tables, rule.kind)) continue;
    const path = `networks.${text}.${rule.kind}`;
    if (rule.decides === null) {
      const hint = `write [detect.rules.${rule.kind}]`;
      problems.push(placed(places, path, 'is about no address: it has the same settings everywhere', { hint }));
      continue;
    }
    const otherwise = read.findLast((other) => covers(other.network, network))?.inForce ?? everywhere;
    const inForce = readTable(rule, { path, given: tables[rule.kind], otherwise }, places, problems);
    read.push({ network, inForce: { ...inForce, network: text } });
  }
  return read.map(({ inForce }) => inForce);
}

function unknownRules({ rules, places }: RuleOptions, networks: readonly ConfiguredNetwork[], kinds: readonly string[]): SensorError[] {
  const tables = [{ path: 'rules', of: rules }, ...networks.map(({ text, tables: of }) => ({ path: `networks.${text}`, of }))];
  return tables.flatMap(({ path, of }) =>
    Object.keys(of)
      .filter((kind) => !kinds.includes(kind))
      .map((kind) => unknownRule(places, `${path}.${kind}`, kind, kinds)),
  );
}

/** All rules with what is in force, and everything that is wrong. */
export function checkRules<R extends RuleListing>(rules: readonly R[], options: RuleOptions): CheckedRules<R> {
  const kinds = rules.map(({ kind }) => kind);
  const problems: SensorError[] = [];
  const networks = readNetworks(options, problems);
  const unknown = unknownRules(options, networks, kinds);
  const resolved = rules.map((rule): ResolvedRule<R> => {
    const given = Object.hasOwn(options.rules, rule.kind) ? options.rules[rule.kind] : {};
    const inForce = readTable(rule, { path: `rules.${rule.kind}`, given, otherwise: ownValues(rule) }, options.places, problems);
    return { rule, ...inForce, networks: readNetworkTables(rule, inForce, networks, options.places, problems) };
  });
  return { resolved, problems, unknown };
}
