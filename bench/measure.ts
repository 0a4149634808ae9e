/** One run of one program: wall time here, memory and processor time from GNU time where it is installed. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchCapture } from './captures.ts';
import type { Peer } from './peer.ts';

export interface Measurement {
  wallSecs: number;
  /** User and system time of all threads; null = not known. */
  cpuSecs: number | null;
  /** Largest resident set; null = not known. */
  peakBytes: number | null;
  /** Null where the program does not say. */
  framesSeen: number | null;
}

const GNU_TIME = '/usr/bin/time';
/** Output beyond this is dropped: some peers print a line per flow. */
const MOST_OUTPUT_BYTES = 1 << 20;
/** A program that takes longer is stopped, with everything that it started, and the bench fails. */
const LIMIT_MS = 300_000;

interface Finished {
  code: number | null;
  output: string;
  wallSecs: number;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}

function run(command: string, args: string[]): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    // A process group of its own: GNU time does not pass signals on.
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const timer = setTimeout(() => killGroup(child.pid), LIMIT_MS);
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('latin1')).slice(-MOST_OUTPUT_BYTES);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output, wallSecs: Number(process.hrtime.bigint() - start) / 1e9 });
    });
  });
}

export async function measure(peer: Peer, capture: BenchCapture): Promise<Measurement> {
  const scratch = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const usage = join(scratch, 'usage');
  const work = mkdtempSync(join(scratch, 'run-'));
  try {
    const { command, arguments: args } = peer.invocation(capture, work);
    const timed = existsSync(GNU_TIME);
    const finished = timed ? await run(GNU_TIME, ['-o', usage, '-f', '%U %S %M', command, ...args]) : await run(command, args);
    if (finished.code !== 0) throw new Error(`${peer.name} ended with ${finished.code}: ${finished.output.trim().slice(-500)}`);
    const [user, system, kilobytes] = timed ? readFileSync(usage, 'utf8').trim().split(' ').map(Number) : [];
    return {
      wallSecs: finished.wallSecs,
      cpuSecs: user === undefined || system === undefined ? null : user + system,
      peakBytes: kilobytes === undefined ? null : kilobytes * 1024,
      framesSeen: peer.framesSeen(finished.output),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The version that a program reports, or null when it is not installed. */
export async function versionOf(peer: Peer, capture: BenchCapture): Promise<string | null> {
  const { command } = peer.invocation(capture, tmpdir());
  try {
    const { output } = await run(command, peer.version.arguments);
    return peer.version.pattern.exec(output)?.[1] ?? 'unknown';
  } catch {
    return null;
  }
}
