/**
 * A rule with settings per network runs once for each set of settings, each time for the addresses of its networks only:
 * an alert is what it would be if these settings held everywhere.
 */
import { endpointOf } from './endpoint.ts';
import { NetworkTable } from './network-table.ts';
import { addressOf } from './networks.ts';
import type { Decider, Finding, RuleListing } from './rule.ts';
import type { InForce, ResolvedRule } from './rule-settings.ts';

/** Addresses for which the most specific of `networks` is one of `own`, by index; -1 stands for those in none of them. */
export interface Region {
  readonly networks: readonly string[];
  readonly own: readonly number[];
}

export interface RuleVariant extends InForce {
  /** null: everywhere. */
  readonly region: Region | null;
}

/** What must be equal for two networks to have one run. */
function sameness({ severity, cooldownSecs, settings, origins }: InForce): string {
  return JSON.stringify([severity, origins.severity === 'default', cooldownSecs, settings]);
}

/** The runs of a rule; none where it is off everywhere. */
export function variantsOf(resolved: ResolvedRule): RuleVariant[] {
  const networks = resolved.networks.map(({ network }) => network);
  if (networks.length === 0) return resolved.enabled ? [{ ...resolved, region: null }] : [];
  const groups = new Map<string, { inForce: InForce; own: number[] }>();
  for (const [index, inForce] of [resolved, ...resolved.networks].entries()) {
    if (!inForce.enabled) continue;
    const group = groups.get(sameness(inForce)) ?? { inForce, own: [] };
    group.own.push(index - 1);
    groups.set(sameness(inForce), group);
  }
  return Array.from(groups.values(), ({ inForce: { enabled, severity, cooldownSecs, settings, origins }, own }) => {
    const inForce = { enabled, severity, cooldownSecs, settings, origins };
    return { ...inForce, region: own.length > networks.length ? null : { networks, own } };
  });
}

/** The end that decides; rules that say nothing go by the source. */
export function deciderOf({ decides }: Pick<RuleListing, 'decides'>): Decider | null {
  return decides === undefined ? 'source' : decides;
}

type Ends = Pick<Finding, 'source' | 'target'>;

/** The bytes of the address that decides; null where that end is none: a name, a MAC, nobody in particular. */
export function decidingAddress(rule: Pick<RuleListing, 'decides'>, ends: Ends): string | null {
  const decider = deciderOf(rule);
  const text = decider === null ? null : ends[decider];
  const address = text === null ? null : endpointOf(text)?.address;
  return address === null || address === undefined ? null : addressOf(address);
}

/** What is in force for a finding or alert with these ends. */
export function inForceFor(resolved: ResolvedRule, ends: Ends): InForce & { readonly network: string | null } {
  const address = decidingAddress(resolved.rule, ends);
  const index = address === null ? -1 : new NetworkTable(resolved.networks.map(({ network }) => network)).indexOf(address);
  return index < 0 ? { ...resolved, network: null } : resolved.networks[index];
}
