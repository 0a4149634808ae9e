/** The forces, in steps that leave time for the rest of a painted frame. */
import { type ForceLink, forceLink, forceManyBody, forceSimulation, forceX, forceY, type Simulation } from 'd3-force';
import type { Graph, GraphLink, GraphNode } from './graph.ts';

/** Of the 16 ms of a frame. At least one step is taken whatever it costs, or nothing would ever settle. */
const BUDGET_MS = 7;
const SETTLED = 0.005;

export class Layout {
  private readonly simulation: Simulation<GraphNode, GraphLink>;
  private readonly link: ForceLink<GraphNode, GraphLink>;

  constructor() {
    this.link = forceLink<GraphNode, GraphLink>([]).distance(50).strength(0.25);
    this.simulation = forceSimulation<GraphNode, GraphLink>([])
      .alphaMin(SETTLED)
      .alphaDecay(0.025)
      .velocityDecay(0.45)
      .force('link', this.link)
      .force('charge', forceManyBody<GraphNode>().strength(-90).theta(1).distanceMax(600))
      .force('x', forceX<GraphNode>(0).strength(0.04))
      .force('y', forceY<GraphNode>(0).strength(0.04))
      .stop();
  }

  /** `heat`: how much may move again, 0 to 1. */
  setGraph({ nodes, links }: Graph, heat: number): void {
    this.simulation.nodes(nodes);
    this.link.links(links);
    this.warm(heat);
  }

  warm(heat: number): void {
    if (this.simulation.alpha() < heat) this.simulation.alpha(heat);
  }

  /** False when everything is at rest. */
  step(): boolean {
    if (this.simulation.alpha() < SETTLED) return false;
    const until = performance.now() + BUDGET_MS;
    do this.simulation.tick();
    while (performance.now() < until && this.simulation.alpha() >= SETTLED);
    return true;
  }

  /** The node nearest to a point of the graph. */
  find(x: number, y: number, within: number): GraphNode | null {
    return this.simulation.find(x, y, within) ?? null;
  }
}
