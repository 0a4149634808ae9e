/**
 * Pages of flows. Where some condition leads to few candidates, these are gathered and sorted; otherwise flows are walked in
 * the order of the query and filtered, a bounded number per page: a page may then be short, even empty, and still have
 * a next one that goes on where it stopped. No query reads the whole table.
 */
import type { FlowDetail, FlowPage } from '../api/contract.ts';
import type { FlowQuery } from '../api/sources.ts';
import { jsonLine } from '../export/json-encoder.ts';
import { cursorText, placeOf } from './cursor.ts';
import { allOf, type Clause, candidatesOf, conditionsOf, sortColumn, type Walk, walkOf } from './flow-filter.ts';
import { type FlowRow, lineOfRow, recordOfRow } from './flow-row.ts';
import type { Statements } from './statements.ts';

export interface FlowQueryBounds {
  /** More candidates than this are walked instead: sorting them would take longer than finding a page among them. */
  mostCandidates: number;
  /** Rows looked at for one page, about; reading them takes some 50 ms. */
  mostExamined: number;
}

export const FLOW_QUERY_BOUNDS: FlowQueryBounds = { mostCandidates: 20_000, mostExamined: 64_000 };

/** Rows are looked at in pieces that grow. */
const FIRST_PIECE = 500;
const GROWTH = 4;

interface Position {
  value: number;
  id: number;
}

/** `last` is where the next page goes on; null when nothing is left. */
interface Found {
  rows: FlowRow[];
  last: Position | null;
}

function positionOf(row: FlowRow, column: string): Position {
  return { value: Number((row as unknown as Record<string, unknown>)[column]), id: row.id };
}

/** What lies beyond a position in an order: rows of the same value first, then all others; both are ranges of an index. */
function rangesBeyond({ column, from, to }: Walk, position: Position | null, descending: boolean): Clause[] {
  const all = { sql: `${column} >= ? AND ${column} < ?`, parameters: [from, to] };
  if (position === null) return [all];
  const [than, bound] = descending
    ? ['<', { sql: `${column} >= ?`, parameters: [from] }]
    : ['>', { sql: `${column} < ?`, parameters: [to] }];
  return [
    { sql: `${column} = ? AND id ${than} ?`, parameters: [position.value, position.id] },
    allOf([{ sql: `${column} ${than} ?`, parameters: [position.value] }, bound]),
  ];
}

export class FlowQueries {
  readonly #statements: Statements;
  readonly #bounds: FlowQueryBounds;

  constructor(statements: Statements, bounds: FlowQueryBounds) {
    this.#statements = statements;
    this.#bounds = bounds;
  }

  /** @throws SensorError USAGE for a cursor or an address that is none */
  page(query: FlowQuery): FlowPage {
    const name = `${query.sort} ${query.descending ? 'down' : 'up'}`;
    const place = placeOf(query.cursor, name, { value: 'number', key: 'number' });
    const position = place === null ? null : { value: Number(place.value), id: Number(place.key) };
    const way = this.#fewCandidates(query);
    const { rows, last } = way === null ? this.#walk(query, position) : this.#gather(query, way, position);
    return {
      flows: rows.map((row) => lineOfRow(row, recordOfRow(row))),
      next: last === null ? null : cursorText(name, { value: last.value, key: last.id }),
    };
  }

