/** One rule on a bench: shown the same events as often as wanted, with other settings each time. */
import type { DetectOptions } from './config/options.ts';
import { addressText } from './detect/address-text.ts';
import type { AlertRecord } from './detect/alert.ts';
import { keyOf } from './detect/alert-book.ts';
import type { Address, DetectEvent } from './detect/events.ts';
import { rerun } from './detect/rerun.ts';
import type { Finding, RuleListing } from './detect/rule.ts';
import type { ResolvedRule, RuleOrigin } from './detect/rule-settings.ts';
import { inForceFor } from './detect/rule-variants.ts';
import type { DetectSetup } from './detect/rules.ts';
import { SensorError } from './errors.ts';
import { openRules } from './sensor-rules.ts';
import { UserRules } from './supervisor/user-rules.ts';

export interface BenchFinding {
  readonly finding: Finding;
  /** Findings with the same key are one alert and its repeats. */
  readonly key: string;
}

/** An alert, as far as it says which settings it was compared with. */
export type AlertSubject = Pick<AlertRecord, 'kind' | 'source' | 'target'>;

export interface RuleBench {
  readonly rule: RuleListing;
  readonly enabled: boolean;
  /** By the rule's own names, as they are in force for the alert. */
  readonly inForce: Readonly<Record<string, number>>;
  /** By a setting's name in a configuration. */
  readonly origins: Readonly<Record<string, RuleOrigin>>;
  /** The network whose settings these are; null = those of all others. */
  readonly network: string | null;
  run(changes: Readonly<Record<string, number>>): Promise<readonly BenchFinding[]>;
}

const benchFinding = (finding: Finding): BenchFinding => ({ finding, key: keyOf(finding) });

function benchOf(
  resolved: ResolvedRule,
  subject: AlertSubject,
  run: (settings: Readonly<Record<string, number>>) => Promise<Finding[]>,
): RuleBench {
  const { enabled, settings, origins, network } = inForceFor(resolved, subject);
  const { rule } = resolved;
  return {
    rule,
    enabled,
    inForce: settings,
    origins,
    network,
    run: async (changes) => (await run({ ...settings, ...changes })).map(benchFinding),
  };
}

function builtinBench({ rules, internal }: DetectSetup, subject: AlertSubject, events: readonly DetectEvent[]): RuleBench | null {
  const found = rules.find(({ rule }) => rule.kind === subject.kind);
  if (found === undefined) return null;
  const tools = { isInternal: (address: Address) => internal.contains(address), text: addressText };
  return benchOf(found, subject, async (settings) => rerun(found.rule, settings, events, tools));
}

/** Every run is a thread of its own: what the rule remembers must not go from one run into the next. */
function userBench(options: DetectOptions, { own }: DetectSetup, subject: AlertSubject, events: readonly DetectEvent[]): RuleBench | null {
  const { ruleFiles, internalNetworks } = options;
  const found = own.find(({ rule }) => rule.kind === subject.kind);
  if (found === undefined) return null;
  return benchOf(found, subject, async (settings) => {
    const alone = { ...found, enabled: true, settings, networks: [] };
    const context = { builtinKinds: [], internalNetworks, configure: () => [alone] };
    const rules = await UserRules.open(ruleFiles, context, () => {});
    try {
      return (await rules.feed(events)).map(({ finding }) => finding);
    } finally {
      await rules.close();
    }
  });
}

/** @throws SensorError USAGE when there is no such rule; CONFIG for settings that are wrong */
export async function openBench(options: DetectOptions, subject: AlertSubject, events: readonly DetectEvent[]): Promise<RuleBench> {
  const { setup, userRules } = await openRules(options, () => {});
  await userRules?.close();
  const bench = builtinBench(setup, subject, events) ?? userBench(options, setup, subject, events);
  if (bench !== null) return bench;
  throw new SensorError('USAGE', `there is no rule ${JSON.stringify(subject.kind)}, which the alert is of`, {
    hint: options.ruleFiles.length === 0 ? 'a rule of your own is named with --rules' : 'weir rules lists those that come with weir',
  });
}
