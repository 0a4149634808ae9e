/** The native fast path and the table alone, on the same records: the same rows, counters and ticks, to the last bit. */
import { afterAll, describe, expect, it } from 'vitest';
import type { CreateFastPath } from '../../../src/flow/fast-path.ts';
import type { EngineOptions } from '../../../src/native/engine.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { createRing } from '../../../src/ring/create.ts';
import { type FlowOptions, ShardCounter } from '../../../src/shard/protocol.ts';
import { awkwardCapture, generatedCaptures } from '../../golden/captures.ts';
import { writeGenerated } from '../../support/generated-capture.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { FLOW, Rig } from '../../unit/shard/rig.ts';
import { EngineRun, engineOptions, fileSource } from './engine-run.ts';

const folder = new TemporaryFolder('fast-path');
afterAll(() => folder[Symbol.dispose]());

/** Holds every record of the captures here. */
const WHOLE = 1 << 22;
const addon = loadAddon();

/** The ring as the capture threads leave it: everything in it, nothing read. */
async function recorded(path: string, changes: Partial<EngineOptions> = {}): Promise<Uint8Array<SharedArrayBuffer>> {
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

interface Given {
  flow?: Partial<FlowOptions>;
  detect?: boolean;
}

function drained(ring: Uint8Array, given: Given, createFastPath?: CreateFastPath) {
  const flow = { ...FLOW, maxFlows: 3000, activeTimeoutSecs: 7, ...given.flow };
  const options = { flow, topFlows: 5, summaryFlows: 5, detect: given.detect ?? false, outboxRows: 65_536 };
  const rig = new Rig([copyOf(ring)], { ...options, ...(createFastPath === undefined ? {} : { createFastPath }) }).run();
  return {
    rows: rig.rows.map(({ view }) => Buffer.from(view.buffer).toString('latin1')),
    counters: [...rig.counters].filter((_, slot) => slot !== ShardCounter.TABLE_BYTES),
    ticks: rig.ticks,
  };
}

/** The fast path of the addon, and how many records it took. */
function counting(): { create: CreateFastPath; taken: () => number } {
  let taken = 0;
  return {
    create: (memory) => {
      const native = new addon.FastPath(memory);
      return {
        setIndex: (entries) => native.setIndex(entries),
        run: () => {
          native.run();
          taken += memory.words[5];
        },
      };
    },
    taken: () => taken,
  };
}

const captures = [...generatedCaptures(folder.path), awkwardCapture(folder.file('awkward.pcap'))];
const settings: [string, Given][] = [
  ['everything', {}],
  ['detection', { detect: true }],
  ['no RTT', { flow: { rtt: false } }],
  ['no TCP analysis', { flow: { rtt: false, retransmissions: false, outOfOrder: false } }],
  ['short timeouts, few flows', { flow: { idleTcpSecs: 1, idleUdpSecs: 1, maxFlows: 200 } }],
];

describe('usual packets in C++', () => {
  it.each(captures)('change nothing: $name', async ({ path }) => {
    const ring = await recorded(path);
    for (const [name, given] of settings) {
      const { create } = counting();
      const alone = drained(ring, given);
      expect(alone.rows.length).toBeGreaterThan(0);
      expect(drained(ring, given, create), name).toEqual(alone);
    }
  });

  it('are most packets of ordinary traffic', async () => {
    const path = folder.file('ordinary.pcap');
    writeGenerated(path, { profile: 'imix', packets: 20_000, flows: 400, seed: 1, rate: 5000 });
    const ring = await recorded(path, { tickMs: 1000 });
    const { create, taken } = counting();
    const { counters } = drained(ring, {}, create);
    expect(taken()).toBeGreaterThan(counters[ShardCounter.DEQUEUED] / 2);
  });

  it('are left to the table when VLANs are part of the key', async () => {
    const ring = await recorded(folder.file('mixed-4.pcap'), { vlanAware: true });
    const { create, taken } = counting();
    expect(drained(ring, { flow: { vlanAware: true } }, create)).toEqual(drained(ring, { flow: { vlanAware: true } }));
    expect(taken()).toBe(0);
  });
});

describe('a fast path', () => {
  const memory = {
    ring: createRing(4096),
    hot: new Uint8Array(192),
    cold: new Uint8Array(256),
    coldBytes: 256,
    coldTouch: 192,
    full: true,
    timed: true,
    takesBytes: false,
    tally: new Float64Array(ShardCounter.SLOTS),
    protocols: new Float64Array(512),
    words: new Int32Array(6),
    times: new Float64Array(3),
  };

  it.each([
    ['ring', { ring: new Uint8Array(4096) }],
    ['hot', { hot: new Uint8Array(10) }],
    ['cold', { cold: new Uint8Array(0) }],
    ['coldBytes', { coldBytes: 192 }],
    ['tally', { tally: new Float64Array(3) }],
    ['protocols', { protocols: new Float64Array(256) }],
    ['words', { words: new Int32Array(5) }],
    ['times', { times: new Float64Array(2) }],
  ])('refuses a wrong %s', (name, wrong) => {
    expect(() => new addon.FastPath({ ...memory, ...wrong })).toThrow(new TypeError(`FastPath: wrong ${name}`));
  });

  it('refuses an index that is none', () => {
    const path = new addon.FastPath(memory);
    for (const entries of [new Int32Array(0), new Int32Array(12)]) expect(() => path.setIndex(entries)).toThrow(TypeError);
    expect(() => path.run()).not.toThrow();
  });
});