  one(flowId: string): FlowDetail | null {
    const row = this.#statements.one({
      sql: `SELECT flows.* FROM flow_ids CROSS JOIN flows ON flows.id = flow_ids.id
        WHERE flow_ids.flow_id = ? ORDER BY flow_ids.id DESC LIMIT 1`,
      parameters: [flowId],
    }) as FlowRow | null;
    if (row === null) return null;
    const record = recordOfRow(row);
    return { ...lineOfRow(row, record), record: JSON.parse(jsonLine(record)) as Record<string, unknown> };
  }

  /** The way to the fewest candidates, if they are few; null where walking in order is as good. */
  #fewCandidates(query: FlowQuery): Clause | null {
    if (query.community_id === null && walkOf(query).within.parameters.length > 0) return null;
    if (query.sort === 'last_seen' && query.community_id === null && query.address === null) return null;
    let best: { way: Clause; count: number } | null = null;
    for (const way of candidatesOf(query)) {
      const { count } = (this.#statements.one({
        sql: `SELECT count(*) AS count FROM (${way.sql} LIMIT ${this.#bounds.mostCandidates + 1})`,
        parameters: way.parameters,
      }) as { count: number } | null) ?? { count: 0 };
      if (count <= this.#bounds.mostCandidates && (best === null || count < best.count)) best = { way, count };
    }
    return best?.way ?? null;
  }

  #gather(query: FlowQuery, way: Clause, position: Position | null): Found {
    const column = sortColumn(query.sort);
    const [than, order] = query.descending ? ['<', 'DESC'] : ['>', 'ASC'];
    const where = [conditionsOf(query)];
    if (position !== null) {
      where.push({ sql: `(flows.${column}, flows.id) ${than} (?, ?)`, parameters: [position.value, position.id] });
    }
    const filter = allOf(where);
    const rows = this.#statements.all<FlowRow>({
      sql: `SELECT flows.* FROM (SELECT DISTINCT id FROM (${way.sql})) AS candidate CROSS JOIN flows ON flows.id = candidate.id
        WHERE ${filter.sql} ORDER BY flows.${column} ${order}, flows.id ${order} LIMIT ?`,
      parameters: [...way.parameters, ...filter.parameters, query.limit + 1],
    });
    return this.#cut(rows, query.limit, column);
  }

  /** One row more than the page was asked for: if it came, there is a next page. */
  #cut(rows: FlowRow[], limit: number, column: string): Found {
    if (rows.length <= limit) return { rows, last: null };
    const kept = rows.slice(0, limit);
    return { rows: kept, last: positionOf(kept[limit - 1], column) };
  }

  #walk(query: FlowQuery, position: Position | null): Found {
    const walk = walkOf(query);
    const filter = conditionsOf(query);
    const rows: FlowRow[] = [];
    let at = position;
    let piece = Math.max(FIRST_PIECE, query.limit + 1);
    for (let examined = 0; examined < this.#bounds.mostExamined; ) {
      // A position splits the rest into two ranges, so that a crowd of equal values is not read from its beginning.
      let reached: Position | null = null;
      for (const range of rangesBeyond(walk, at, query.descending)) {
        const piecewise = this.#piece(walk, range, query.descending, piece);
        rows.push(...this.#matching(piecewise, filter, walk.column, query.descending, query.limit + 1 - rows.length));
        if (rows.length > query.limit) return this.#cut(rows, query.limit, walk.column);
        reached = this.#end(piecewise, piece);
        examined += piece;
        if (reached !== null) break;
      }
      if (reached === null) return { rows, last: null };
      at = reached;
      piece = Math.min(piece * GROWTH, this.#bounds.mostExamined);
    }
    return { rows, last: at };
  }

  /** The next so many rows of a walk: value of the order, and id. */
  #piece({ table, column, within }: Walk, range: Clause, descending: boolean, size: number): Clause {
    const order = descending ? 'DESC' : 'ASC';
    const where = allOf([within, range]);
    return {
      sql: `SELECT ${column} AS value, id FROM ${table} WHERE ${where.sql} ORDER BY ${column} ${order}, id ${order} LIMIT ?`,
      parameters: [...where.parameters, size],
    };
  }

  #matching(piece: Clause, filter: Clause, column: string, descending: boolean, most: number): FlowRow[] {
    const order = descending ? 'DESC' : 'ASC';
    return this.#statements.all<FlowRow>({
      sql: `SELECT flows.* FROM (${piece.sql}) AS piece CROSS JOIN flows ON flows.id = piece.id
        WHERE ${filter.sql} ORDER BY flows.${column} ${order}, flows.id ${order} LIMIT ?`,
      parameters: [...piece.parameters, ...filter.parameters, most],
    });
  }

  /** The last row of a full piece; null when the range ended within it. */
  #end(piece: Clause, size: number): Position | null {
    return this.#statements.one({
      sql: `SELECT value, id FROM (${piece.sql}) LIMIT 1 OFFSET ?`,
      parameters: [...piece.parameters, size - 1],
    }) as Position | null;
  }
}
