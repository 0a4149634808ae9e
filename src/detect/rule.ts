/** What a detection rule is. Rules are pure: the same events and settings give the same findings, whatever the machine does. */
import type { EventRows } from './event-rows.ts';
import type {
  Address,
  AnswerEvent,
  ArpEvent,
  CloseEvent,
  DhcpEvent,
  DnsEvent,
  FlowTuple,
  HalfOpenEvent,
  OpenEvent,
  SurgeEvent,
  TickEvent,
  VolumeEvent,
} from './events.ts';
import type { RowFront } from './row-front.ts';
import type { SharedContacts } from './state/contact-follower.ts';

export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A number that people may set. `unit` is for lists: `s`, `bytes`, `ratio`, or what is counted (`ports`). */
export interface Setting {
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly unit: string;
  readonly description: string;
}

export type SettingSpecs = Readonly<Record<string, Setting>>;
/** The settings as they are in force: the same names, numbers. */
export type Settings<S extends SettingSpecs> = Readonly<Record<keyof S, number>>;

/** MITRE ATT&CK. */
export interface Mitre {
  readonly technique: string;
  readonly name: string;
  readonly tactic: string;
}

/** What a rule has found. Repeats with the same key within the cooldown become part of the first alert. */
export interface Finding {
  /** Stream time of the event that crossed the threshold, ns. */
  readonly at: number;
  /** Stream time of the first event that counted, ns. */
  readonly firstAt: number;
  /** Who did it and to whom, in readable form (`10.0.0.1`, `10.0.0.2:80`, a name); null when that is nobody in particular. */
  readonly source: string | null;
  readonly target: string | null;
  /** Findings with the same key are repeats; source and target when absent. */
  readonly key?: string;
  /** What was seen and what it was compared with, under the same names. */
  readonly observed: Readonly<Record<string, number | string>>;
  readonly threshold: Readonly<Record<string, number | string>>;
  readonly windowSecs: number;
  /** One sentence, numbers included: it is read on its own. */
  readonly description: string;
  /** Flows that show it, at most `MOST_FLOWS`. */
  readonly flows: readonly FlowTuple[];
  /** In place of the rule's own. 0 to 1. */
  readonly confidence?: number;
  readonly severity?: Severity;
}

export const MOST_FLOWS = 20;

export interface RuleContext<S extends SettingSpecs = SettingSpecs> {
  readonly settings: Settings<S>;
  /** True for addresses of the internal networks. */
  isInternal(address: Address): boolean;
  /** An address as people write it. */
  text(address: Address): string;
  /** What becomes of contacts, found out once for all rules; absent where a rule runs alone. */
  readonly contacts?: SharedContacts;
  /** Reports a finding; call it for every event beyond the threshold, repeats are folded. `number`: of the event, where it came as a row. */
  raise(finding: Finding, number?: number): void;
}

/** Called in the order of the events. Only what a rule has is called; a rule must keep its memory bounded. */
export interface RuleHandlers {
  open?(event: OpenEvent): void;
  answer?(event: AnswerEvent): void;
  volume?(event: VolumeEvent): void;
  close?(event: CloseEvent): void;
  halfOpen?(event: HalfOpenEvent): void;
  dns?(event: DnsEvent): void;
  arp?(event: ArpEvent): void;
  dhcp?(event: DhcpEvent): void;
  surge?(event: SurgeEvent): void;
  tick?(event: TickEvent): void;
}

/** Which end of a finding says, by the network that it lies in, which settings hold. */
export type Decider = 'source' | 'target';

/**
 * What the rules here have in place of handlers for single events, because most flows have nothing to tell them: the same
 * events, in order, as rows over the entries of shards. Volumes and ends come before the tick, answers also before each
 * claim.
 */
export interface RowHandlers {
  answerRow?(rows: EventRows, row: number): void;
  volumeRow?(rows: EventRows, row: number): void;
  closeRow?(rows: EventRows, row: number): void;
  /** Which of these rows have to be shown; all where there is none. */
  readonly answerFront?: RowFront;
  readonly volumeFront?: RowFront;
  readonly closeFront?: RowFront;
  /** An attempt that was not accepted within its tick. */
  pending?(event: OpenEvent): void;
  /** An answer that did not accept an attempt of the same tick. */
  settled?(event: AnswerEvent): void;
  /**
   * With it, a rule need not be shown a `pending` attempt that is accepted in time, nor its answer, and others it may be
   * shown late, when their wait is over. Attempts of one protocol must not matter to those of another, and one flow has the
   * latest only; at least 16,384 must have room.
   */
  readonly attempts?: WaitingAttempts;
}

/** The attempts that wait for their answer within a rule. */
export interface WaitingAttempts {
  /** How long they do. */
  readonly waitNs: number;
  /** None waits. */
  readonly isIdle: boolean;
}

export interface Rule<S extends SettingSpecs = SettingSpecs> {
  /** Name of the rule and of its alerts: `port_scan`. */
  readonly kind: string;
  readonly title: string;
  /** What it finds and how, for `weir rules`. */
  readonly description: string;
  readonly severity: Severity;
  /** How often a finding is right, 0 to 1. */
  readonly confidence: number;
  readonly mitre: readonly Mitre[];
  /** False for rules that are asked for by name. */
  readonly enabled: boolean;
  /** Repeats within this many seconds of an alert are counted on it. */
  readonly cooldownSecs: number;
  readonly settings: S;
  /** Whose network may have settings of its own: the source's where nothing is said; null: nobody's, the rule is about no address. */
  readonly decides?: Decider | null;
  /** What is found out about such an address depends on no event of another: those of other networks need not be shown. */
  readonly isolated?: true;
  create(context: RuleContext<S>): RuleHandlers & RowHandlers;
}

/** A rule without its function, as it is listed. */
export type RuleListing = Omit<Rule, 'create'>;

/** Types a rule: settings are known by name inside `create`. */
export function defineRule<const S extends SettingSpecs>(rule: Rule<S>): Rule<S> {
  return rule;
}
