/**
 * A shard that must not lose the first packets of a capture does its work once before it begins, with generated traffic in
 * a ring, a table and an outbox of its own: code that V8 has not compiled yet takes ten times as long, at a rate at which
 * the ring holds a third of a second. Nothing of it is counted or told.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createCredits } from '../flow/credits.ts';
import type { Addon, EngineOptions } from '../native/engine.ts';
import { ONE_PASS } from '../native/one-pass.ts';
import { createRing } from '../ring/create.ts';
import type { AppParts } from './app-layer.ts';
import { ShardCore } from './core.ts';
import { createOutbox } from './outbox.ts';
import { Control, ShardCounter, type ShardData } from './protocol.ts';

/** Connections of every usual protocol, some of which end while others begin. */
const TRAFFIC = { kind: 'generator', profile: 'apps', packets: 60_000, flows: 3000, seed: 1, rate: 60_000 } as const;
const RING_BYTES = 1 << 20;
const MOST_FLOWS = 8192;
const OUTBOX_ROWS = 1024;
const CARRY_TAGS = 1 << 14;

function engineOptions(ring: Uint8Array, tags: SharedArrayBuffer, { detect, app, flow }: ShardData): EngineOptions {
  return {
    ...ONE_PASS,
    sources: [TRAFFIC],
    rings: [[ring]],
    ...(app === null ? {} : { carryBytes: 2048, carryTags: new Uint8Array(tags), carryIdleMs: 10_000 }),
    tickMs: 100,
    vlanAware: flow.vlanAware,
    arp: detect,
  };
}

interface Stage {
  core: ShardCore;
  counters: SharedArrayBuffer;
}

function stage(data: ShardData, ring: Uint8Array, tags: SharedArrayBuffer, addon: Addon, parts: AppParts | null): Stage {
  const counters = new SharedArrayBuffer(ShardCounter.SLOTS * 8);
  const control = new SharedArrayBuffer(Control.WORDS * 4);
  const core = new ShardCore(
    {
      ...data,
      shard: 0,
      shards: 1,
      rings: [ring],
      outbox: createOutbox(OUTBOX_ROWS),
      control,
      counters,
      credits: createCredits(MOST_FLOWS, 1),
      flow: { ...data.flow, maxFlows: MOST_FLOWS },
      // The ring is full all the time: what is live leaves flows alone then.
      app: data.app === null ? null : { ...data.app, live: false, tags },
      processes: null,
    },
    {
      tick: () => {},
      // Rows are written as long as there is room, and then given up.
      waitForSpace: () => false,
      advise: { random: () => {}, unused: () => {} },
      createFastPath: (memory) => new addon.FastPath(memory),
    },
    parts,
  );
  return { core, counters };
}

/** `parts` are used up. Resolves when everything has been seen once, with the ShardCounters of that. */
export async function rehearse(data: ShardData, addon: Addon, parts: AppParts | null): Promise<Float64Array> {
  const ring = createRing(RING_BYTES);
  const tags = new SharedArrayBuffer(CARRY_TAGS * 4);
  const { core, counters } = stage(data, ring, tags, addon, parts);
  const finished = Promise.withResolvers<void>();
  const engine = new addon.Engine(engineOptions(ring, tags, data), ({ type }) => {
    if (type === 'finished') finished.resolve();
    if (type === 'error') finished.reject(new Error('the rehearsal found no packets'));
  });
  engine.start();
  const drained = async () => {
    while (core.drain() !== 'final') await nextTurn();
  };
  await Promise.all([finished.promise, drained()]);
  return new Float64Array(counters);
}
