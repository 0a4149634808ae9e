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

/** Ways to the ids of candidates through one of the small tables; a condition that has none is only a filter. */
export function candidatesOf(query: FlowQuery): Clause[] {
  const from = query.from ?? LEAST;
  const to = query.to ?? MOST;
  const ways: Clause[] = [];
  if (query.community_id !== null) {
    ways.push({ sql: 'SELECT id FROM flow_communities WHERE prefix = ?', parameters: [communityPrefix(query.community_id)] });
  }
  if (query.mac !== null) {
    const mac = macOf(query.mac) ?? query.mac;
    ways.push({ sql: 'SELECT id FROM flow_macs WHERE mac = ? AND last_seen >= ? AND last_seen < ?', parameters: [mac, from, to] });
  }
  if (query.address !== null) {
    const { low, high, exact } = rangeOf(query.address);
    if (exact) {
      ways.push({
        sql: 'SELECT id FROM flow_addresses WHERE address = ? AND last_seen >= ? AND last_seen < ?',
        parameters: [low, from, to],
      });
    } else ways.push({ sql: 'SELECT id FROM flow_addresses WHERE address >= ? AND address <= ?', parameters: [low, high] });
  }
  if (query.from !== null || query.to !== null) {
    ways.push({ sql: 'SELECT id FROM flows WHERE last_seen >= ? AND last_seen < ?', parameters: [from, to] });
  }
  return ways;
}

/** Table and leading condition by which flows come in an order, and the column of that order. */
export interface Walk {
  table: string;
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
  if (query.sort !== 'last_seen') return { table, column, within: allOf([]), from: LEAST, to: MOST };
  const bounds = { from: query.from ?? LEAST, to: query.to ?? MOST };
  const range = query.address === null ? null : rangeOf(query.address);
  if (range?.exact === true) {
    return { table: 'flow_addresses', column, within: { sql: 'address = ?', parameters: [range.low] }, ...bounds };
  }
  if (query.mac !== null) {
    return { table: 'flow_macs', column, within: { sql: 'mac = ?', parameters: [macOf(query.mac) ?? query.mac] }, ...bounds };
  }
  return { table, column, within: allOf([]), ...bounds };
}
