/** The bar that shows how far a replay is. Only on a terminal, and only on standard error. */
import { basename } from 'node:path';
import { SingleBar } from 'cli-progress';
import { printable } from '../packet/text.ts';
import type { Progress } from '../sensor-events.ts';

const MIB = 1024 * 1024;

export interface ProgressView {
  update(progress: Progress): void;
  /** Removes the bar, so that other text starts on a clean line. */
  stop(): void;
}

/** Draws nothing; where standard error is no terminal. */
export const NO_PROGRESS: ProgressView = { update: () => {}, stop: () => {} };

export function progressBar(stream: NodeJS.WritableStream): ProgressView {
  const bar = new SingleBar({
    stream,
    format: '{bar} {percentage}% {file} ({value}/{total} MiB)',
    barsize: 24,
    hideCursor: null,
    clearOnComplete: true,
    fps: 5,
    etaBuffer: 1,
    noTTYOutput: false,
    emptyOnZero: true,
  });
  let started = false;
  return {
    update: ({ file, bytesRead, bytesTotal }) => {
      // A pipe has no size, so there is nothing to be a part of.
      if (bytesTotal <= 0) return;
      const total = Math.max(1, Math.ceil(bytesTotal / MIB));
      const value = Math.min(total, Math.round(bytesRead / MIB));
      const payload = { file: printable(basename(file)) };
      if (started) {
        bar.setTotal(total);
        bar.update(value, payload);
      } else {
        bar.start(total, value, payload);
        started = true;
      }
    },
    stop: () => {
      if (started) bar.stop();
      started = false;
    },
  };
}
