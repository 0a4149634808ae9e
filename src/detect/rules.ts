/** All rules, and what is in force for each. */
import type { DetectOptions } from '../config/options.ts';
import { AllowList } from './allow-list.ts';
import { Networks } from './networks.ts';
import type { Rule } from './rule.ts';
import { checkRules, type ResolvedRule } from './rule-settings.ts';
import { CONNECTION_RULES } from './rules/connection-rules.ts';
import { SCAN_RULES } from './rules/scan-rules.ts';

export const RULES: readonly Rule[] = [...SCAN_RULES, ...CONNECTION_RULES];

/** Every rule with its settings. @throws SensorError CONFIG for the first thing that is wrong */
export function resolveRules(options: Pick<DetectOptions, 'rules' | 'places'>, rules: readonly Rule[] = RULES): readonly ResolvedRule[] {
  const { resolved, problems } = checkRules(rules, options);
  if (problems.length > 0) throw problems[0];
  return resolved;
}

/** What a configuration says of detection, ready to be used. */
export interface DetectSetup {
  readonly rules: readonly ResolvedRule[];
  readonly internal: Networks;
  readonly allow: AllowList;
  readonly suppress: AllowList;
}

/**
 * Checks and prepares everything; `networksName` is how the person who gave the internal networks named them.
 * @throws SensorError CONFIG for the first thing that is wrong
 */
export function prepareDetection(options: DetectOptions, networksName?: string, rules: readonly Rule[] = RULES): DetectSetup {
  const kinds = rules.map(({ kind }) => kind);
  return {
    rules: resolveRules(options, rules),
    internal: Networks.parse(options.internalNetworks, networksName),
    allow: AllowList.parse(options.allow, 'allow', kinds, options.places),
    suppress: AllowList.parse(options.suppress, 'suppress', kinds, options.places),
  };
}
