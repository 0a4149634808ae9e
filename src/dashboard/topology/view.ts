/** From graph to screen: `screen = graph × scale + shift`. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

const LEAST_SCALE = 0.05;
const MOST_SCALE = 8;

export const toScreen = (view: View, x: number, y: number): [number, number] => [x * view.scale + view.x, y * view.scale + view.y];
export const toGraph = (view: View, x: number, y: number): [number, number] => [(x - view.x) / view.scale, (y - view.y) / view.scale];

/** Keeps the point of the screen where it is. */
export function zoomAt(view: View, factor: number, x: number, y: number): View {
  const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, view.scale * factor));
  const real = scale / view.scale;
  return { scale, x: x - (x - view.x) * real, y: y - (y - view.y) * real };
}

/** Shows all of the points. */
export function fitView(nodes: readonly { x: number; y: number }[], width: number, height: number): View {
  if (nodes.length === 0) return { scale: 1, x: width / 2, y: height / 2 };
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { x, y } of nodes) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const margin = 40;
  const scale = Math.min((width - 2 * margin) / Math.max(right - left, 1), (height - 2 * margin) / Math.max(bottom - top, 1), 1.6);
  const kept = Math.max(LEAST_SCALE, scale);
  return { scale: kept, x: width / 2 - ((left + right) / 2) * kept, y: height / 2 - ((top + bottom) / 2) * kept };
}
