/** Puts detection together: the rules that are in force, the engine that runs them, the book that makes alerts of findings. */
import type { DetectOptions, SensorOptions } from './config/options.ts';
import { addressText } from './detect/address-text.ts';
import type { AlertChange, AlertRecord } from './detect/alert.ts';
import { AlertBook } from './detect/alert-book.ts';
import type { DetectBatch } from './detect/batch.ts';
import { type BehaviourRecord, BehaviourVectors } from './detect/behaviour.ts';
import { DetectEngine, type NativeDetect, type RuleTools } from './detect/engine.ts';
import type { Address, DetectEvent, FlowTuple } from './detect/events.ts';
import type { Rule } from './detect/rule.ts';
import type { ResolvedRule } from './detect/rule-settings.ts';
import type { DetectSetup } from './detect/rules.ts';
import { communityId, icmpPorts } from './flow/community-id.ts';
import type { AlertTotals } from './merge/summary.ts';
import { loadAddon } from './native/load.ts';
import { Counter } from './ring/layout.ts';
import { Evidence, type EvidenceSources } from './sensor-evidence.ts';
import { type OpenRules, openRules, runningRules } from './sensor-rules.ts';
import type { UserRules } from './supervisor/user-rules.ts';

/** The addon's part of detection. */
const NATIVE: NativeDetect = {
  createWalk: (memory) => new (loadAddon().TickWalk)(memory),
  createFronts: (fronts, areEnds, mask) => new (loadAddon().RowFronts)(fronts, areEnds, mask),
};
const ICMP = 1;
const ICMPV6 = 58;
const ECHO_REQUEST = 8;
const ECHO_REQUEST_V6 = 128;

export interface DetectedTick {
  streamNs: number;
  packets: number;
  bytes: number;
  final: boolean;
  /** Frames dropped in this tick by kernel, interface and ring. */
  dropped: number;
  /** Somebody wants to know what the rules saw. */
  wantsEvents: boolean;
}

export interface Detected {
  changes: AlertChange[];
  behaviour: BehaviourRecord[];
  /** What the rules saw; nothing unless somebody wants it. */
  events: readonly DetectEvent[];
}

export class Detection {
  #engine: DetectEngine;
  readonly #book: AlertBook;
  #rules: ReadonlyMap<Rule, ResolvedRule<Rule>>;
  #userRules: UserRules | null;
  readonly #behaviour: BehaviourVectors | null;
  readonly #evidence: Evidence | null;
  readonly #onProblem: (message: string) => void;
  readonly #live: boolean;
  #baseSeconds = 0;
  #clockSteps = 0;
  #untold = 0;
  readonly #kinds = new Map<string, AlertTotals['by_kind'][number]>();

  /**
   * Loads the rules; `sources.warn` gets one line about each that cannot be used or was given up later.
   * @throws SensorError CONFIG for settings that are wrong, OUTPUT when evidence cannot be kept
   */
  static async open(options: SensorOptions, sources: EvidenceSources): Promise<Detection> {
    const onProblem = (message: string) => sources.warn('RULE_FAILED', message);
    const evidence = await Evidence.open(options, sources);
    return new Detection(options, await openRules(options.detect, onProblem), evidence, onProblem);
  }

