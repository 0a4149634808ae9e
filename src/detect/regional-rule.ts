/** A rule that finds nothing but what is about the addresses of some networks. */
import type { EventRows } from './event-rows.ts';
import type { Address, DetectEvent } from './events.ts';
import { NetworkTable } from './network-table.ts';
import type { Decider, Finding, RowHandlers, Rule, RuleContext, RuleHandlers, RuleListing } from './rule.ts';
import { deciderOf, decidingAddress, type Region } from './rule-variants.ts';
import type { ContactRule, SharedContacts } from './state/contact-follower.ts';

type Handlers = RuleHandlers & RowHandlers;
type EventHandler = (event: DetectEvent) => void;
type RowHandler = (rows: EventRows, row: number) => void;
type IsWithin = (address: Address | null) => boolean;

/** Handlers that get events as rows. */
const ROWS: ReadonlySet<string> = new Set<keyof RowHandlers>(['answerRow', 'volumeRow', 'closeRow']);
/** They know of no networks: a rule that is about some of them is shown all rows, and all attempts in time. */
const FRONTS: ReadonlySet<string> = new Set<keyof RowHandlers>(['answerFront', 'volumeFront', 'closeFront', 'attempts']);

function membership({ networks, own }: Region): IsWithin {
  const table = new NetworkTable(networks);
  const indexes = new Set(own);
  return (address) => indexes.has(address === null ? -1 : table.indexOf(address));
}

/** Whether the region's settings are those that a finding of the rule was to be compared with. */
export function findingFilter(rule: Pick<RuleListing, 'decides'>, region: Region): (finding: Finding) => boolean {
  const isWithin = membership(region);
  return (finding) => isWithin(decidingAddress(rule, finding));
}

/** The address of an event that its findings would be about; undefined: of several, or of none. */
function subjectOf(event: DetectEvent, decider: Decider): Address | undefined {
  switch (event.type) {
    case 'tick':
    case 'arp':
      return undefined;
    case 'dns':
      return decider === 'source' ? event.client : undefined;
    case 'surge':
      return decider === 'target' ? event.target : undefined;
    default:
      return event[decider];
  }
}

/** The same, but for events about other addresses. */
function ownEvents(handlers: Handlers, decider: Decider, isWithin: IsWithin): Handlers {
  const named = Object.entries(handlers).filter(([type]) => !FRONTS.has(type));
  const routed = named.map(([type, handle]: [string, (...event: never[]) => void]) => [
    type,
    ROWS.has(type) ? ownRows(handle as RowHandler, decider, isWithin) : ownSingle(handle as EventHandler, decider, isWithin),
  ]);
  return Object.fromEntries(routed) as Handlers;
}

function ownSingle(handle: EventHandler, decider: Decider, isWithin: IsWithin): EventHandler {
  return (event) => {
    const subject = subjectOf(event, decider);
    if (subject === undefined || isWithin(subject)) handle(event);
  };
}

function ownRows(handle: RowHandler, decider: Decider, isWithin: IsWithin): RowHandler {
  return (rows, row) => {
    if (isWithin(rows.entries[decider](rows.offsets[row]))) handle(rows, row);
  };
}

function ownContacts(contacts: SharedContacts, decider: Decider, isWithin: IsWithin): SharedContacts {
  const limited = (rule: ContactRule): ContactRule => ({
    ...rule,
    within: (flow) => isWithin(flow[decider]) && rule.within?.(flow) !== false,
  });
  return { ...contacts, follow: (answerWaitMs, rule) => contacts.follow(answerWaitMs, limited(rule)) };
}

/** Events that cannot matter are kept from rules that say so (`isolated`); the others see all, and only findings are left out. */
export function regionalRule(rule: Rule, region: Region): Rule {
  const isWithin = membership(region);
  const isOwn = findingFilter(rule, region);
  const decider = deciderOf(rule);
  const create = (context: RuleContext): Handlers => {
    const raise: RuleContext['raise'] = (finding, number) => {
      if (isOwn(finding)) context.raise(finding, number);
    };
    if (rule.isolated !== true || decider === null) return rule.create({ ...context, raise });
    const contacts = context.contacts === undefined ? {} : { contacts: ownContacts(context.contacts, decider, isWithin) };
    return ownEvents(rule.create({ ...context, raise, ...contacts }), decider, isWithin);
  };
  return { ...rule, create };
}
