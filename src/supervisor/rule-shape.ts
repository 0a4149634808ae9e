/** Whether what a rule file exports is rules. */
import { type Rule, SEVERITIES } from '../detect/rule.ts';
import { COMMON_SETTINGS, configName } from '../detect/rule-settings.ts';
import { isFields, isSeverity, MOST_TEXT } from './rule-finding.ts';
import type { RuleFault, RuleMeta, RuleTerms } from './rule-protocol.ts';

/** Rules of one file. */
const MOST_RULES = 64;
const MOST_SETTINGS = 64;
const MOST_MITRE = 20;
const MOST_KIND = 64;

const kindPattern = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;
const settingPattern = /^[A-Za-z][A-Za-z0-9_]*$/;

type Fields = Readonly<Record<string, unknown>>;

export interface CheckedRule {
  readonly rule: Rule;
  readonly meta: RuleMeta;
}

export interface CheckedFile {
  readonly rules: CheckedRule[];
  readonly faults: RuleFault[];
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '' && value.length <= MOST_TEXT;
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

function settingProblem(name: string, setting: unknown): string | null {
  if (!settingPattern.test(name)) return `'${name}' is no name for a setting`;
  if (!isFields(setting)) return `setting ${name} is not an object`;
  const { value, least, most, unit, description } = setting;
  if (!isNumber(value) || !isNumber(least) || !isNumber(most)) return `setting ${name}: value, least and most have to be finite numbers`;
  if (least > most) return `setting ${name}: least is ${least}, more than most, ${most}`;
  if (value < least || value > most) return `setting ${name} is ${value}, allowed ${least} to ${most}`;
  if (typeof unit !== 'string' || unit.length > MOST_TEXT) return `setting ${name}: unit is not a text`;
  if (!isText(description)) return `setting ${name}: description is not a text of 1 to ${MOST_TEXT} characters`;
  return null;
}

function settingsProblem(settings: unknown): string | null {
  if (!isFields(settings)) return 'settings is not an object';
  const entries = Object.entries(settings);
  if (entries.length > MOST_SETTINGS) return `${entries.length} settings, allowed are ${MOST_SETTINGS}`;
  const taken = new Set<string>(COMMON_SETTINGS);
  for (const [name, setting] of entries) {
    const problem = settingProblem(name, setting);
    if (problem !== null) return problem;
    const written = configName(name);
    if (taken.has(written)) return `setting ${name} is ${written} in a configuration, which is taken`;
    taken.add(written);
  }
  return null;
}

function mitreProblem(mitre: unknown): string | null {
  const isTechnique = (entry: unknown) => isFields(entry) && isText(entry.technique) && isText(entry.name) && isText(entry.tactic);
  if (Array.isArray(mitre) && mitre.length <= MOST_MITRE && mitre.every(isTechnique)) return null;
  return `mitre is not a list of at most ${MOST_MITRE} {technique, name, tactic}`;
}

function ruleProblem(rule: Fields): string | null {
  for (const name of ['title', 'description']) if (!isText(rule[name])) return `${name} is not a text of 1 to ${MOST_TEXT} characters`;
  if (!isSeverity(rule.severity)) return `severity is none of ${SEVERITIES.join(', ')}`;
  if (!isNumber(rule.confidence) || rule.confidence < 0 || rule.confidence > 1) return 'confidence is not a number from 0 to 1';
  if (typeof rule.enabled !== 'boolean') return 'enabled is neither true nor false';
  if (!isNumber(rule.cooldownSecs) || rule.cooldownSecs < 0) return 'cooldownSecs is not a number from 0 on';
  if (![undefined, null, 'source', 'target'].includes(rule.decides as undefined)) return "decides is none of 'source', 'target', null";
  if (typeof rule.create !== 'function') return 'create is not a function';
  return mitreProblem(rule.mitre) ?? settingsProblem(rule.settings);
}

/** The listed part of a rule: plain values only, so that it can travel. */
function metaOf(rule: Rule, file: string): RuleMeta {
  const { kind, title, description, severity, confidence, enabled, cooldownSecs, decides } = rule;
  const settings = Object.entries(rule.settings).map(([name, { value, least, most, unit, description: text }]) => [
    name,
    { value, least, most, unit, description: text },
  ]);
  return {
    file,
    kind,
    title,
    description,
    severity,
    confidence,
    cooldownSecs,
    mitre: rule.mitre.map(({ technique, name, tactic }) => ({ technique, name, tactic })),
    enabled,
    settings: Object.fromEntries(settings),
    ...(decides === undefined ? {} : { decides }),
  };
}

function checkRule(value: unknown, file: string, taken: ReadonlySet<string>, terms: RuleTerms): CheckedRule | RuleFault {
  const fault = (kind: string | null, what: string) => ({ kind, line: null, what });
  if (!isFields(value)) return fault(null, 'the default export is not a rule or a list of rules');
  const { kind } = value;
  if (typeof kind !== 'string' || kind.length > MOST_KIND || !kindPattern.test(kind))
    return fault(null, `kind has to be lower_snake_case of at most ${MOST_KIND} characters: the rule is not used`);
  if (terms.builtinKinds.includes(kind)) return fault(kind, `rule ${kind} has the name of a built-in rule and is not used`);
  if (taken.has(kind)) return fault(kind, `rule ${kind} is there twice; the second is not used`);
  const problem = ruleProblem(value);
  if (problem !== null) return fault(kind, `rule ${kind} is not used: ${problem}`);
  const rule = value as unknown as Rule;
  return { rule, meta: metaOf(rule, file) };
}

/** Sorts the default export of a rule file into rules that can run and faults; one wrong rule does not spoil the others. */
export function checkRules(exported: unknown, file: string, terms: RuleTerms): CheckedFile {
  const values: unknown[] = Array.isArray(exported) ? exported : [exported];
  const checked: CheckedFile = { rules: [], faults: [] };
  if (values.length === 0 || values.length > MOST_RULES) {
    checked.faults.push({ kind: null, line: null, what: `exports ${values.length} rules, allowed are 1 to ${MOST_RULES}` });
    return checked;
  }
  const taken = new Set<string>();
  for (const value of values) {
    const result = checkRule(value, file, taken, terms);
    if ('what' in result) checked.faults.push(result);
    else {
      taken.add(result.meta.kind);
      checked.rules.push(result);
    }
  }
  return checked;
}
