/**
 * From findings to alerts. The first finding of a rule about a key is an alert; others within the rule's cooldown, which
 * runs from that first one, are counted on it; the first one after that is the next alert.
 *
 * What the allow list matches never becomes an alert and is only counted. What a suppression covers becomes one that says
 * `suppressed`: sinks that keep records write it, those that disturb people leave it out.
 */
import { type AlertChange, type AlertEvidence, type AlertRecord, alertId, epochOf } from './alert.ts';
import type { AllowList } from './allow-list.ts';
import type { FlowTuple } from './events.ts';
import { proofOf } from './proof.ts';
import { type Finding, MOST_FLOWS, SEVERITIES, type Severity } from './rule.ts';
import type { ResolvedRule } from './rule-settings.ts';

/** Alerts that are remembered, for folding and as history. */
export const ALERT_LIMIT = 10_000;

export interface AlertBookOptions {
  readonly allow: AllowList;
  readonly suppress: AllowList;
  /** Epoch seconds of stream time 0, known from the first packet on. */
  baseSeconds(): number;
  /** '' for flows that have none. */
  communityId(flow: FlowTuple): string;
  /** In place of ALERT_LIMIT. */
  readonly limit?: number;
}

/** Every finding is one of `allowed`, `raised`, `repeated`. */
export interface AlertCounters {
  /** Alerts. */
  raised: number;
  /** Of these, suppressed ones. */
  suppressed: number;
  /** Findings that were counted on an alert. */
  repeated: number;
  /** Findings that the allow list matched. */
  allowed: number;
  /** Alerts that had to make room before anybody took them. */
  lost: number;
}

interface OpenAlert {
  record: AlertRecord;
  readonly rule: ResolvedRule;
  readonly key: string;
  readonly first: Finding;
  isNew: boolean;
  repeats: number;
  /** The latest repeat since changes were taken. */
  latest: Finding | null;
}

const higher = (left: Severity, right: Severity): Severity => (SEVERITIES.indexOf(left) >= SEVERITIES.indexOf(right) ? left : right);

/** What a finding is about: those of one rule with the same key are one alert and its repeats. */
export function keyOf({ key, source, target }: Finding): string {
  return key ?? `${source ?? ''}\0${target ?? ''}`;
}

/** What people set goes before what the finding says, and that before the rule. */
function severityOf({ severity, origins }: ResolvedRule, finding: Finding): Severity {
  return origins.severity === 'default' ? (finding.severity ?? severity) : severity;
}

export class AlertBook {
  readonly counters: AlertCounters = { raised: 0, suppressed: 0, repeated: 0, allowed: 0, lost: 0 };
  #options: AlertBookOptions;
  readonly #limit: number;
  /** In the order in which they were raised. */
  readonly #alerts = new Set<OpenAlert>();
  /** The latest alert of each rule and key. */
  readonly #latest = new Map<string, OpenAlert>();
  readonly #changed = new Set<OpenAlert>();
  readonly #byId = new Map<string, OpenAlert>();

  constructor(options: AlertBookOptions) {
    this.#options = options;
    this.#limit = options.limit ?? ALERT_LIMIT;
  }

  /** Other lists from the next finding on. */
  use(allow: AllowList, suppress: AllowList): void {
    this.#options = { ...this.#options, allow, suppress };
  }

