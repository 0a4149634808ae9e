/** All rules, and what is in force for each. */
import type { DetectOptions } from '../config/options.ts';
import type { SensorError } from '../errors.ts';
import { AllowList } from './allow-list.ts';
import { Networks } from './networks.ts';
import type { Rule, RuleListing } from './rule.ts';
import { checkRules, type ResolvedRule, type RuleOptions } from './rule-settings.ts';
import { CONNECTION_RULES } from './rules/connection-rules.ts';
import { SCAN_RULES } from './rules/scan-rules.ts';

export const RULES: readonly Rule[] = [...SCAN_RULES, ...CONNECTION_RULES];

/** What a configuration says of detection, ready to be used. */
export interface DetectSetup {
  readonly rules: readonly ResolvedRule<Rule>[];
  /** Rules of somebody's own. */
  readonly own: readonly ResolvedRule[];
  readonly internal: Networks;
  readonly allow: AllowList;
  readonly suppress: AllowList;
}

export interface SetupTerms {
  /** How the person who gave the internal networks named them. */
  readonly networksName?: string;
  /** The built-in rules. */
  readonly rules?: readonly Rule[];
  /** Rules of somebody's own, once their files were read. */
  readonly own?: readonly RuleListing[];
  /** Is told of rules that are named and not there, which is else refused: not all files were read. */
  readonly onUnknown?: (problem: SensorError) => void;
}

const refuse = (problem: SensorError): never => {
  throw problem;
};

/** Every rule with its settings. @throws SensorError CONFIG for the first thing that is wrong */
export function resolveRules<R extends RuleListing>(
  options: RuleOptions,
  rules: readonly R[],
  onUnknown: (problem: SensorError) => void = refuse,
): readonly ResolvedRule<R>[] {
  const { resolved, problems, unknown } = checkRules(rules, options);
  for (const problem of unknown) onUnknown(problem);
  if (problems.length > 0) throw problems[0];
  return resolved;
}

const isBuiltIn = (resolved: ResolvedRule<Rule | RuleListing>): resolved is ResolvedRule<Rule> => 'create' in resolved.rule;

/**
 * Checks and prepares everything.
 * @throws SensorError CONFIG for the first thing that is wrong
 */
export function prepareDetection(options: DetectOptions, terms: SetupTerms = {}): DetectSetup {
  const { networksName, rules = RULES, own = [], onUnknown = refuse } = terms;
  const resolved = resolveRules<Rule | RuleListing>(options, [...rules, ...own], onUnknown);
  const kinds = resolved.map(({ rule }) => rule.kind);
  return {
    rules: resolved.filter(isBuiltIn),
    own: resolved.filter((each) => !isBuiltIn(each)),
    internal: Networks.parse(options.internalNetworks, networksName),
    allow: AllowList.parse(options.allow, 'allow', kinds, options.places, onUnknown),
    suppress: AllowList.parse(options.suppress, 'suppress', kinds, options.places, onUnknown),
  };
}
