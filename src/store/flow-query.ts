/**
 * Pages of flows. Where some condition leads to few candidates, these are gathered and sorted; otherwise flows are walked in
 * the order of the query and filtered, a bounded number per page: a page may then be short, even empty, and still have
 * a next one that goes on where it stopped. No query reads the whole table.
 */
import type { FlowDetail, FlowPage } from '../api/contract.ts';
import type { FlowQuery } from '../api/sources.ts';
import { jsonLine } from '../export/json-encoder.ts';
import { cursorText, placeOf } from './cursor.ts';
import { allOf, type Clause, candidatesOf, conditionsOf, type Sorted, sortColumn, walkOf } from './flow-filter.ts';
import { segmentOf } from './flow-orders.ts';
import { type FlowRow, lineOfRow, recordOfRow } from './flow-row.ts';
import { FlowWalk, type Position } from './flow-walk.ts';
import type { Statements } from './statements.ts';

export interface FlowQueryBounds {
  /** More candidates than this are walked instead: sorting them would take longer than finding a page among them. */
  mostCandidates: number;
  /** Rows looked at for one page, about; reading them takes some 50 ms. */
  mostExamined: number;
}

export const FLOW_QUERY_BOUNDS: FlowQueryBounds = { mostCandidates: 10_000, mostExamined: 16_000 };

/** Each piece that is looked at is so many times as large as all before it. */
const GROWTH = 3;

/** `last` is where the next page goes on; null when nothing is left. */
interface Found {
  rows: FlowRow[];
  last: Position | null;
}

function positionOf(row: FlowRow, column: string): Position {
  return { value: Number((row as unknown as Record<string, unknown>)[column]), id: row.id };
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
    const sorted = this.#sorted();
    const way = this.#fewCandidates(query, sorted);
    const { rows, last } = way === null ? this.#walk(query, sorted, position) : this.#gather(query, way, position);
    return {
      flows: rows.map((row) => lineOfRow(row, recordOfRow(row))),
      next: last === null ? null : cursorText(name, { value: last.value, key: last.id }),
    };
  }

  one(flowId: string): FlowDetail | null {
    const { segments, until } = this.#sorted();
    const row = this.#statements.one({
      sql: `SELECT flows.* FROM (
          SELECT id FROM flow_ids WHERE segment IN (SELECT value FROM json_each(?)) AND flow_id = ?
          UNION ALL SELECT id FROM flows WHERE id > ? AND flow_id = ?
        ) AS found CROSS JOIN flows ON flows.id = found.id ORDER BY flows.id DESC LIMIT 1`,
      parameters: [JSON.stringify(segments), flowId, until, flowId],
    }) as FlowRow | null;
    if (row === null) return null;
    const record = recordOfRow(row);
    return { ...lineOfRow(row, record), record: JSON.parse(jsonLine(record)) as Record<string, unknown> };
  }

  /** The way to the fewest candidates, if they are few; null where walking in order is as good. */
  #fewCandidates(query: FlowQuery, sorted: Sorted): Clause | null {
    if (query.community_id === null && walkOf(query).within.parameters.length > 0) return null;
    if (query.sort === 'last_seen' && query.community_id === null && query.address === null) return null;
    let best: { way: Clause; count: number } | null = null;
    for (const way of candidatesOf(query, sorted)) {
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

  #walk(query: FlowQuery, sorted: Sorted, position: Position | null): Found {
    const filter = conditionsOf(query);
    const walk = new FlowWalk(this.#statements, walkOf(query), sorted, query.descending);
    const rows: FlowRow[] = [];
    let last = position;
    for (let examined = 0; examined < this.#bounds.mostExamined; ) {
      const { ids, reached } = walk.next(last, Math.min(Math.max(examined * GROWTH, query.limit + 1), this.#bounds.mostExamined));
      rows.push(...this.#matching(ids, filter, query, query.limit + 1 - rows.length));
      if (rows.length > query.limit) return this.#cut(rows, query.limit, sortColumn(query.sort));
      if (reached === null) return { rows, last: null };
      last = reached;
      examined += ids.length;
    }
    return { rows, last };
  }

  #matching(ids: readonly number[], filter: Clause, query: FlowQuery, most: number): FlowRow[] {
    const column = sortColumn(query.sort);
    const order = query.descending ? 'DESC' : 'ASC';
    return this.#statements.all<FlowRow>({
      sql: `SELECT flows.* FROM json_each(?) AS piece CROSS JOIN flows ON flows.id = piece.value
        WHERE ${filter.sql} ORDER BY flows.${column} ${order}, flows.id ${order} LIMIT ?`,
      parameters: [JSON.stringify(ids), ...filter.parameters, most],
    });
  }

  #sorted(): Sorted {
    const row = this.#statements.one({ sql: 'SELECT (SELECT min(id) FROM flows) AS first, until FROM flow_sorted', parameters: [] });
    const { first, until } = row as { first: number | null; until: number };
    if (first === null || first > until) return { segments: [], until };
    const oldest = segmentOf(first);
    return { segments: Array.from({ length: segmentOf(until) - oldest + 1 }, (_, index) => oldest + index), until };
  }
}
