/** The records of a capture through a shard's table, with the native fast path or without: for tests that compare both. */
import { expect } from 'vitest';
import { createRegistry } from '../../../src/app/dissectors.ts';
import { type CreateFastPath, FastWord } from '../../../src/flow/fast-path.ts';
import type { EngineOptions } from '../../../src/native/engine.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { EndTold } from '../../../src/native/moment-memory.ts';
import { createProcessMemory, QueryReader, RING_QUERIES } from '../../../src/process/memory.ts';
import { createRing } from '../../../src/ring/create.ts';
import { type FlowOptions, ShardCounter } from '../../../src/shard/protocol.ts';
import { FLOW, Rig, type RigOptions } from '../../unit/shard/rig.ts';
import { EngineRun, engineOptions, fileSource } from './engine-run.ts';

/** Holds every record of the captures that are compared: some 5,000 packets. */
const WHOLE = 1 << 22;
const addon = loadAddon();

/** The ring as the capture threads leave it: everything in it, nothing read. */
export async function recorded(path: string, changes: Partial<EngineOptions> = {}): Promise<Uint8Array<SharedArrayBuffer>> {
  const ring = createRing(WHOLE);
  const run = new EngineRun(engineOptions([fileSource(path)], { rings: [[ring]], tap: null, tickMs: 250, ...changes }));
  run.engine.start();
  expect(await run.finished).toBe('eof');
  return ring;
}

function copyOf(ring: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const copy = new Uint8Array(new SharedArrayBuffer(ring.byteLength));
  copy.set(ring);
  return copy;
}

export interface Given {
  flow?: Partial<FlowOptions>;
  detect?: boolean;
  /** Every address is taken for one of this host's. */
  processes?: boolean;
  /** The application layer. */
  app?: boolean;
}

/** What capture threads do for it. */
export const carrying = (): Partial<EngineOptions> => ({ carryBytes: 2048, carryTags: new Uint8Array(4 << 14), carryIdleMs: 10_000 });

function application(): Pick<RigOptions, 'app'> {
  const tags = new SharedArrayBuffer(4 << 14);
  const options = { live: false, builtin: true, ndpi: false, tags, transactions: false, events: false };
  return { app: { options, parts: { registry: createRegistry(), detector: null } } };
}

/** What comes out of a table for these records; of several rings, as from several capture threads. */
export function drained(rings: Uint8Array | Uint8Array[], given: Given, createFastPath?: CreateFastPath) {
  const flow = { ...FLOW, maxFlows: 3000, activeTimeoutSecs: 7, ...given.flow };
  const options = { flow, topFlows: 5, summaryFlows: 5, detect: given.detect ?? false, outboxRows: 65_536 };
  const memory = createProcessMemory(1);
  new Uint8Array(memory.addresses).fill(0xff);
  const processes = given.processes === true ? { processes: memory } : {};
  const rig = new Rig([rings].flat().map(copyOf), {
    ...options,
    ...processes,
    ...(given.app === true ? application() : {}),
    ...(createFastPath === undefined ? {} : { createFastPath }),
  }).run();
  const queries = new QueryReader(memory.rings[0]);
  return {
    rows: rig.rows.map(({ view }) => Buffer.from(view.buffer).toString('latin1')),
    counters: [...rig.counters].filter((_, slot) => slot !== ShardCounter.TABLE_BYTES),
    ticks: rig.ticks,
    queries: queries.take(RING_QUERIES),
    queriesDropped: queries.dropped,
  };
}

/** The fast path of the addon, how many records it took, and of how many flows it told the end. */
export function counting(): { create: CreateFastPath; taken: () => number; ends: () => number } {
  let taken = 0;
  let ends = 0;
  return {
    create: (memory) => {
      const native = new addon.FastPath(memory);
      return {
        setIndex: (entries) => native.setIndex(entries),
        setEntries: (entries) => native.setEntries(entries),
        setEnds: (entries) => native.setEnds(entries),
        dropConfirmed: () => native.dropConfirmed(),
        end: (slot) => {
          const told = native.end(slot);
          if (told !== EndTold.NOT_PLAIN) ends++;
          return told;
        },
        run: () => {
          native.run();
          taken += memory.words[FastWord.TAKEN];
        },
      };
    },
    taken: () => taken,
    ends: () => ends,
  };
}
