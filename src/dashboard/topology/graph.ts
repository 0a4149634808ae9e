/** The graph as the simulation moves it. Nodes keep their place when the sensor's answer changes around them. */
import type { SimulationLinkDatum, SimulationNodeDatum } from 'd3-force';
import type { Topology } from '../../api/contract.ts';

export interface GraphNode extends SimulationNodeDatum {
  id: string;
  label: string;
  group: string;
  bytes: number;
  flows: number;
  radius: number;
  /** Place of the group in the legend. */
  groupAt: number;
  x: number;
  y: number;
  /** Where a person put it. */
  pinned: boolean;
}

export interface GraphLink extends SimulationLinkDatum<GraphNode> {
  source: GraphNode;
  target: GraphNode;
  value: number;
  flows: number;
  width: number;
}

export interface Graph {
  nodes: GraphNode[];
  links: GraphLink[];
  byId: Map<string, GraphNode>;
  neighbours: Map<string, Set<string>>;
  /** Names of groups, those with most nodes first. */
  groups: { name: string; count: number }[];
}

export const emptyGraph: Graph = { nodes: [], links: [], byId: new Map(), neighbours: new Map(), groups: [] };

/** More cannot be drawn fluidly; the API is asked for no more either. */
export const MOST_NODES = 2000;

/** The golden angle: places on a spiral that never line up. */
const GOLDEN = Math.PI * (3 - Math.sqrt(5));

function groupsOf(nodes: Topology['nodes']): Graph['groups'] {
  const counts = new Map<string, number>();
  for (const { group } of nodes) counts.set(group, (counts.get(group) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

const radiusOf = (bytes: number): number => 4 + Math.min(10, Math.log10(1 + bytes / 1000) * 1.8);
const widthOf = (value: number): number => 0.6 + Math.min(4, Math.log10(1 + value / 1000) * 0.6);

/** `changed` says whether the simulation has something new to settle. */
export function updateGraph(old: Graph, answer: Topology): { graph: Graph; changed: boolean } {
  const groups = groupsOf(answer.nodes);
  const groupAt = new Map(groups.map(({ name }, at) => [name, at]));
  const byId = new Map<string, GraphNode>();
  let fresh = 0;
  for (const { id, label, group, bytes, flows } of answer.nodes.slice(0, MOST_NODES)) {
    const known = old.byId.get(id);
    const at = byId.size;
    const told = { id, label, group, bytes, flows, radius: radiusOf(bytes), groupAt: groupAt.get(group) ?? 0 };
    if (known === undefined) fresh++;
    const distance = 12 * Math.sqrt(at + 1);
    const place = { x: distance * Math.cos(at * GOLDEN), y: distance * Math.sin(at * GOLDEN), pinned: false };
    byId.set(id, known === undefined ? { ...place, ...told } : Object.assign(known, told));
  }
  const links: GraphLink[] = [];
  const neighbours = new Map<string, Set<string>>([...byId.keys()].map((id) => [id, new Set()]));
  for (const { source, target, value, flows } of answer.links) {
    const from = byId.get(source);
    const to = byId.get(target);
    if (from === undefined || to === undefined) continue;
    links.push({ source: from, target: to, value, flows, width: widthOf(value) });
    neighbours.get(source)?.add(target);
    neighbours.get(target)?.add(source);
  }
  const changed = fresh > 0 || byId.size !== old.byId.size || links.length !== old.links.length;
  return { graph: { nodes: [...byId.values()], links, byId, neighbours, groups }, changed };
}

/** Nodes whose label, id or group contains the text. */
export function findNodes({ nodes }: Graph, text: string, most: number): GraphNode[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [];
  const found: GraphNode[] = [];
  for (const node of nodes) {
    if (found.length >= most) break;
    if (`${node.label}\n${node.id}\n${node.group}`.toLowerCase().includes(wanted)) found.push(node);
  }
  return found;
}
