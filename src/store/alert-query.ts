/** Pages of alerts, newest first. */
import type { Alert, AlertPage } from '../api/contract.ts';
import type { AlertQuery } from '../api/sources.ts';
import { ALERT_COLUMNS, type AlertRow, alertOfRow, severityRank } from './alert-table.ts';
import { cursorText, placeOf } from './cursor.ts';
import { allOf, type Clause, LEAST, MOST } from './flow-filter.ts';
import type { Statements } from './statements.ts';

const ORDER = 'ts down';

function conditionsOf(query: AlertQuery): Clause[] {
  const clauses: Clause[] = [{ sql: 'ts >= ? AND ts < ?', parameters: [query.from ?? LEAST, query.to ?? MOST] }];
  const add = (sql: string, ...parameters: (string | number)[]) => clauses.push({ sql, parameters });
  if (query.kind !== null) add('kind = ?', query.kind);
  if (query.severity !== null) add('severity_rank >= ?', severityRank(query.severity));
  if (query.source !== null) add('source = ?', query.source);
  if (query.target !== null) add('target = ?', query.target);
  if (query.acknowledged !== null) add(query.acknowledged ? 'acknowledged_by IS NOT NULL' : 'acknowledged_by IS NULL');
  if (!query.suppressed) add('suppressed = 0');
  return clauses;
}

export class AlertQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** @throws SensorError USAGE for a cursor that is none */
  page(query: AlertQuery): AlertPage {
    const place = placeOf(query.cursor, ORDER, { value: 'number', key: 'string' });
    const clauses = conditionsOf(query);
    if (place !== null) clauses.push({ sql: '(ts, alert_id) < (?, ?)', parameters: [place.value, place.key] });
    const filter = allOf(clauses);
    const rows = this.#statements.all<AlertRow>({
      sql: `SELECT ${ALERT_COLUMNS} FROM alerts WHERE ${filter.sql} ORDER BY ts DESC, alert_id DESC LIMIT ?`,
      parameters: [...filter.parameters, query.limit + 1],
    });
    const kept = rows.slice(0, query.limit);
    const last = kept.at(-1);
    return {
      alerts: kept.map(alertOfRow),
      next: rows.length > query.limit && last !== undefined ? cursorText(ORDER, { value: last.ts, key: last.alert_id }) : null,
    };
  }

  one(alertId: string): Alert | null {
    const row = this.#statements.one({
      sql: `SELECT ${ALERT_COLUMNS} FROM alerts WHERE alert_id = ?`,
      parameters: [alertId],
    }) as AlertRow | null;
    return row === null ? null : alertOfRow(row);
  }
}
