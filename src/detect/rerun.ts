/** A rule once more over events that were recorded, with settings in place of those that were in force. */
import { AddressCache } from './address-cache.ts';
import { dispatch } from './dispatch.ts';
import type { RuleTools } from './engine.ts';
import type { DetectEvent } from './events.ts';
import type { Finding, Rule } from './rule.ts';
import { HyperLogLog } from './state/hyperloglog.ts';

/** A rule may unite the sketches that it is given; the record must stay as it was. */
function copyOf(event: DetectEvent): DetectEvent {
  return event.type === 'surge' ? { ...event, sources: new HyperLogLog(event.sources.registers.slice()) } : event;
}

/** Everything that the rule finds; `events` are those of a capture from its first tick on, in order. */
export function rerun(rule: Rule, settings: Readonly<Record<string, number>>, events: readonly DetectEvent[], tools: RuleTools): Finding[] {
  const findings: Finding[] = [];
  const rules = rule.create({ settings, isInternal: tools.isInternal, text: tools.text, raise: (finding) => void findings.push(finding) });
  const addresses = new AddressCache(tools);
  for (const event of events) dispatch(rules, copyOf(event), addresses);
  return findings;
}
