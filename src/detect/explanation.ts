/** Why there was an alert, recomputed from its packets: what `weir explain --json` prints. */
import type { AlertRecord } from './alert.ts';
import type { Mitre, Severity } from './rule.ts';

/** The packets that an alert keeps. */
export interface KeptEvidence {
  /** File name, null when none was written. */
  pcap: string | null;
  packets: number;
  /** False when some packets were no longer there. */
  complete: boolean;
}

/** An alert as it was recorded. */
export type StoredAlert = Omit<AlertRecord, 'evidence'> & { readonly evidence: KeptEvidence | null };

export interface ExplainedSetting {
  /** As in a configuration. */
  name: string;
  value: number;
  unit: string;
  description: string;
  /** `default`, a place in a file, or `options`. */
  from: string;
  /** The nearest value with which the alert does not fire, and whether a run of the whole sensor with it was silent; null = none. */
  silenced_by: { value: number; verified: boolean } | null;
}

export interface ExplainedFlow {
  community_id: string;
  protocol: string;
  /** `10.0.0.1:40000`, the end that began. */
  source: string;
  target: string;
  packets: number;
  bytes: number;
  first_seen: number;
  last_seen: number;
}

export interface Explanation {
  alert: StoredAlert;
  /** Does it fire again from its evidence? */
  fires: boolean;
  /** Also with the same id: the threshold was crossed at the same packet. */
  same_id: boolean;
  /** The alert as the evidence gives it; null when it does not fire. */
  recomputed: AlertRecord | null;
  rule: {
    kind: string;
    title: string;
    description: string;
    severity: Severity;
    confidence: number;
    mitre: readonly Mitre[];
    enabled: boolean;
  };
  evidence: {
    file: string;
    packets: number;
    /** null when the alert does not say. */
    complete: boolean | null;
    /** Epoch seconds; null without packets. */
    first_packet: number | null;
    last_packet: number | null;
  };
  /** Of the evidence, those that the alert names; at most 20. */
  flows: ExplainedFlow[];
  settings: ExplainedSetting[];
  /** Where no setting alone silences the alert: limits that do together, each as little changed as the others allow. */
  silenced_together: { values: Readonly<Record<string, number>>; verified: boolean } | null;
  /** What is to be known about this, a sentence each. */
  notes: string[];
  /** How often the rule was run to find out. */
  runs: number;
}
