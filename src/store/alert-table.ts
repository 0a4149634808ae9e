/** Alerts, with what people said about them. A repeated alert replaces its record and keeps the acknowledgement. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Alert } from '../api/contract.ts';
import { type AlertRecord, alertJson } from '../detect/alert.ts';
import { SEVERITIES } from '../detect/rule.ts';

/** `evidence` where a capture was kept; without it, what was said earlier stays. */
export type StoredAlert = AlertRecord & { readonly evidence?: Alert['evidence'] };

export type Acknowledgement = NonNullable<Alert['acknowledged']>;

/** Alerts have a cooldown; more than this many are a flood of which the oldest are no loss. */
export const MOST_ALERTS = 100_000;

export const ALERT_SCHEMA = `
CREATE TABLE alerts (
  alert_id TEXT PRIMARY KEY,
  ts REAL NOT NULL,
  kind TEXT NOT NULL,
  severity TEXT NOT NULL,
  severity_rank INTEGER NOT NULL,
  source TEXT,
  target TEXT,
  description TEXT NOT NULL,
  first_seen REAL NOT NULL,
  last_seen REAL NOT NULL,
  count INTEGER NOT NULL,
  suppressed INTEGER NOT NULL,
  acknowledged_by TEXT,
  acknowledged_at REAL,
  acknowledged_note TEXT,
  evidence TEXT,
  record TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX alerts_ts ON alerts (ts, alert_id);
`;

export const severityRank = (severity: Alert['severity']): number => SEVERITIES.indexOf(severity);

export interface AlertRow {
  alert_id: string;
  ts: number;
  record: string;
  evidence: string | null;
  acknowledged_by: string | null;
  acknowledged_at: number | null;
  acknowledged_note: string | null;
}

export const ALERT_COLUMNS = 'alert_id, ts, record, evidence, acknowledged_by, acknowledged_at, acknowledged_note';

export function alertOfRow(row: AlertRow): Alert {
  const { acknowledged_by: by, acknowledged_at: at, acknowledged_note: note } = row;
  return {
    ...(JSON.parse(row.record) as Omit<Alert, 'evidence' | 'acknowledged'>),
    evidence: row.evidence === null ? null : (JSON.parse(row.evidence) as Alert['evidence']),
    acknowledged: by === null || at === null ? null : { by, at, note },
  };
}

export class AlertTable {
  readonly #upsert: StatementSync;
  readonly #acknowledge: StatementSync;
  readonly #removeUntil: StatementSync;
  readonly #removeBeyond: StatementSync;

  constructor(db: DatabaseSync) {
    this.#upsert = db.prepare(`
      INSERT INTO alerts (alert_id, ts, kind, severity, severity_rank, source, target, description, first_seen, last_seen, count,
        suppressed, evidence, record)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (alert_id) DO UPDATE SET ts = excluded.ts, severity = excluded.severity, severity_rank = excluded.severity_rank,
        source = excluded.source, target = excluded.target, description = excluded.description, first_seen = excluded.first_seen,
        last_seen = excluded.last_seen, count = excluded.count, suppressed = excluded.suppressed,
        evidence = coalesce(excluded.evidence, evidence), record = excluded.record`);
    this.#acknowledge = db.prepare('UPDATE alerts SET acknowledged_by = ?, acknowledged_at = ?, acknowledged_note = ? WHERE alert_id = ?');
    this.#removeUntil = db.prepare('DELETE FROM alerts WHERE alert_id IN (SELECT alert_id FROM alerts WHERE ts < ? ORDER BY ts LIMIT ?)');
    this.#removeBeyond = db.prepare(
      'DELETE FROM alerts WHERE alert_id IN (SELECT alert_id FROM alerts ORDER BY ts DESC, alert_id DESC LIMIT ?2 OFFSET ?1)',
    );
  }

  write(alerts: readonly StoredAlert[]): void {
    for (const alert of alerts) {
      const { alert_id, ts, kind, severity, source, target, description, first_seen, last_seen, count, evidence } = alert;
      const seen = [first_seen, last_seen, count, alert.suppressed ? 1 : 0] as const;
      const kept = evidence === undefined || evidence === null ? null : JSON.stringify(evidence);
      const rank = severityRank(severity);
      this.#upsert.run(alert_id, ts, kind, severity, rank, source, target, description, ...seen, kept, alertJson(alert));
    }
  }

  /** null takes it back. False when there is no such alert. */
  acknowledge(alertId: string, word: Acknowledgement | null): boolean {
    return Number(this.#acknowledge.run(word?.by ?? null, word?.at ?? null, word?.note ?? null, alertId).changes) > 0;
  }

  removeUntil(time: number, most: number): number {
    return Number(this.#removeUntil.run(time, most).changes);
  }

  /** Keeps the newest `kept`, removing at most so many. */
  removeBeyond(kept: number, most: number): number {
    return Number(this.#removeBeyond.run(kept, most).changes);
  }
}
