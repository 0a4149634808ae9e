/** From the constructor to after the end: what may be called when, and what keeps an engine alive. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, it } from 'vitest';
import type { EngineEvent, EngineOptions } from '../../../src/native/engine.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { createRing } from '../../../src/ring/create.ts';
import { RecordKind } from '../../../src/ring/layout.ts';
import { sleep, until } from '../../support/command.ts';
import { openDescriptors } from '../../support/processes.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { EngineRun, engineOptions, RecordReader, replay } from './engine-run.ts';

const folder = new TemporaryFolder('engine-lifetime');
afterAll(() => folder[Symbol.dispose]());

const generated = (packets: number, seed = 1): EngineOptions['sources'] => [
  { kind: 'generator', profile: 'imix', packets, flows: 100, seed, rate: 10_000 },
];
/** As good as endless: 1,000 packets a second. */
const endless = (changes: Partial<EngineOptions> = {}) =>
  engineOptions(generated(1e9), { speed: { mode: 'rate', pps: 1000 }, tap: null, ...changes });

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('stop()', () => {
  it('in the middle ends the stream where it is, at once', async () => {
    const run = new EngineRun(endless());
    const reader = new RecordReader(run.options.rings[0][0]);
    run.engine.start();
    await until('packets', () => run.count('ENQUEUED') > 20);
    const before = run.count('DELIVERED');
    run.engine.stop();
    expect(await run.finished).toBe('stop');
    // Of a thousand a second.
    expect(run.count('DELIVERED') - before).toBeLessThan(100);
    const records = reader.take();
    expect(records.filter(({ kind }) => kind === RecordKind.PACKET).length).toBe(run.count('DELIVERED'));
    expect(records.at(-1)).toMatchObject({ kind: RecordKind.END, ordinal: run.count('FRAMES_READ') + 1 });
    expect(reader.ring.isClosed()).toBe(true);
  });

  it('may be called before start(), twice, and after the end', async () => {
    const run = new EngineRun(endless());
    run.engine.stop();
    run.engine.start();
    run.engine.stop();
    run.engine.stop();
    expect(await run.finished).toBe('stop');
    run.engine.stop();
    await sleep(50);
    expect(run.count('FRAMES_READ')).toBe(0);
    expect(run.eventTypes).toEqual(['started', 'file', 'finished']);
  });
});

describe('an engine', () => {
  it('starts once', async () => {
    const run = new EngineRun(engineOptions(generated(10)));
    run.engine.start();
    expect(() => run.engine.start()).toThrow('an engine starts once');
    await run.finished;
    expect(() => run.engine.start()).toThrow('an engine starts once');
    expect(run.eventTypes.filter((type) => type === 'finished')).toEqual(['finished']);
  });

  it('that has finished still answers, and the same', async () => {
    const { run } = await replay(engineOptions(generated(1000)));
    const answers = () => {
      const { engine } = run;
      return [run.count('DELIVERED'), engine.progress(), engine.sources(), engine.clock(), engine.tunnels(0), engine.rejectSamples()];
    };
    const first = answers();
    expect(first[0]).toBe(1000);
    run.engine.stop();
    collectGarbage();
    expect(answers()).toEqual(first);
    expect(() => run.engine.readCounters(new Float64Array(3))).toThrow(TypeError);
  });

  it('of which nobody holds on to anything runs to its end', async () => {
    const events: EngineEvent['type'][] = [];
    const ended = new Promise<void>((resolve) => {
      const listener = ({ type }: EngineEvent) => {
        events.push(type);
        if (type === 'finished') resolve();
      };
      new (loadAddon().Engine)(engineOptions(generated(300), { speed: { mode: 'rate', pps: 1000 }, tap: null }), listener).start();
    });
    for (let turn = 0; turn < 5; turn++) {
      collectGarbage();
      await sleep(20);
    }
    await ended;
    expect(events).toEqual(['started', 'file', 'finished']);
  });

  it('that was made and not started holds nothing', async () => {
    const descriptors = openDescriptors(process.pid);
    const make = () => new EngineRun(endless({ rings: [[createRing(4096)]] })).eventTypes;
    for (let count = 0; count < 200; count++) expect(make()).toEqual([]);
    await until('the descriptors of engines that are gone', () => {
      collectGarbage();
      return openDescriptors(process.pid) <= descriptors;
    });
  });

  it('called with another object, or without new, throws', () => {
    const { Engine } = loadAddon();
    expect(() => Engine.prototype.stop.call({})).toThrow();
    expect(() => (Engine as unknown as () => void)()).toThrow(TypeError);
  });
});

describe('two engines at once', () => {
  it('have nothing in common: each its own frames, order, counters and end', async () => {
    const small = engineOptions(generated(500, 1), { shards: 2, rings: [[createRing(4096), createRing(4096)]] });
    const large = engineOptions(generated(20_000, 2), { hashKey: new Uint8Array(16).fill(7), count: 15_000 });
    const endlessRun = new EngineRun(endless());
    endlessRun.engine.start();
    const [one, two] = await Promise.all([replay(small), replay(large)]);
    expect([one.reason, two.reason]).toEqual(['eof', 'count']);
    expect([one, two].map(({ frames }) => frames.length)).toEqual([500, 15_000]);
    expect([one, two].map(({ run }) => run.count('DELIVERED'))).toEqual([500, 15_000]);
    for (const { frames } of [one, two]) expect(frames.every(({ ordinal }, index) => ordinal === index + 1)).toBe(true);
    expect(one.records.every((records) => records.at(-1)?.kind === RecordKind.END)).toBe(true);
    expect(endlessRun.eventTypes).not.toContain('finished');
    endlessRun.engine.stop();
    expect(await endlessRun.finished).toBe('stop');
  });
});
