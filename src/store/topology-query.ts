/** Who talked with whom in a range of time, as a graph of the largest nodes. */
import type { Topology } from '../api/contract.ts';
import type { TopologyQuery } from '../api/sources.ts';
import { addressBytes } from '../flow/address-bytes.ts';
import { isInternal } from '../flow/host-direction.ts';
import { extentOf, stepFor } from './extent.ts';
import type { Statements } from './statements.ts';
import { bucketOf } from './stats-table.ts';
import { OTHERS } from './usage-sums.ts';
import { USAGE_STEPS } from './usage-table.ts';

type Node = Topology['nodes'][number];
type Link = Topology['links'][number];

interface Row {
  source: string;
  target: string;
  bytes: number;
  flows: number;
}

const BUCKETS = 24;

const LINKS = `
  SELECT source, target, sum(bytes) AS bytes, sum(flows) AS flows FROM link_usage
  WHERE step_secs = ? AND time >= ? AND time < ? AND kind = ? GROUP BY source, target`;

/** Nodes with the sums of their links; a link from a node to itself counts once. */
function nodesOf(rows: readonly Row[]): Map<string, { bytes: number; flows: number }> {
  const nodes = new Map<string, { bytes: number; flows: number }>();
  for (const { source, target, bytes, flows } of rows) {
    for (const id of source === target ? [source] : [source, target]) {
      const node = nodes.get(id);
      if (node === undefined) nodes.set(id, { bytes, flows });
      else {
        node.bytes += bytes;
        node.flows += flows;
      }
    }
  }
  return nodes;
}

/** One link per pair, whichever of them began; none from a node to itself. */
function linksBetween(rows: readonly Row[], nodes: ReadonlySet<string>): Link[] {
  const links = new Map<string, Link>();
  for (const { source, target, bytes, flows } of rows) {
    if (source === target || !nodes.has(source) || !nodes.has(target)) continue;
    const known = links.get(`${target} ${source}`) ?? links.get(`${source} ${target}`);
    if (known === undefined) links.set(`${source} ${target}`, { source, target, value: bytes, flows });
    else {
      known.value += bytes;
      known.flows += flows;
    }
  }
  return [...links.values()].sort((a, b) => b.value - a.value);
}

/** `internal`, `external`, `multicast` or `others`, for an address or a network. */
function groupOf(id: string): string {
  if (id === OTHERS) return 'others';
  const bytes = addressBytes(id.replace(/\/\d+$/, ''));
  if (bytes === null) return 'others';
  const ipv6 = bytes.length === 16;
  if (ipv6 ? bytes[0] === 0xff : bytes[0] >= 224) return 'multicast';
  return isInternal(bytes, 0, ipv6) ? 'internal' : 'external';
}

export class TopologyQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  topology(query: TopologyQuery): Topology {
    const extent = extentOf(this.#statements, query);
    if (extent === null) return { nodes: [], links: [], hidden: 0 };
    const step = stepFor(USAGE_STEPS, extent, BUCKETS);
    const rows = this.#statements.all<Row>({ sql: LINKS, parameters: [step, bucketOf(extent.from, step), extent.to, query.by] });
    const sums = [...nodesOf(rows)].sort(([a, x], [b, y]) => y.bytes - x.bytes || (a < b ? -1 : 1));
    const nodes = sums.slice(0, query.limit).map(([id, sum]) => this.#node(id, sum));
    return { nodes, links: linksBetween(rows, new Set(nodes.map(({ id }) => id))), hidden: sums.length - nodes.length };
  }

  #node(id: string, { bytes, flows }: { bytes: number; flows: number }): Node {
    const device = this.#statements.one({
      sql: 'SELECT hostname, ips, kind FROM devices WHERE mac = ?',
      parameters: [id],
    }) as { hostname: string | null; ips: string; kind: string } | null;
    if (device === null) return { id, label: id === OTHERS ? 'others' : id, group: groupOf(id), bytes, flows };
    const [ip] = device.ips.split(' ');
    return { id, label: device.hostname ?? (ip === '' ? id : ip), group: device.kind, bytes, flows };
  }
}
