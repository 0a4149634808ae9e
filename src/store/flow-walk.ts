/**
 * Goes through flows in an order, piece by piece. The small tables are in order within each segment only, and some flows
 * still wait for their entries: of each such source the next few are read, and what lies before the end of every source's
 * few is the next piece of the whole.
 */
import { allOf, type Clause, type Sorted, type Walk } from './flow-filter.ts';
import type { Statements } from './statements.ts';

export interface Position {
  value: number;
  id: number;
}

interface Piece {
  ids: number[];
  /** How far the walk has come; null at its end. */
  reached: Position | null;
}

/** A table that has some of the flows in order. */
interface Source {
  table: string;
  where: Clause;
}

/** Of each source at least so many: most pages need few of each, and asking again costs more than a few too many. */
const LEAST_OF_SOURCE = 16;

function sourcesOf({ table, segmented, within }: Walk, { segments, until }: Sorted): Source[] {
  if (!segmented) return [{ table, where: within }];
  // What the walk is within is also a condition of the query, which sorts out those that wait.
  const waiting = { table: 'flows NOT INDEXED', where: { sql: 'id > ?', parameters: [until] } };
  return [waiting, ...segments.map((segment) => ({ table, where: allOf([{ sql: 'segment = ?', parameters: [segment] }, within]) }))];
}

export class FlowWalk {
  readonly #statements: Statements;
  readonly #walk: Walk;
  readonly #sources: Source[];
  readonly #descending: boolean;

  constructor(statements: Statements, walk: Walk, sorted: Sorted, descending: boolean) {
    this.#statements = statements;
    this.#walk = walk;
    this.#sources = sourcesOf(walk, sorted);
    this.#descending = descending;
  }

  /** About so many flows from a position on, at least one unless the end is reached. */
  next(position: Position | null, about: number): Piece {
    const each = Math.max(LEAST_OF_SOURCE, Math.ceil(about / this.#sources.length));
    let found: Position[] = [];
    let reached: Position | null = null;
    for (const source of this.#sources) {
      const some = this.#some(source, position, each);
      found = found.concat(some);
      const end = some.length === each ? some[each - 1] : null;
      if (end !== null && (reached === null || this.#compare(end, reached) < 0)) reached = end;
    }
    const bound = reached;
    const within = bound === null ? found : found.filter((entry) => this.#compare(entry, bound) <= 0);
    return { ids: within.map(({ id }) => id), reached };
  }

  #compare(a: Position, b: Position): number {
    const order = a.value - b.value || a.id - b.id;
    return this.#descending ? -order : order;
  }

  #some(source: Source, position: Position | null, most: number): Position[] {
    let found: Position[] = [];
    for (const range of this.#rangesBeyond(position)) {
      if (found.length < most) found = found.concat(this.#read(source, range, most - found.length));
    }
    return found;
  }

  /** Rows of the same value first, then all others: both are ranges of an index, so a crowd of equal values is not read from its beginning. */
  #rangesBeyond(position: Position | null): Clause[] {
    const { column, from, to } = this.#walk;
    if (position === null) return [{ sql: `${column} >= ? AND ${column} < ?`, parameters: [from, to] }];
    const { value, id } = position;
    if (this.#descending) {
      return [
        { sql: `${column} = ? AND id < ?`, parameters: [value, id] },
        { sql: `${column} < ? AND ${column} >= ?`, parameters: [value, from] },
      ];
    }
    return [
      { sql: `${column} = ? AND id > ?`, parameters: [value, id] },
      { sql: `${column} > ? AND ${column} < ?`, parameters: [value, to] },
    ];
  }

  #read({ table, where }: Source, range: Clause, most: number): Position[] {
    const { column } = this.#walk;
    const order = this.#descending ? 'DESC' : 'ASC';
    const all = allOf([where, range]);
    return this.#statements.all<Position>({
      sql: `SELECT ${column} AS value, id FROM ${table} WHERE ${all.sql} ORDER BY ${column} ${order}, id ${order} LIMIT ?`,
      parameters: [...all.parameters, most],
    });
  }
}
