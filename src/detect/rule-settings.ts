/** What is in force for each rule: its own values and what a configuration says instead, checked, with where it came from. */
import { nearest } from '../config/nearest.ts';
import type { DetectOptions, RuleValue } from '../config/options.ts';
import type { SensorError } from '../errors.ts';
import { placed, unknownRule } from './place.ts';
import { type Rule, SEVERITIES, type SettingSpecs, type Settings, type Severity } from './rule.ts';

/** Where a value is from: `default`, a place in a file (`weir.toml:3:1`), or `options` when the library's caller gave it. */
export type RuleOrigin = string;

export interface ResolvedRule {
  readonly rule: Rule;
  readonly enabled: boolean;
  /** When the origin is not `default` it goes before what a finding says. */
  readonly severity: Severity;
  readonly cooldownSecs: number;
  /** By name, as the rule knows them. */
  readonly settings: Settings<SettingSpecs>;
  /** By name, as in a configuration: `enabled`, `severity`, `cooldown_secs` and each setting. */
  readonly origins: Readonly<Record<string, RuleOrigin>>;
}

type RuleOptions = Pick<DetectOptions, 'rules' | 'places'>;

/** A year; the least keeps a rule that fires on every packet from writing an alert for each. */
const COOLDOWN = { least: 1, most: 31_536_000 };
const COMMON = ['enabled', 'severity', 'cooldown_secs'] as const;

export interface CheckedRules {
  /** Every rule, in the order given; what is wrong has its default. */
  readonly resolved: readonly ResolvedRule[];
  readonly problems: readonly SensorError[];
}

/** A setting's name in a configuration, where names are in snake_case: `windowSecs` is `window_secs`. */
export function configName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Reads one rule's table and collects what is wrong in it. */
class RuleReader {
  readonly origins: Record<string, RuleOrigin> = {};
  readonly #rule: Rule;
  readonly #options: RuleOptions;
  readonly #problems: SensorError[];
  readonly #given: Readonly<Record<string, RuleValue>>;

  constructor(rule: Rule, options: RuleOptions, problems: SensorError[]) {
    this.#rule = rule;
    this.#options = options;
    this.#problems = problems;
    this.#given = options.rules[rule.kind] ?? {};
  }

  /** The value given under a name, or the default when none is given or it is refused. */
  read<T extends RuleValue>(name: string, otherwise: T, isGood: (value: RuleValue) => value is T, wanted: string): T {
    const value = Object.hasOwn(this.#given, name) ? this.#given[name] : undefined;
    const path = `rules.${this.#rule.kind}.${name}`;
    this.origins[name] = value === undefined ? 'default' : (this.#options.places[path] ?? 'options');
    if (value === undefined) return otherwise;
    if (isGood(value)) return value;
    this.#problems.push(placed(this.#options.places, path, `is ${JSON.stringify(value)}, but must be ${wanted}`));
    return otherwise;
  }

  number(name: string, otherwise: number, { least, most }: { least: number; most: number }, unit: string): number {
    const inRange = (value: RuleValue): value is number => typeof value === 'number' && value >= least && value <= most;
    return this.read(name, otherwise, inRange, `a number between ${least} and ${most}${unit === '' ? '' : ` (${unit})`}`);
  }

  refuseUnknown(): void {
    const known = [...COMMON, ...Object.keys(this.#rule.settings).map(configName)];
    for (const name of Object.keys(this.#given)) {
      if (known.includes(name)) continue;
      const found = nearest(name, known)[0];
      const hint = found === undefined ? `${this.#rule.kind} has ${known.join(', ')}` : `did you mean ${found}?`;
      const path = `rules.${this.#rule.kind}.${name}`;
      this.#problems.push(placed(this.#options.places, path, 'is no setting of the rule', { hint }));
    }
  }
}

const isBoolean = (value: RuleValue): value is boolean => typeof value === 'boolean';
const isSeverity = (value: RuleValue): value is Severity => SEVERITIES.some((severity) => severity === value);

function readRule(rule: Rule, options: RuleOptions, problems: SensorError[]): ResolvedRule {
  const reader = new RuleReader(rule, options, problems);
  reader.refuseUnknown();
  return {
    rule,
    enabled: reader.read('enabled', rule.enabled, isBoolean, 'true or false'),
    severity: reader.read('severity', rule.severity, isSeverity, `one of ${SEVERITIES.join(', ')}`),
    cooldownSecs: reader.number('cooldown_secs', rule.cooldownSecs, COOLDOWN, 's'),
    settings: Object.fromEntries(
      Object.entries(rule.settings).map(([name, setting]) => [name, reader.number(configName(name), setting.value, setting, setting.unit)]),
    ),
    origins: reader.origins,
  };
}

/** All rules with what is in force, and everything that is wrong. */
export function checkRules(rules: readonly Rule[], options: RuleOptions): CheckedRules {
  const kinds = rules.map(({ kind }) => kind);
  const problems = Object.keys(options.rules)
    .filter((kind) => !kinds.includes(kind))
    .map((kind) => unknownRule(options.places, `rules.${kind}`, kind, kinds));
  return { resolved: rules.map((rule) => readRule(rule, options, problems)), problems };
}
