/** Flows that live now, as lines of a table: from the records that the shards give. */
import { BlockList, isIPv4 } from 'node:net';
import type { FlowRecord } from '../flow/record.ts';
import { type FlowLookups, flowLine } from '../store/flow-line.ts';
import type { Flow, FlowPage } from './contract.ts';
import { ApiProblem } from './problem.ts';
import type { FlowQuery } from './sources.ts';

/** Of most bytes: asking for all of a full table would cost the shards more than anybody reads. */
export const LIVE_FLOWS_LOOKED_AT = 2000;

const SORT_KEYS: Record<FlowQuery['sort'], (flow: Flow) => number> = {
  last_seen: (flow) => flow.last_seen,
  first_seen: (flow) => flow.first_seen,
  bytes: (flow) => flow.bytes,
  packets: (flow) => flow.packets,
  duration: (flow) => flow.duration_secs,
};

function addressTest(address: string): (flow: Flow) => boolean {
  const [ip = '', bits] = address.split('/');
  const family = isIPv4(ip) ? 'ipv4' : 'ipv6';
  const network = new BlockList();
  network.addSubnet(ip, bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits), family);
  const isInside = (text: string): boolean => isIPv4(text) === (family === 'ipv4') && network.check(text, family);
  return (flow) => isInside(flow.initiator.ip) || isInside(flow.responder.ip);
}

/** The filters of a query as one test. */
function filterOf(query: FlowQuery): (flow: Flow) => boolean {
  const { from, to, mac, address, port, protocol, app, direction, host, community_id } = query;
  const tests: ((flow: Flow) => boolean)[] = [];
  const ends = (test: (side: Flow['initiator']) => boolean) => tests.push((flow) => test(flow.initiator) || test(flow.responder));
  if (from !== null) tests.push((flow) => flow.last_seen >= from);
  if (to !== null) tests.push((flow) => flow.first_seen < to);
  if (mac !== null) ends((side) => side.mac === mac);
  if (port !== null) ends((side) => side.port === port);
  if (address !== null) tests.push(addressTest(address));
  if (protocol !== null) tests.push((flow) => flow.protocol === protocol);
  if (app !== null) tests.push((flow) => flow.app === app);
  if (direction !== null) tests.push((flow) => flow.direction === direction);
  if (host !== null) tests.push((flow) => flow.host?.toLowerCase().includes(host.toLowerCase()) ?? false);
  if (community_id !== null) tests.push((flow) => flow.community_id === community_id);
  return (flow) => tests.every((test) => test(flow));
}

/** A cursor is the place of the last line in the order, so that lines that come and go in between move nothing. */
function placeOf(cursor: string): { value: number; id: string } {
  const match = /^([0-9.e+-]{1,32})~([A-Za-z0-9_-]{1,64})$/.exec(cursor);
  const value = Number(match?.[1]);
  if (match === null || !Number.isFinite(value)) {
    throw new ApiProblem(400, `parameter 'cursor' is '${cursor.slice(0, 80)}'; allowed is a cursor that the page before gave as next`);
  }
  return { value, id: match[2] };
}

/** One page of live flows: filtered, in order, from the cursor on. */
export function pageOfLive(records: readonly FlowRecord[], query: FlowQuery, lookups: FlowLookups): FlowPage {
  const key = SORT_KEYS[query.sort];
  const sign = query.descending ? -1 : 1;
  const compare = (aValue: number, aId: string, bValue: number, bId: string): number =>
    sign * (aValue - bValue) || (aId < bId ? -1 : aId > bId ? 1 : 0);
  const place = query.cursor === null ? null : placeOf(query.cursor);
  const rows = records
    .map((record) => flowLine(record, 'live', lookups))
    .filter(filterOf(query))
    .filter((flow) => place === null || compare(key(flow), flow.flow_id, place.value, place.id) > 0)
    .sort((a, b) => compare(key(a), a.flow_id, key(b), b.flow_id));
  const flows = rows.slice(0, query.limit);
  const last = flows.at(-1);
  return { flows, next: rows.length > flows.length && last !== undefined ? `${key(last)}~${last.flow_id}` : null };
}
