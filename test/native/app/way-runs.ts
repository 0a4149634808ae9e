/** Captures through a shard whose applications native readers find out, and through one that leaves them to the parsers. */
import { writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { createRegistry } from '../../../src/app/dissectors.ts';
import { F_HASH_LO } from '../../../src/flow/row.ts';
import type { EngineOptions } from '../../../src/native/engine.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { createRing } from '../../../src/ring/create.ts';
import { type FlowOptions, ShardCounter } from '../../../src/shard/protocol.ts';
import { readCapture } from '../../fixtures/read-capture.ts';
import { countingFlows, type NativeCounts } from '../../support/app/both-ways.ts';
import { withToldNames } from '../../support/app/told-names.ts';
import { FLOW, Rig } from '../../unit/shard/rig.ts';
import { classicCapture, NANOSECONDS, type Stamped } from '../engine/capture-bytes.ts';
import { EngineRun, engineOptions, fileSource } from '../engine/engine-run.ts';

const addon = loadAddon();
const TAGS = 4096;
/** Bytes that a packet brings, as in the sensor. */
const CARRIED = 16_896;

export type Ring = Uint8Array<SharedArrayBuffer>;
export type Random = (below: number) => number;

/** Numbers that are the same for a seed. */
export function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The ring of a capture with every packet's bytes; `changes` may damage them. */
export async function ringOf(path: string, ringBytes: number, changes: Partial<EngineOptions> = {}): Promise<Ring> {
  const ring = createRing(ringBytes);
  const carryTags = new Uint8Array(new SharedArrayBuffer(4 * TAGS));
  const options = { rings: [[ring]], tap: null, tickMs: 250, carryBytes: CARRIED, carryTags, ...changes };
  const run = new EngineRun(engineOptions([fileSource(path)], options));
  run.engine.start();
  expect(await run.finished).toBe('eof');
  return ring;
}

/** Writes a capture of frames of another, in whatever order they are then. */
export function rewrite(path: string, to: string, change: (frames: Stamped[]) => Stamped[]): string {
  const frames = readCapture(path).frames.map(({ sec, nsec, bytes }) => ({ sec, nsec, bytes }));
  writeFileSync(to, classicCapture(change(frames), NANOSECONDS));
  return to;
}

/** The capture of another port: that to which its first frame goes becomes `port`. IPv4 over Ethernet; checksums are not. */
export function atPort(path: string, to: string, port: number): string {
  return rewrite(path, to, (frames) => {
    const at = (bytes: Uint8Array) => 14 + (bytes[14] & 15) * 4;
    const server = Buffer.from(frames[0].bytes).readUInt16BE(at(frames[0].bytes) + 2);
    for (const { bytes } of frames) {
      const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      for (const place of [at(bytes), at(bytes) + 2]) if (view.readUInt16BE(place) === server) view.writeUInt16BE(port, place);
    }
    return frames;
  });
}

export interface Way {
  detect?: boolean;
  live?: boolean;
  flow?: Partial<FlowOptions>;
  /** Largest flows of each tick that are told, with their notes. */
  top?: number;
  /** Every so many batches, live flows are looked at. */
  snapshotEvery?: number;
}

function run(rings: readonly Ring[], way: Way, counts: NativeCounts | null) {
  const copies = rings.map((ring) => {
    const copy = new Uint8Array(new SharedArrayBuffer(ring.byteLength));
    copy.set(ring);
    return copy;
  });
  const tags = new SharedArrayBuffer(4 * TAGS);
  const rig = new Rig(copies, {
    flow: { ...FLOW, maxFlows: 20_000, ...way.flow },
    outboxRows: 65_536,
    summaryFlows: 5,
    topFlows: way.top ?? 5,
    detect: way.detect ?? false,
    app: {
      options: { live: way.live ?? false, builtin: true, ndpi: false, tags, transactions: false, events: false },
      parts: { registry: createRegistry(), detector: null },
    },
    createFastPath: (memory) => new addon.FastPath(memory),
    ...(counts === null ? {} : { createAppFlows: countingFlows(counts) }),
  });
  const snapshots: { rows: string; notes: string[] }[] = [];
  for (let batch = 1; rig.core.drain() === 'progress'; batch++) {
    if (batch % (way.snapshotEvery ?? Number.POSITIVE_INFINITY) !== 0) continue;
    const { rows, notes } = rig.core.snapshot(1000);
    snapshots.push({ rows: Buffer.from(rows).toString('latin1'), notes });
  }
  return {
    rows: rig.rows.map(({ view }) => Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('latin1')),
    counters: [...rig.counters].filter((_, slot) => slot !== ShardCounter.TABLE_BYTES),
    ticks: rig.ticks.map(withToldNames),
    snapshots: snapshots.flatMap(({ rows, notes }) => [rows, ...notes]),
    // Without generations: how often a flow that is done is told of depends on which packets the fast path takes.
    tags: [...new Uint32Array(tags)].map((tag) => `${tag >>> 16} ${tag & 3}`),
    failures: rig.failures(),
    count: (counter: number) => rig.counters[counter],
  };
}

export interface Compared extends NativeCounts {
  /** Of the shard with native readers. */
  natively: ReturnType<typeof run>;
  names: number;
}

/** Tags of several flows: they are of the one that was told of last, and how often each is told of differs. */
function sharedTags(rows: readonly string[]): Set<number> {
  const hashes = new Map<number, number>();
  const shared = new Set<number>();
  for (const text of rows) {
    const hash = Buffer.from(text, 'latin1').readUInt32LE(F_HASH_LO);
    const tag = hash % TAGS;
    if ((hashes.get(tag) ?? hash) !== hash) shared.add(tag);
    hashes.set(tag, hash);
  }
  return shared;
}

/** Compares all that comes out of both. One by one: a difference of megabytes takes minutes to print. */
export function bothWays(rings: readonly Ring[], way: Way = {}): Compared {
  const counts = { closed: 0, released: 0 };
  const alone = run(rings, way, null);
  const natively = run(rings, way, counts);
  expect(natively.counters).toEqual(alone.counters);
  for (const part of ['rows', 'snapshots', 'ticks'] as const) {
    expect(natively[part].length, part).toBe(alone[part].length);
    for (const [i, one] of alone[part].entries()) {
      if (!isDeepStrictEqual(natively[part][i], one)) expect(natively[part][i], `${part} ${i}`).toEqual(one);
    }
  }
  const shared = sharedTags(alone.rows);
  expect(natively.tags.filter((tag, i) => tag !== alone.tags[i] && !shared.has(i))).toEqual([]);
  expect(natively.failures).toEqual(alone.failures);
  return { natively, names: natively.ticks.reduce((sum, tick) => sum + tick.names.length, 0), ...counts };
}
