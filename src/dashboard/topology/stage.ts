/** The canvas at work: moves, paints when something changed, and turns pointers, wheel and keys into view and choice. */
import type { Topology } from '../../api/contract.ts';
import type { Scheme } from '../theme.ts';
import { emptyGraph, type Graph, type GraphNode, updateGraph } from './graph.ts';
import { paintScene } from './paint.ts';
import { Layout } from './simulation.ts';
import { fitView, toGraph, type View, zoomAt } from './view.ts';

export interface StageEvents {
  onChoose: (id: string | null) => void;
  onHover: (id: string | null) => void;
  onSettled: (settled: boolean) => void;
  /** A node was pinned or let go. */
  onPin: () => void;
}

/** How near the pointer must be, in pixels. */
const REACH = 18;

export class Stage {
  graph: Graph = emptyGraph;
  view: View = { scale: 1, x: 0, y: 0 };
  hovered: string | null = null;
  chosen: string | null = null;
  focused = false;
  private readonly layout = new Layout();
  private readonly context: CanvasRenderingContext2D | null;
  private readonly watch: ResizeObserver;
  private scheme: Scheme = 'light';
  private width = 1;
  private height = 1;
  private request = 0;
  private dirty = true;
  private settled = true;
  /** Until somebody moves the view, it follows the graph as it spreads. */
  private follows = true;
  private readonly canvas: HTMLCanvasElement;
  private readonly events: StageEvents;

  constructor(canvas: HTMLCanvasElement, events: StageEvents) {
    this.canvas = canvas;
    this.events = events;
    this.context = canvas.getContext('2d');
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(canvas);
    this.resize();
  }

  stop(): void {
    this.watch.disconnect();
    cancelAnimationFrame(this.request);
  }

  setTopology(answer: Topology): void {
    const first = this.graph.nodes.length === 0;
    const { graph, changed } = updateGraph(this.graph, answer);
    this.graph = graph;
    this.layout.setGraph(graph, first ? 1 : changed ? 0.25 : 0);
    if (this.chosen !== null && !graph.byId.has(this.chosen)) this.choose(null);
    this.wake();
  }

  setScheme(scheme: Scheme): void {
    this.scheme = scheme;
    this.wake();
  }

  setFocused(focused: boolean): void {
    this.focused = focused;
    this.wake();
  }

  choose(id: string | null, show = false): void {
    this.chosen = id;
    const node = id === null ? undefined : this.graph.byId.get(id);
    if (show && node !== undefined) this.centre(node);
    this.events.onChoose(id);
    this.wake();
  }

  /** Holds a node where it is, or lets it go. */
  pin(node: GraphNode, pinned: boolean): void {
    node.pinned = pinned;
    node.fx = pinned ? node.x : null;
    node.fy = pinned ? node.y : null;
    if (!pinned) this.layout.warm(0.2);
    this.events.onPin();
    this.wake();
  }

  drag(node: GraphNode, x: number, y: number): void {
    const [gx, gy] = toGraph(this.view, x, y);
    Object.assign(node, { x: gx, y: gy, fx: gx, fy: gy, pinned: true });
    this.layout.warm(0.12);
    this.wake();
  }

  fit(): void {
    this.follows = true;
    this.view = fitView(this.graph.nodes, this.width, this.height);
    this.wake();
  }

  pan(dx: number, dy: number): void {
    this.follows = false;
    this.view = { ...this.view, x: this.view.x + dx, y: this.view.y + dy };
    this.wake();
  }

  zoom(factor: number, x = this.width / 2, y = this.height / 2): void {
    this.follows = false;
    this.view = zoomAt(this.view, factor, x, y);
    this.wake();
  }

  hit(x: number, y: number): GraphNode | null {
    const [gx, gy] = toGraph(this.view, x, y);
    return this.layout.find(gx, gy, REACH / this.view.scale);
  }

  hover(id: string | null): void {
    if (id === this.hovered) return;
    this.hovered = id;
    this.events.onHover(id);
    this.wake();
  }

  private centre(node: GraphNode): void {
    this.follows = false;
    const scale = Math.max(this.view.scale, 1);
    this.view = { scale, x: this.width / 2 - node.x * scale, y: this.height / 2 - node.y * scale };
  }

  private resize(): void {
    const ratio = window.devicePixelRatio || 1;
    const before = [this.width, this.height];
    this.width = Math.max(1, this.canvas.clientWidth);
    this.height = Math.max(1, this.canvas.clientHeight);
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    const { graph, view, width, height } = this;
    if (this.follows) this.view = fitView(graph.nodes, width, height);
    else this.view = { ...view, x: view.x + (width - before[0]) / 2, y: view.y + (height - before[1]) / 2 };
    this.wake();
  }

  private wake(): void {
    this.dirty = true;
    if (this.request === 0) this.request = requestAnimationFrame(() => this.frame());
  }

  private frame(): void {
    this.request = 0;
    const moving = this.layout.step();
    if (moving && this.follows) this.view = fitView(this.graph.nodes, this.width, this.height);
    if (moving === this.settled) {
      this.settled = !moving;
      this.events.onSettled(this.settled);
    }
    if ((moving || this.dirty) && this.context !== null) {
      const { graph, view, width, height, scheme, hovered, chosen, focused } = this;
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
      paintScene(this.context, { graph, view, width, height, scheme, hovered, chosen, focused, rem }, window.devicePixelRatio || 1);
    }
    this.dirty = false;
    if (moving && this.request === 0) this.request = requestAnimationFrame(() => this.frame());
  }
}
