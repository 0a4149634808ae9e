/** Draws the graph. A group is a shape and a colour, so that it is known without either. */

import { visibleText } from '../text/visible.ts';
import { inks, type Scheme, seriesColor } from '../theme.ts';
import type { Graph, GraphNode } from './graph.ts';
import { toScreen, type View } from './view.ts';

export interface Scene {
  graph: Graph;
  view: View;
  /** In CSS pixels. */
  width: number;
  height: number;
  scheme: Scheme;
  hovered: string | null;
  chosen: string | null;
  /** Only the chosen node and its neighbours in full. */
  focused: boolean;
  /** Pixels of a rem: text grows with the page. */
  rem: number;
}

/** Nodes grow less than the view, and shrink less. */
const growth = ({ scale }: View): number => Math.min(1.6, Math.max(0.4, Math.sqrt(scale)));

/** Outlines keep neighbours apart; among more nodes they cost more than they show. */
const MOST_OUTLINED = 500;
const MOST_LABELS = 60;
const LABEL_SCALE = 1.1;

type Context = Pick<CanvasRenderingContext2D, 'moveTo' | 'lineTo' | 'arc' | 'rect' | 'closePath'>;

function polygon(context: Context, x: number, y: number, radius: number, corners: number, turn: number): void {
  for (let corner = 0; corner < corners; corner++) {
    const angle = turn + (corner * 2 * Math.PI) / corners;
    const [cx, cy] = [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    if (corner === 0) context.moveTo(cx, cy);
    else context.lineTo(cx, cy);
  }
  context.closePath();
}

/** Circle, square, triangle, diamond, hexagon, triangle on its head; then from the beginning, in another colour. */
export function traceShape(context: Context, groupAt: number, x: number, y: number, radius: number): void {
  const shape = groupAt % 6;
  if (shape === 0) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  } else if (shape === 1) context.rect(x - radius * 0.88, y - radius * 0.88, radius * 1.76, radius * 1.76);
  else if (shape === 2) polygon(context, x, y, radius * 1.25, 3, -Math.PI / 2);
  else if (shape === 3) polygon(context, x, y, radius * 1.2, 4, 0);
  else if (shape === 4) polygon(context, x, y, radius * 1.1, 6, 0);
  else polygon(context, x, y, radius * 1.25, 3, Math.PI / 2);
}

function isLit(scene: Scene, id: string): boolean {
  const { chosen, focused, graph } = scene;
  return !focused || chosen === null || id === chosen || (graph.neighbours.get(chosen)?.has(id) ?? false);
}

function paintLinks(context: CanvasRenderingContext2D, scene: Scene): void {
  const { graph, view, chosen, focused, scheme } = scene;
  // One path per width: thousands of strokes cost more than what they draw.
  const lines = new Map<number, Path2D>();
  const bright = new Path2D();
  for (const { source, target, width } of graph.links) {
    const touches = source.id === chosen || target.id === chosen;
    if (focused && chosen !== null && !touches) continue;
    const step = Math.round(width * 2) / 2;
    const path = touches ? bright : (lines.get(step) ?? new Path2D());
    if (!touches) lines.set(step, path);
    path.moveTo(...toScreen(view, source.x, source.y));
    path.lineTo(...toScreen(view, target.x, target.y));
  }
  context.strokeStyle = inks[scheme].faint;
  context.globalAlpha = graph.links.length > 800 ? 0.28 : 0.45;
  for (const [width, path] of lines) {
    context.lineWidth = Math.max(0.5, width);
    context.stroke(path);
  }
  context.globalAlpha = 1;
  context.strokeStyle = seriesColor(scheme, 0);
  context.lineWidth = 1.75;
  context.stroke(bright);
}

function paintNodes(context: CanvasRenderingContext2D, scene: Scene): void {
  const { graph, view, scheme } = scene;
  const grow = growth(view);
  const byGroup = new Map<number, { lit: Path2D; dim: Path2D }>();
  for (const node of graph.nodes) {
    const paths = byGroup.get(node.groupAt) ?? { lit: new Path2D(), dim: new Path2D() };
    byGroup.set(node.groupAt, paths);
    const [x, y] = toScreen(view, node.x, node.y);
    traceShape(isLit(scene, node.id) ? paths.lit : paths.dim, node.groupAt, x, y, node.radius * grow);
  }
  context.strokeStyle = inks[scheme].surface;
  context.lineWidth = 1;
  for (const [groupAt, { lit, dim }] of byGroup) {
    context.fillStyle = seriesColor(scheme, groupAt);
    context.globalAlpha = 0.18;
    context.fill(dim);
    context.globalAlpha = 1;
    context.fill(lit);
    if (graph.nodes.length <= MOST_OUTLINED) context.stroke(lit);
  }
  context.strokeStyle = inks[scheme].text;
  for (const node of graph.nodes) {
    const marked = node.id === scene.chosen || node.id === scene.hovered;
    if (!marked && !node.pinned) continue;
    const [x, y] = toScreen(view, node.x, node.y);
    context.lineWidth = marked ? 2 : 1;
    context.beginPath();
    context.arc(x, y, node.radius * grow + (marked ? 4 : 2.5), 0, 2 * Math.PI);
    context.stroke();
  }
}

/** The largest in view, and whatever is pointed at, chosen or beside the chosen. */
function labelled(scene: Scene): GraphNode[] {
  const { graph, view, width, height, chosen, hovered } = scene;
  const near = chosen === null ? null : graph.neighbours.get(chosen);
  const inView = graph.nodes.filter((node) => {
    const [x, y] = toScreen(view, node.x, node.y);
    return x > 0 && y > 0 && x < width && y < height && isLit(scene, node.id);
  });
  const wanted = (node: GraphNode) => (node.id === hovered || node.id === chosen ? 2 : (near?.has(node.id) ?? false) ? 1 : 0);
  const most = view.scale > LABEL_SCALE ? MOST_LABELS : Math.min(MOST_LABELS, Math.max(8, Math.round((width * height) / 30_000)));
  return inView.sort((a, b) => wanted(b) - wanted(a) || b.bytes - a.bytes).slice(0, most);
}

function paintLabels(context: CanvasRenderingContext2D, scene: Scene): void {
  const { view, scheme, rem } = scene;
  const size = Math.round(rem * 0.72);
  context.font = `${size}px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  context.lineWidth = 3;
  context.strokeStyle = inks[scheme].surface;
  context.fillStyle = inks[scheme].text;
  const taken: [number, number, number, number][] = [];
  for (const node of labelled(scene)) {
    const text = visibleText(node.label.length > 28 ? `${node.label.slice(0, 27)}…` : node.label);
    const [x, y] = toScreen(view, node.x, node.y);
    const half = context.measureText(text).width / 2;
    const top = y + node.radius * growth(view) + 4;
    const box: [number, number, number, number] = [x - half, top, x + half, top + size];
    if (taken.some(([l, t, r, b]) => box[0] < r && box[2] > l && box[1] < b && box[3] > t)) continue;
    taken.push(box);
    context.strokeText(text, x, top);
    context.fillText(text, x, top);
  }
}

export function paintScene(context: CanvasRenderingContext2D, scene: Scene, pixelRatio: number): void {
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.clearRect(0, 0, scene.width, scene.height);
  paintLinks(context, scene);
  paintNodes(context, scene);
  paintLabels(context, scene);
}