  /** Takes a finding. Cheap for repeats: rules call it for every event beyond a threshold. */
  raise(rule: ResolvedRule, finding: Finding): void {
    const { kind } = rule.rule;
    const at = epochOf(this.#options.baseSeconds(), finding.at);
    if (this.#options.allow.matches(kind, finding.source, finding.target, at)) {
      this.counters.allowed++;
      return;
    }
    const suppressed = this.#options.suppress.matches(kind, finding.source, finding.target, at);
    const key = keyOf(finding);
    const alert = this.#latest.get(`${kind}\0${key}`);
    // A suppression that ends does not take the alert with it.
    const isRepeat =
      alert !== undefined && finding.at - alert.first.at < rule.cooldownSecs * 1e9 && (suppressed || !alert.record.suppressed);
    if (isRepeat) this.#repeat(alert, finding);
    else this.#add(rule, finding, key, suppressed);
  }

  /**
   * New alerts, and those that have repeated and are due at stream time `atNs`: when their count has doubled since they
   * were last told, and once more when their cooldown is over. A long attack thus gives a handful of records. Without a
   * time everything that has changed. In the order in which they first changed.
   */
  takeChanges(atNs = Number.POSITIVE_INFINITY): AlertChange[] {
    const changes: AlertChange[] = [];
    for (const alert of this.#changed) {
      const isDue =
        alert.isNew ||
        alert.record.count + alert.repeats >= 2 * alert.record.count ||
        atNs - alert.first.at >= alert.rule.cooldownSecs * 1e9;
      if (!isDue) continue;
      const proof = alert.record.suppressed ? null : proofOf(alert.record.kind, alert.latest ?? alert.first, alert.first.firstAt);
      this.#settle(alert);
      changes.push({ alert: alert.record, isNew: alert.isNew, proof });
      alert.isNew = false;
      this.#changed.delete(alert);
    }
    return changes;
  }

  /** The record of an alert with the evidence that was kept for it, also for the time to come. */
  withEvidence(alert: AlertRecord, evidence: AlertEvidence): AlertRecord {
    const record = { ...alert, evidence };
    const open = this.#byId.get(alert.alert_id);
    if (open !== undefined) open.record = record;
    return record;
  }

  /** The latest alerts, oldest first, as they were when changes were last taken. */
  get history(): AlertRecord[] {
    return Array.from(this.#alerts, ({ record }) => record);
  }

  #repeat(alert: OpenAlert, finding: Finding): void {
    this.counters.repeated++;
    alert.repeats++;
    alert.latest = finding;
    this.#changed.add(alert);
  }

  #add(rule: ResolvedRule, finding: Finding, key: string, suppressed: boolean): void {
    if (this.#alerts.size >= this.#limit) this.#forgetOldest();
    const record = this.#recordOf(rule, finding, key, suppressed);
    const alert: OpenAlert = { record, rule, key, first: finding, isNew: true, repeats: 0, latest: null };
    this.#alerts.add(alert);
    this.#latest.set(`${record.kind}\0${key}`, alert);
    this.#changed.add(alert);
    this.#byId.set(record.alert_id, alert);
    this.counters.raised++;
    if (suppressed) this.counters.suppressed++;
  }

  #recordOf(rule: ResolvedRule, finding: Finding, key: string, suppressed: boolean): AlertRecord {
    const base = this.#options.baseSeconds();
    const { kind, confidence, mitre } = rule.rule;
    return {
      alert_id: alertId(kind, key, base, finding.at),
      ts: epochOf(base, finding.at),
      kind,
      severity: severityOf(rule, finding),
      confidence: finding.confidence ?? confidence,
      source: finding.source,
      target: finding.target,
      description: finding.description,
      observed: finding.observed,
      threshold: finding.threshold,
      window_secs: finding.windowSecs,
      first_seen: epochOf(base, finding.firstAt),
      last_seen: epochOf(base, finding.at),
      count: 1,
      flows: this.#flowsWith([], finding.flows),
      mitre,
      evidence: null,
      suppressed,
    };
  }

  /** Makes the repeats since the last call part of the record. Records that were handed out stay as they were. */
  #settle(alert: OpenAlert): void {
    const { record, latest, rule, repeats } = alert;
    if (latest === null) return;
    alert.record = {
      ...record,
      severity: higher(record.severity, severityOf(rule, latest)),
      confidence: Math.max(record.confidence, latest.confidence ?? rule.rule.confidence),
      description: latest.description,
      observed: latest.observed,
      threshold: latest.threshold,
      last_seen: epochOf(this.#options.baseSeconds(), latest.at),
      count: record.count + repeats,
      flows: this.#flowsWith(record.flows, latest.flows),
    };
    alert.repeats = 0;
    alert.latest = null;
  }

  #flowsWith(known: readonly string[], more: readonly FlowTuple[]): readonly string[] {
    const ids = new Set(known);
    for (const flow of more) {
      if (ids.size >= MOST_FLOWS) break;
      const id = this.#options.communityId(flow);
      if (id !== '') ids.add(id);
    }
    return [...ids];
  }

  #forgetOldest(): void {
    for (const alert of this.#alerts) {
      this.#alerts.delete(alert);
      const name = `${alert.record.kind}\0${alert.key}`;
      if (this.#latest.get(name) === alert) this.#latest.delete(name);
      if (this.#byId.get(alert.record.alert_id) === alert) this.#byId.delete(alert.record.alert_id);
      if (this.#changed.delete(alert)) this.counters.lost++;
      return;
    }
  }
}
