/** Screenshots small enough to keep beside the tests: the same picture with at most 256 colours. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

interface Pixels {
  width: number;
  height: number;
  /** Red, green and blue as one number each. */
  colors: Uint32Array;
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const MOST_COLORS = 256;

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [toLeft, toAbove, toCorner] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/** Undoes the filters of the lines, in place (PNG, section 9). */
function unfilter(bytes: Buffer, stride: number, pixelBytes: number): void {
  for (let line = 0; line < bytes.length; line += stride + 1) {
    const filter = bytes[line];
    for (let at = line + 1; at <= line + stride; at++) {
      const inside = at - line > pixelBytes;
      const left = inside ? bytes[at - pixelBytes] : 0;
      const above = line > 0 ? bytes[at - stride - 1] : 0;
      const corner = inside && line > 0 ? bytes[at - stride - 1 - pixelBytes] : 0;
      bytes[at] += [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter];
    }
  }
}

/** Eight bits each of red, green, blue, with or without alpha, not interlaced: what browsers write. */
function readPng(file: Buffer): Pixels {
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  const pixelBytes = file[25] === 6 ? 4 : 3;
  const parts: Buffer[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    if (file.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const bytes = inflateSync(Buffer.concat(parts));
  const stride = width * pixelBytes;
  unfilter(bytes, stride, pixelBytes);
  const colors = Uint32Array.from({ length: width * height }, (_, index) =>
    bytes.readUIntBE(Math.floor(index / width) * (stride + 1) + 1 + (index % width) * pixelBytes, 3),
  );
  return { width, height, colors };
}

const distance = (a: number, b: number): number =>
  ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2;

/** The colours of most pixels, none close to another. */
function paletteOf(counts: ReadonlyMap<number, number>): number[] {
  const buckets = new Set<number>();
  const palette: number[] = [];
  for (const [color] of [...counts].toSorted(([, a], [, b]) => b - a)) {
    const bucket = color & 0xf0f0f0;
    if (buckets.has(bucket) && palette.some((taken) => distance(taken, color) < 300)) continue;
    buckets.add(bucket);
    palette.push(color);
    if (palette.length === MOST_COLORS) break;
  }
  return palette;
}

export function smallPng(file: Buffer): Buffer {
  const { width, height, colors } = readPng(file);
  const counts = new Map<number, number>();
  for (const color of colors) counts.set(color, (counts.get(color) ?? 0) + 1);
  const palette = paletteOf(counts);
  const nearest = new Map<number, number>();
  for (const color of counts.keys()) {
    let best = 0;
    for (let index = 1; index < palette.length; index++) {
      if (distance(palette[index], color) < distance(palette[best], color)) best = index;
    }
    nearest.set(color, best);
  }
  const lines = Buffer.alloc((width + 1) * height);
  colors.forEach((color, index) => {
    lines[Math.floor(index / width) * (width + 1) + 1 + (index % width)] = nearest.get(color) ?? 0;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits, a palette.
  header.set([8, 3], 8);
  const table = Buffer.from(palette.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', table),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
