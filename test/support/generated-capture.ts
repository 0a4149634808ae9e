/** Capture files from the seeded traffic generator. */
import type { GeneratorSource } from '../../src/native/engine.ts';
import { loadAddon } from '../../src/native/load.ts';

export type Generated = Omit<GeneratorSource, 'kind' | 'rate'> & { rate?: number };

/** Writes the capture and returns its number of frames, which must be what was asked for. */
export function writeGenerated(path: string, { rate = 100_000, ...rest }: Generated): number {
  const frames = loadAddon().writeCapture({ kind: 'generator', rate, ...rest }, path);
  if (frames !== rest.packets) throw new Error(`the generator wrote ${frames} of ${rest.packets} frames`);
  return frames;
}
