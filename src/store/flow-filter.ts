/** What a query asks of flows, as conditions on columns of the table `flows` and as ways to few candidates. */
import type { FlowQuery } from '../api/sources.ts';
import { SensorError } from '../errors.ts';
import { type AddressRange, addressRange, macOf } from './address-key.ts';

export type Parameter = string | number | Uint8Array | null;

/** A piece of SQL with its parameters. */
export interface Clause {
  sql: string;
  parameters: Parameter[];
}

/** Beyond any time, and any number of bytes or packets: so that every walk is a range of an index. */
export const LEAST = -1e300;
export const MOST = 1e300;

export function allOf(clauses: readonly Clause[]): Clause {
  if (clauses.length === 0) return { sql: '1', parameters: [] };
  return { sql: clauses.map(({ sql }) => `(${sql})`).join(' AND '), parameters: clauses.flatMap(({ parameters }) => parameters) };
}

function rangeOf(address: string): AddressRange {
  const range = addressRange(address);
  if (range !== null) return range;
  throw new SensorError('USAGE', `address: '${address}' is neither an address nor a network`, { hint: 'such as 192.0.2.7 or 10.0.0.0/8' });
}

/** What the table `flow_communities` knows of an id. */
const communityPrefix = (communityId: string): string => communityId.slice(2, 7);

function byAddress({ low, high }: AddressRange): Clause {
  return {
    sql: 'flows.client_key BETWEEN ? AND ? OR flows.server_key BETWEEN ? AND ?',
    parameters: [low, high, low, high],
  };
}

/** Everything but the order. @throws SensorError USAGE for an address that is none */
export function conditionsOf(query: FlowQuery): Clause {
  const clauses: Clause[] = [];
  const equal = (column: string, value: string | number | null) => {
    if (value !== null) clauses.push({ sql: `flows.${column} = ?`, parameters: [value] });
  };
  if (query.from !== null) clauses.push({ sql: 'flows.last_seen >= ?', parameters: [query.from] });
  if (query.to !== null) clauses.push({ sql: 'flows.last_seen < ?', parameters: [query.to] });
  if (query.state === 'live') equal('state', 'interim');
  equal('protocol', query.protocol);
  equal('app', query.app);
  equal('direction', query.direction);
  equal('community_id', query.community_id);
  if (query.port !== null) clauses.push({ sql: 'flows.client_port = ? OR flows.server_port = ?', parameters: [query.port, query.port] });
  if (query.host !== null) clauses.push({ sql: 'instr(lower(flows.host), ?) > 0', parameters: [query.host.toLowerCase()] });
  if (query.mac !== null) {
    const mac = macOf(query.mac) ?? query.mac;
    clauses.push({ sql: 'flows.client_mac = ? OR flows.server_mac = ?', parameters: [mac, mac] });
  }
  if (query.address !== null) clauses.push(byAddress(rangeOf(query.address)));
  return allOf(clauses);
}

/** Which flows have entries in the small tables: those of these segments, up to an id. */
export interface Sorted {
  segments: readonly number[];
  until: number;
}

/** Candidates by one of the small tables, and all flows that wait for their entries. */
function way(table: string, condition: string, parameters: Parameter[], { segments, until }: Sorted): Clause {
  return {
    sql: `SELECT id FROM ${table} WHERE segment IN (SELECT value FROM json_each(?)) AND ${condition} UNION ALL SELECT id FROM flows WHERE id > ?`,
    parameters: [JSON.stringify(segments), ...parameters, until],
  };
}

/** Ways to the ids of candidates; a condition that has none is only a filter. */
export function candidatesOf(query: FlowQuery, sorted: Sorted): Clause[] {
  const from = query.from ?? LEAST;
  const to = query.to ?? MOST;
  const ways: Clause[] = [];
  if (query.community_id !== null) ways.push(way('flow_communities', 'prefix = ?', [communityPrefix(query.community_id)], sorted));
  if (query.mac !== null) {
    const mac = macOf(query.mac) ?? query.mac;
    ways.push(way('flow_macs', 'mac = ? AND last_seen >= ? AND last_seen < ?', [mac, from, to], sorted));
  }
  if (query.address !== null) {
    const { low, high, exact } = rangeOf(query.address);
    if (exact) ways.push(way('flow_addresses', 'address = ? AND last_seen >= ? AND last_seen < ?', [low, from, to], sorted));
    else ways.push(way('flow_addresses', 'address >= ? AND address <= ?', [low, high], sorted));
  }
  if (query.from !== null || query.to !== null) {
    ways.push({ sql: 'SELECT id FROM flows WHERE last_seen >= ? AND last_seen < ?', parameters: [from, to] });
  }
  return ways;
}

/** Table and leading condition by which flows come in an order, and the column of that order. */
export interface Walk {
  table: string;
  /** True for a small table: in order within each segment, and without the flows that wait. */
  segmented: boolean;
  column: string;
  /** What is equal in all of the walk. */
  within: Clause;
  /** Bounds of the column: inclusive, exclusive. */
  from: number;
  to: number;
}

const SORTS: Readonly<Record<FlowQuery['sort'], { table: string; column: string }>> = {
  last_seen: { table: 'flows', column: 'last_seen' },
  first_seen: { table: 'flows', column: 'first_seen' },
  bytes: { table: 'flow_bytes', column: 'bytes' },
  packets: { table: 'flow_packets', column: 'packets' },
  duration: { table: 'flow_durations', column: 'duration_secs' },
};

export const sortColumn = (sort: FlowQuery['sort']): string => SORTS[sort].column;

/** The shortest way through flows in the order of the query: of one device or address where the order is that of time. */
export function walkOf(query: FlowQuery): Walk {
  const { table, column } = SORTS[query.sort];
  const segmented = table !== 'flows';
  if (query.sort !== 'last_seen') return { table, segmented, column, within: allOf([]), from: LEAST, to: MOST };
  const bounds = { from: query.from ?? LEAST, to: query.to ?? MOST };
  const range = query.address === null ? null : rangeOf(query.address);
  if (range?.exact === true) {
    return { table: 'flow_addresses', segmented: true, column, within: { sql: 'address = ?', parameters: [range.low] }, ...bounds };
  }
  if (query.mac !== null) {
    return {
      table: 'flow_macs',
      segmented: true,
      column,
      within: { sql: 'mac = ?', parameters: [macOf(query.mac) ?? query.mac] },
      ...bounds,
    };
  }
  return { table, segmented, column, within: allOf([]), ...bounds };
}
