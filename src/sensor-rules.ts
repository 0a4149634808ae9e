/** The rules of a sensor: the built-in ones and those of somebody's own files, each with what is in force for it. */
import type { DetectOptions } from './config/options.ts';
import { regionalRule } from './detect/regional-rule.ts';
import type { Rule, RuleListing } from './detect/rule.ts';
import { checkRules, type ResolvedRule } from './detect/rule-settings.ts';
import { variantsOf } from './detect/rule-variants.ts';
import { type DetectSetup, prepareDetection, RULES } from './detect/rules.ts';
import { SensorError } from './errors.ts';
import { type Configure, UserRules } from './supervisor/user-rules.ts';

export interface OpenRules {
  readonly setup: DetectSetup;
  /** null without rule files. */
  readonly userRules: UserRules | null;
}

/**
 * `onProblem` gets one line about each rule that cannot be used or is given up later. Where a file is such, what is said of
 * rules that are not there is told and not refused: they may be in it.
 * @throws SensorError CONFIG for settings that are wrong
 */
export async function openRules(options: DetectOptions, onProblem: (message: string) => void): Promise<OpenRules> {
  const { ruleFiles, internalNetworks } = options;
  if (ruleFiles.length === 0) return { setup: prepareDetection(options), userRules: null };
  // What is wrong with everything else is known before any file is read.
  let setup = prepareDetection(options, { onUnknown: () => {} });
  const userRules = await UserRules.open(
    ruleFiles,
    {
      builtinKinds: RULES.map(({ kind }) => kind),
      internalNetworks,
      configure(own, isWhole) {
        const onUnknown = isWhole ? {} : { onUnknown: ({ message }: Error) => onProblem(`${message} that could be loaded`) };
        setup = prepareDetection(options, { own, ...onUnknown });
        return setup.own;
      },
    },
    ({ message }) => onProblem(message),
  );
  return { setup, userRules };
}

export interface ListedRules {
  /** The built-in ones, then those of one's own. */
  readonly rules: readonly ResolvedRule[];
  /** What is wrong with settings. */
  readonly problems: readonly SensorError[];
  /** Settings of rules that are not there. */
  readonly unknown: readonly SensorError[];
  /** Rules and files of one's own that cannot be used. */
  readonly unusable: readonly SensorError[];
}

/** Every rule with its settings, and everything that is wrong. Rules of one's own are loaded and made, but shown nothing. */
export async function listRules(options: DetectOptions): Promise<ListedRules> {
  const { ruleFiles, internalNetworks } = options;
  let checked = checkRules<RuleListing>(RULES, options);
  const builtinKinds = RULES.map(({ kind }) => kind);
  const unusable: SensorError[] = [];
  const configure: Configure = (own) => {
    checked = checkRules<RuleListing>([...RULES, ...own], options);
    return checked.resolved.slice(RULES.length);
  };
  if (ruleFiles.length > 0) {
    const report = ({ message }: { message: string }) => void unusable.push(new SensorError('CONFIG', message));
    const userRules = await UserRules.open(ruleFiles, { builtinKinds, internalNetworks, configure }, report);
    await userRules.close();
  }
  const { resolved: rules, problems, unknown } = checked;
  return { rules, problems, unknown, unusable };
}

/** What runs of the built-in rules: one for each set of settings, nothing of those that are off. */
export function runningRules(rules: readonly ResolvedRule<Rule>[]): ReadonlyMap<Rule, ResolvedRule<Rule>> {
  const running = new Map<Rule, ResolvedRule<Rule>>();
  for (const resolved of rules) {
    for (const { region, ...inForce } of variantsOf(resolved)) {
      const rule = region === null ? resolved.rule : regionalRule(resolved.rule, region);
      running.set(rule, { ...resolved, ...inForce, rule });
    }
  }
  return running;
}
