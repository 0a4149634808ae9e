/** Medians of the rounds, as rows of the report and of the JSON. */
import type { BenchCapture } from './captures.ts';
import type { Measurement } from './measure.ts';
import { median, medianKnown } from './statistics.ts';

export interface Row {
  capture: string;
  frames: number;
  program: string;
  rounds: number;
  /** As measured from outside. */
  wall_secs: number;
  wall_min_secs: number;
  wall_max_secs: number;
  /** Of each round. */
  wall_rounds_secs: number[];
  /** Wall time without that of an empty capture for Weir; the wall time for the others. */
  net_secs: number;
  mpps: number;
  cpu_secs: number | null;
  peak_bytes: number | null;
  /** Net time over Weir's with one shard: above 1 is slower than Weir. Null before Weir was measured. */
  times_weir: number | null;
  frames_seen: number | null;
}

export class Results {
  readonly rows: Row[] = [];
  readonly #startupSecs: ReadonlyMap<string, number>;

  /** `startupSecs`: wall time of an empty capture by program, only of those from which it is to be subtracted. */
  constructor(startupSecs: ReadonlyMap<string, number>) {
    this.#startupSecs = startupSecs;
  }

  add(capture: BenchCapture, program: string, runs: readonly Measurement[]): void {
    const walls = runs.map((run) => run.wallSecs);
    const wall = median(walls);
    const net = Math.max(wall - (this.#startupSecs.get(program) ?? 0), 1e-3);
    this.rows.push({
      capture: capture.name,
      frames: capture.frames,
      program,
      rounds: runs.length,
      wall_secs: wall,
      wall_min_secs: Math.min(...walls),
      wall_max_secs: Math.max(...walls),
      wall_rounds_secs: walls,
      net_secs: net,
      mpps: capture.frames / net / 1e6,
      cpu_secs: medianKnown(runs.map((run) => run.cpuSecs)),
      peak_bytes: medianKnown(runs.map((run) => run.peakBytes)),
      times_weir: null,
      frames_seen: medianKnown(runs.map((run) => run.framesSeen)),
    });
  }

  /** Fills `times_weir` once all programs of a capture are there. */
  compare(capture: string, reference: string): void {
    const base = this.find(capture, reference);
    if (base === undefined) return;
    for (const row of this.rows) if (row.capture === capture) row.times_weir = row.net_secs / base.net_secs;
  }

  find(capture: string, program: string): Row | undefined {
    return this.rows.find((row) => row.capture === capture && row.program === program);
  }

  /** Rows whose program says that it saw another number of frames than the capture has: their times mean nothing. */
  incomplete(): Row[] {
    return this.rows.filter((row) => row.frames_seen !== null && row.frames_seen !== row.frames);
  }
}
