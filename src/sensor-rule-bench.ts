/** One rule on a bench: shown the same events as often as wanted, with other settings each time. */
import type { DetectOptions } from './config/options.ts';
import { addressText } from './detect/address-text.ts';
import { keyOf } from './detect/alert-book.ts';
import type { Address, DetectEvent } from './detect/events.ts';
import { rerun } from './detect/rerun.ts';
import type { Finding, Rule } from './detect/rule.ts';
import { configName, type RuleOrigin } from './detect/rule-settings.ts';
import { prepareDetection } from './detect/rules.ts';
import { SensorError } from './errors.ts';
import { UserRules } from './supervisor/user-rules.ts';

export interface BenchFinding {
  readonly finding: Finding;
  /** Findings with the same key are one alert and its repeats. */
  readonly key: string;
}

export interface RuleBench {
  readonly rule: Omit<Rule, 'create'>;
  readonly enabled: boolean;
  /** By the rule's own names. */
  readonly inForce: Readonly<Record<string, number>>;
  /** By a setting's name in a configuration. */
  readonly origins: Readonly<Record<string, RuleOrigin>>;
  /** A rule of somebody's own has no settings in a configuration: only its file can change them. */
  readonly isConfigurable: boolean;
  run(changes: Readonly<Record<string, number>>): Promise<readonly BenchFinding[]>;
}

const benchFinding = (finding: Finding): BenchFinding => ({ finding, key: keyOf(finding) });

function builtinBench(options: DetectOptions, kind: string, events: readonly DetectEvent[]): RuleBench | null {
  const { rules, internal } = prepareDetection(options);
  const found = rules.find(({ rule }) => rule.kind === kind);
  if (found === undefined) return null;
  const { rule, settings: inForce, origins, enabled } = found;
  const tools = { isInternal: (address: Address) => internal.contains(address), text: addressText };
  return {
    rule,
    enabled,
    inForce,
    origins,
    isConfigurable: true,
    run: async (changes) => rerun(rule, { ...inForce, ...changes }, events, tools).map(benchFinding),
  };
}

/** Every run is a thread of its own: what the rule remembers must not go from one run into the next. */
async function userBench(options: DetectOptions, kind: string, events: readonly DetectEvent[]): Promise<RuleBench | null> {
  const { ruleFiles, internalNetworks } = options;
  if (ruleFiles.length === 0) return null;
  const open = (settings: Readonly<Record<string, number>>) =>
    UserRules.open(ruleFiles, { builtinKinds: [], internalNetworks, settings: { [kind]: settings } }, () => {});
  const listing = await open({});
  const rule = listing.rules.find((meta) => meta.kind === kind);
  await listing.close();
  if (rule === undefined) return null;
  return {
    rule,
    enabled: rule.enabled,
    inForce: rule.inForce,
    origins: Object.fromEntries(Object.keys(rule.settings).map((name) => [configName(name), rule.file])),
    isConfigurable: false,
    run: async (changes) => {
      const rules = await open({ ...rule.inForce, ...changes });
      try {
        const found = await rules.feed(events);
        return found.filter((each) => each.rule.kind === kind).map(({ finding }) => benchFinding(finding));
      } finally {
        await rules.close();
      }
    },
  };
}

/** @throws SensorError USAGE when there is no such rule; CONFIG for settings that are wrong */
export async function openBench(options: DetectOptions, kind: string, events: readonly DetectEvent[]): Promise<RuleBench> {
  const bench = builtinBench(options, kind, events) ?? (await userBench(options, kind, events));
  if (bench !== null) return bench;
  throw new SensorError('USAGE', `there is no rule ${JSON.stringify(kind)}, which the alert is of`, {
    hint: options.ruleFiles.length === 0 ? 'a rule of your own is named with --rules' : 'weir rules lists those that come with weir',
  });
}
