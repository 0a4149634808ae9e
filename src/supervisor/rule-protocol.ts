/**
 * What the sensor's thread and the thread of a rule file say to each other, over a port of their own: what a rule file
 * itself posts or prints does not come between.
 *
 *   sensor                                   rule file
 *                              ◀───────      LoadedMessage, once: which rules there are
 *   StartMessage, once         ───────▶      with which settings they run
 *                              ◀───────      StartedMessage
 *   BatchMessage (a tick)      ───────▶
 *                              ◀───────      DoneMessage: findings, rules that failed, memory
 */
import type { MessagePort } from 'node:worker_threads';
import type { DetectEvent, EventType, SurgeEvent } from '../detect/events.ts';
import type { Finding, RuleListing } from '../detect/rule.ts';
import type { Region } from '../detect/rule-variants.ts';
import { HyperLogLog } from '../detect/state/hyperloglog.ts';

export const EVENT_TYPES: readonly EventType[] = ['open', 'answer', 'volume', 'close', 'halfOpen', 'dns', 'arp', 'dhcp', 'surge', 'tick'];

/** A rule that raises more than this in one batch is broken, and would fill the sensor's memory. */
export const MOST_FINDINGS = 65_536;

const MIB = 2 ** 20;
/** What a rule file may keep from one batch to the next, heap and buffers, bytes. */
export const MEMORY_KEPT = 256 * MIB;
/** What it may use in the middle of a batch, garbage included. */
export const MEMORY_USED = 512 * MIB;
/**
 * V8's own limit, MiB. Where one allocation does not fit under it, V8 ends the process and not the thread (a Map that
 * grows doubles its table), so the limits above have to end the thread long before.
 */
export const MEMORY_V8_MIB = 1024;

/** A rule as it is listed. */
export interface RuleMeta extends RuleListing {
  /** As it was named or found: `rules/exfil.ts`. */
  readonly file: string;
}

/** One run of a rule. */
export interface RuleRun {
  readonly settings: Readonly<Record<string, number>>;
  /** Addresses for which it finds something; null = all. */
  readonly region: Region | null;
}

/** What a rule file has to know about the sensor. */
export interface RuleTerms {
  /** Kinds that are taken. */
  readonly builtinKinds: readonly string[];
  /** Networks in CIDR notation: `10.0.0.0/8`. */
  readonly internalNetworks: readonly string[];
}

export interface RuleFileData {
  /** For people, and the real path. */
  readonly file: string;
  readonly path: string;
  readonly port: MessagePort;
  readonly terms: RuleTerms;
  /** One Int32: index of the rule that is running, -1 between rules. Tells who did not return. */
  readonly running: SharedArrayBuffer;
}

/** Something that is out of service: a rule, or the file when `kind` is null. */
export interface RuleFault {
  readonly kind: string | null;
  /** Line of the rule file, null when unknown. */
  readonly line: number | null;
  readonly what: string;
}

export type WireSurge = Omit<SurgeEvent, 'sources'> & { readonly registers: Uint8Array };
export type WireEvent = Exclude<DetectEvent, SurgeEvent> | WireSurge;

export interface LoadedMessage {
  readonly type: 'loaded';
  /** In the order of the file. */
  readonly rules: readonly RuleMeta[];
  readonly faults: readonly RuleFault[];
}

export interface StartMessage {
  readonly type: 'start';
  /** By kind; rules that are not here do not run. */
  readonly runs: Readonly<Record<string, readonly RuleRun[]>>;
}

export interface StartedMessage {
  readonly type: 'started';
  readonly faults: readonly RuleFault[];
  /** Event types that a running rule handles. */
  readonly wants: readonly EventType[];
}

export interface BatchMessage {
  readonly type: 'batch';
  readonly events: readonly WireEvent[];
}

export interface DoneMessage {
  readonly type: 'done';
  /** In the order of events, then of rules. `event` is the index in the batch, `rule` in `LoadedMessage.rules`, `run` in its runs. */
  readonly findings: readonly { event: number; rule: number; run: number; finding: Finding }[];
  readonly faults: readonly RuleFault[];
  readonly wants: readonly EventType[];
  /** Bytes that the file keeps. */
  readonly memory: number;
}

export type ToRules = StartMessage | BatchMessage;
export type FromRules = LoadedMessage | StartedMessage | DoneMessage;

export function toWire(event: DetectEvent): WireEvent {
  if (event.type !== 'surge') return event;
  const { sources, ...rest } = event;
  // A copy: the registers may be a view into something large.
  return { ...rest, registers: sources.registers.slice() };
}

export function fromWire(event: WireEvent): DetectEvent {
  if (event.type !== 'surge') return event;
  const { registers, ...rest } = event;
  return { ...rest, sources: new HyperLogLog(registers) };
}
