/** Who changed what, and when: the changes that the API allows. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** The oldest entries go first. */
const MOST_ENTRIES = 100_000;

export const AUDIT_SCHEMA = `
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at REAL NOT NULL,
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  detail TEXT NOT NULL
);
`;

export class AuditTable {
  readonly #add: StatementSync;
  readonly #trim: StatementSync;

  constructor(db: DatabaseSync) {
    this.#add = db.prepare('INSERT INTO audit (at, who, action, detail) VALUES (?, ?, ?, ?) RETURNING id');
    this.#trim = db.prepare('DELETE FROM audit WHERE id <= ?');
  }

  add(at: number, who: string, action: string, detail: string): void {
    const { id } = this.#add.get(at, who, action, detail) as { id: number };
    this.#trim.run(id - MOST_ENTRIES);
  }
}
