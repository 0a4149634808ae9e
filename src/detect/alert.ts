/** The alert record: one spelling in every sink. */
import { hash } from 'node:crypto';
import type { Proof } from './proof.ts';
import type { Mitre, Severity } from './rule.ts';

/** The packets that show what an alert says, as they were still there. */
export interface AlertEvidence {
  /** The capture file that holds them; null when there were none, or it could not be written. */
  pcap: string | null;
  packets: number;
  /** Every packet since the first event that counted was still there, and was not too many. */
  complete: boolean;
}

/** Times are seconds since the epoch, in packet time, with microseconds. */
export interface AlertRecord {
  /** 16 hexadecimal digits; the same for the same packets, whatever machine, tick or number of shards. */
  alert_id: string;
  /** When the threshold was crossed. */
  ts: number;
  /** Name of the rule. */
  kind: string;
  severity: Severity;
  /** 0 to 1. */
  confidence: number;
  /** null = nobody in particular. */
  source: string | null;
  target: string | null;
  /** One sentence, of the latest repeat, as are `observed` and `threshold`. */
  description: string;
  observed: Readonly<Record<string, number | string>>;
  threshold: Readonly<Record<string, number | string>>;
  window_secs: number;
  /** The first event that counted. */
  first_seen: number;
  /** The latest event beyond the threshold. */
  last_seen: number;
  /** Findings: 1 and the repeats within the cooldown. */
  count: number;
  /** Community IDs, at most 20. */
  flows: readonly string[];
  mitre: readonly Mitre[];
  /** null: not asked for, too many alerts at once, suppressed, or about the capture itself. */
  evidence: AlertEvidence | null;
  /** A suppression covers it: it is recorded, but nobody is to be disturbed. */
  suppressed: boolean;
}

/** A new alert, or one that has repeated: then it replaces the record with the same `alert_id`. */
export interface AlertChange {
  readonly alert: AlertRecord;
  readonly isNew: boolean;
  /** The packets that show it; null when no packet does, or it is suppressed. */
  readonly proof: Proof | null;
}

const NS_PER_SECOND = 1_000_000_000n;
const ID_DIGITS = 16;

/**
 * The id of an alert by what it is about and when its threshold was crossed, at a nanosecond of the capture's own time:
 * two alerts of one rule about the same thing never cross at one moment, but may well have begun with one event.
 */
export function alertId(kind: string, key: string, baseSeconds: number, atNs: number): string {
  const moment = BigInt(baseSeconds) * NS_PER_SECOND + BigInt(atNs);
  return hash('sha256', `${kind}\0${key}\0${moment}`, 'hex').slice(0, ID_DIGITS);
}

/** Stream time as seconds since the epoch: as exact as a double is in this century. */
export function epochOf(baseSeconds: number, atNs: number): number {
  return Number((baseSeconds + atNs / 1e9).toFixed(6));
}

/** One line of JSON, fields in the order of the record whatever made it. */
export function alertJson(alert: AlertRecord): string {
  return JSON.stringify({
    alert_id: alert.alert_id,
    ts: alert.ts,
    kind: alert.kind,
    severity: alert.severity,
    confidence: alert.confidence,
    source: alert.source,
    target: alert.target,
    description: alert.description,
    observed: alert.observed,
    threshold: alert.threshold,
    window_secs: alert.window_secs,
    first_seen: alert.first_seen,
    last_seen: alert.last_seen,
    count: alert.count,
    flows: alert.flows,
    mitre: alert.mitre,
    evidence: alert.evidence,
    suppressed: alert.suppressed,
  });
}
