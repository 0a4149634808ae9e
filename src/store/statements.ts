/** Prepared statements by their text: queries have many forms, of which a page asks for few. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clause } from './flow-filter.ts';

/** Forgotten all at once when there are more: forms are few, so this never happens in a session of normal use. */
const MOST_STATEMENTS = 200;

export class Statements {
  readonly #db: DatabaseSync;
  readonly #known = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  all<Row>({ sql, parameters }: Clause): Row[] {
    return this.#statement(sql).all(...parameters) as unknown as Row[];
  }

  /** The first row, null when there is none. */
  one({ sql, parameters }: Clause): unknown {
    return this.#statement(sql).get(...parameters) ?? null;
  }

  /** All that happens inside sees one state of the database, whatever is written meanwhile. */
  snapshot<T>(work: () => T): T {
    this.#db.exec('BEGIN');
    try {
      return work();
    } finally {
      this.#db.exec('COMMIT');
    }
  }

  #statement(sql: string): StatementSync {
    const known = this.#known.get(sql);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST_STATEMENTS) this.#known.clear();
    const statement = this.#db.prepare(sql);
    this.#known.set(sql, statement);
    return statement;
  }
}
