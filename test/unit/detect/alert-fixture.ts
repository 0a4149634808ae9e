/** A rule and findings about nothing in particular, for tests of what becomes of findings. */
import { defineRule, type Finding, type Rule } from '../../../src/detect/rule.ts';
import type { ResolvedRule } from '../../../src/detect/rule-settings.ts';

export const knock: Rule = defineRule({
  kind: 'knock',
  title: 'Knocking',
  description: 'Somebody knocks.',
  severity: 'medium',
  confidence: 0.5,
  mitre: [{ technique: 'T1046', name: 'Network Service Discovery', tactic: 'discovery' }],
  enabled: true,
  cooldownSecs: 30,
  settings: {
    doors: { value: 25, least: 1, most: 65_535, unit: 'doors', description: 'Doors that are knocked at' },
    closedShare: { value: 0.5, least: 0, most: 1, unit: 'ratio', description: 'Of them, closed ones' },
  },
  create: () => ({}),
});

export const ring: Rule = { ...knock, kind: 'ring', enabled: false };

export function resolved(changes: Partial<ResolvedRule> = {}): ResolvedRule {
  return {
    rule: knock,
    enabled: true,
    severity: 'medium',
    cooldownSecs: 30,
    settings: {},
    origins: { enabled: 'default', severity: 'default', cooldown_secs: 'default' },
    networks: [],
    ...changes,
  };
}

export const SECOND = 1_000_000_000;

/** At `at` ns of stream time. */
export function finding(at: number, changes: Partial<Finding> = {}): Finding {
  return {
    at,
    firstAt: at - 5 * SECOND,
    source: '10.0.0.1',
    target: '10.0.0.2',
    observed: { doors: 25 },
    threshold: { doors: 25 },
    windowSecs: 10,
    description: '10.0.0.1 knocked at 25 doors of 10.0.0.2 in 10 s',
    flows: [],
    ...changes,
  };
}
