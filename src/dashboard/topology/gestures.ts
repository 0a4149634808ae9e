/** Pointers, wheel and keys on the canvas. Returns the function that ends it. */
import type { GraphNode } from './graph.ts';
import type { Stage } from './stage.ts';

/** A press that moves less is a click. */
const CLICK_PIXELS = 4;
const PAN_STEP = 40;

interface Press {
  node: GraphNode | null;
  x: number;
  y: number;
  moved: boolean;
}

interface Spot {
  x: number;
  y: number;
}

function spotOf(canvas: HTMLCanvasElement, event: { clientX: number; clientY: number }): Spot {
  const box = canvas.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

/** Two fingers: their middle and how far apart they are. */
function pinchOf(fingers: Map<number, Spot>): { middle: Spot; gap: number } {
  const [a, b] = [...fingers.values()];
  return { middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, gap: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
}

function pointerGestures(canvas: HTMLCanvasElement, stage: Stage, signal: AbortSignal): void {
  const fingers = new Map<number, Spot>();
  let press: Press | null = null;
  canvas.addEventListener(
    'pointerdown',
    (event) => {
      canvas.setPointerCapture(event.pointerId);
      const spot = spotOf(canvas, event);
      fingers.set(event.pointerId, spot);
      press = fingers.size === 1 ? { node: stage.hit(spot.x, spot.y), ...spot, moved: false } : null;
    },
    { signal },
  );
  canvas.addEventListener(
    'pointermove',
    (event) => {
      const spot = spotOf(canvas, event);
      const before = fingers.get(event.pointerId);
      if (before === undefined) {
        const node = stage.hit(spot.x, spot.y);
        canvas.style.cursor = node === null ? 'grab' : 'pointer';
        stage.hover(node?.id ?? null);
        return;
      }
      if (fingers.size === 2) {
        const old = pinchOf(fingers);
        fingers.set(event.pointerId, spot);
        const now = pinchOf(fingers);
        stage.pan(now.middle.x - old.middle.x, now.middle.y - old.middle.y);
        stage.zoom(now.gap / old.gap, now.middle.x, now.middle.y);
        return;
      }
      fingers.set(event.pointerId, spot);
      if (press === null) return;
      press.moved ||= Math.hypot(spot.x - press.x, spot.y - press.y) > CLICK_PIXELS;
      if (!press.moved) return;
      if (press.node === null) stage.pan(spot.x - before.x, spot.y - before.y);
      else stage.drag(press.node, spot.x, spot.y);
    },
    { signal },
  );
  const release = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    const ended = press;
    press = null;
    if (ended === null || event.type === 'pointercancel') return;
    if (!ended.moved) stage.choose(ended.node?.id ?? null);
    else if (ended.node !== null) stage.pin(ended.node, true);
  };
  canvas.addEventListener('pointerup', release, { signal });
  canvas.addEventListener('pointercancel', release, { signal });
  canvas.addEventListener('pointerleave', () => stage.hover(null), { signal });
  const toggle = (event: MouseEvent) => {
    const spot = spotOf(canvas, event);
    const node = stage.hit(spot.x, spot.y);
    if (node !== null) stage.pin(node, !node.pinned);
  };
  canvas.addEventListener('dblclick', toggle, { signal });
}

export function listen(canvas: HTMLCanvasElement, stage: Stage): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  pointerGestures(canvas, stage, signal);
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const spot = spotOf(canvas, event);
      stage.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0018)), spot.x, spot.y);
    },
    { signal, passive: false },
  );
  const keys = new Map<string, () => void>([
    ['ArrowLeft', () => stage.pan(PAN_STEP, 0)],
    ['ArrowRight', () => stage.pan(-PAN_STEP, 0)],
    ['ArrowUp', () => stage.pan(0, PAN_STEP)],
    ['ArrowDown', () => stage.pan(0, -PAN_STEP)],
    ['+', () => stage.zoom(1.25)],
    ['=', () => stage.zoom(1.25)],
    ['-', () => stage.zoom(0.8)],
    ['0', () => stage.fit()],
    ['Escape', () => stage.choose(null)],
  ]);
  canvas.addEventListener(
    'keydown',
    (event) => {
      const act = keys.get(event.key);
      if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    },
    { signal },
  );
  return () => abort.abort();
}