  private constructor(
    options: SensorOptions,
    { setup, userRules }: OpenRules,
    evidence: Evidence | null,
    onProblem: (message: string) => void,
  ) {
    this.#evidence = evidence;
    const { allow, suppress } = setup;
    const seed = options.tracking.communityIdSeed;
    this.#live = options.input.kind === 'capture';
    this.#userRules = userRules;
    this.#onProblem = onProblem;
    this.#book = new AlertBook({
      allow,
      suppress,
      baseSeconds: () => this.#baseSeconds,
      communityId: (flow) => flowCommunityId(flow, seed),
    });
    this.#behaviour = options.output.behaviourJsonl === null ? null : new BehaviourVectors(toolsOf(setup));
    this.#rules = runningRules(setup.rules);
    this.#engine = this.#engineOf(setup);
  }

  #engineOf(setup: DetectSetup): DetectEngine {
    const onBroken = (rule: Rule, error: unknown) => {
      this.#onProblem(`rule ${rule.kind} failed and was given up: ${error instanceof Error ? error.message : String(error)}`);
    };
    return new DetectEngine([...this.#rules.values()], toolsOf(setup), onBroken, NATIVE);
  }

  /**
   * Other settings from the next tick on. Rules begin anew with them; alerts, their cooldowns and their counts stay.
   * @throws SensorError CONFIG for settings that are wrong; then the old ones stay in force
   */
  async retune(options: DetectOptions): Promise<void> {
    const { setup, userRules } = await openRules(options, this.#onProblem);
    const former = this.#userRules;
    this.#book.use(setup.allow, setup.suppress);
    this.#userRules = userRules;
    this.#rules = runningRules(setup.rules);
    this.#engine = this.#engineOf(setup);
    await former?.close();
  }

  /** New and changed alerts of one tick. `engine` are the capture threads' counters. Calls must not overlap. */
  async tick(batches: readonly DetectBatch[], tick: DetectedTick, baseSeconds: number, engine: Float64Array): Promise<Detected> {
    this.#baseSeconds = baseSeconds;
    for (const batch of batches) this.#untold += batch.untold;
    const { streamNs, packets, bytes, final, dropped, wantsEvents } = tick;
    const clockSteps = this.#stepsSince(engine, final);
    const sums = { at: streamNs, ordinal: 0, final, packets, bytes, dropped, clockSteps };
    const events: DetectEvent[] = [];
    // A tick of them is kept only where somebody wants them all.
    const isWanted = wantsEvents || this.#userRules !== null || this.#behaviour !== null;
    const keep = isWanted ? (event: DetectEvent) => void events.push(event) : null;
    const found = this.#engine.tick(batches, sums, keep);
    for (const { rule, finding } of found) {
      const resolved = this.#rules.get(rule);
      if (resolved !== undefined) this.#book.raise(resolved, finding);
    }
    if (this.#userRules !== null) {
      for (const { rule, finding } of await this.#userRules.feed(events)) this.#book.raise(rule, finding);
    }
    const changes = await this.#proven(this.#book.takeChanges(final ? Number.POSITIVE_INFINITY : streamNs));
    for (const { alert, isNew } of changes) if (isNew) this.#count(alert);
    return { changes, behaviour: this.#behaviour?.add(events, baseSeconds) ?? [], events };
  }

  /** The same changes, their alerts with what was kept of their packets. */
  async #proven(changes: AlertChange[]): Promise<AlertChange[]> {
    const evidence = this.#evidence;
    if (evidence === null) return changes;
    evidence.beginTick();
    const proven: AlertChange[] = [];
    for (const change of changes) {
      const kept = await evidence.keep(change);
      proven.push(kept === null ? change : { ...change, alert: this.#book.withEvidence(change.alert, kept) });
    }
    return proven;
  }

  async close(): Promise<void> {
    await this.#userRules?.close();
  }

  get totals(): AlertTotals {
    const { raised, suppressed, repeated, allowed } = this.#book.counters;
    const by_kind = [...this.#kinds.values()].sort((a, b) => b.alerts - a.alerts || (a.kind < b.kind ? -1 : 1));
    return { by_kind, raised, suppressed, repeated, allowed, untold: this.#untold, evidence: this.#evidence?.totals ?? null };
  }

  /** Oldest first. */
  get history(): AlertRecord[] {
    return this.#book.history;
  }

  #count({ kind, severity }: AlertRecord): void {
    const sum = this.#kinds.get(kind) ?? { kind, severity, alerts: 0 };
    sum.alerts++;
    this.#kinds.set(kind, sum);
  }

  /** A replay's reader is ahead of its shards by an amount that differs from run to run: it is asked at the end only. */
  #stepsSince(engine: Float64Array, final: boolean): number {
    if (!this.#live && !final) return 0;
    const steps = engine[Counter.LONG_STEPS_BACK] - this.#clockSteps;
    this.#clockSteps += steps;
    return steps;
  }
}

function toolsOf({ internal }: DetectSetup): RuleTools & { text: typeof addressText } {
  return { isInternal: (address) => internal.contains(address), text: addressText, networks: internal };
}

function bytesOf(address: Address): Uint8Array {
  return Buffer.from(address, 'latin1');
}

function flowCommunityId({ protocol, source, sourcePort, target, targetPort }: FlowTuple, seed: number): string {
  const addresses = { protocol, source: bytesOf(source), destination: bytesOf(target) };
  if (protocol !== ICMP && protocol !== ICMPV6) {
    return communityId({ ...addresses, sourcePort, destinationPort: targetPort, oneWay: false }, seed);
  }
  const ports = icmpPorts(protocol, protocol === ICMP ? ECHO_REQUEST : ECHO_REQUEST_V6, 0);
  return communityId({ ...addresses, sourcePort: ports.source, destinationPort: ports.destination, oneWay: ports.oneWay }, seed);
}
