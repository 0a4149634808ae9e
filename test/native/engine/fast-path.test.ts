/** The native fast path and the table alone, on the same records: the same rows, counters, ticks and moments, to the last bit. */
import { afterAll, describe, expect, it } from 'vitest';
import { createTableWords } from '../../../src/flow/table-words.ts';
import { loadAddon } from '../../../src/native/load.ts';
import type { MomentMemory } from '../../../src/native/moment-memory.ts';
import type { SynMemory } from '../../../src/native/syn-memory.ts';
import { createRing } from '../../../src/ring/create.ts';
import { ShardCounter } from '../../../src/shard/protocol.ts';
import { SynAnswers, SynBound } from '../../../src/shard/syn-answers.ts';
import { awkwardCapture, generatedCaptures } from '../../golden/captures.ts';
import { writeGenerated } from '../../support/generated-capture.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { carrying, counting, drained, type Given, recorded } from './drained-records.ts';

const folder = new TemporaryFolder('fast-path');
afterAll(() => folder[Symbol.dispose]());
const addon = loadAddon();

const captures = [...generatedCaptures(folder.path), awkwardCapture(folder.file('awkward.pcap'))];
const settings: [string, Given][] = [
  ['everything', {}],
  ['detection', { detect: true }],
  ['processes', { processes: true }],
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

  it.each(captures)('change nothing for the application layer: $name', async ({ path }) => {
    const ring = await recorded(path, carrying());
    for (const given of [{ app: true }, { app: true, detect: true, flow: { idleTcpSecs: 1, idleUdpSecs: 1, maxFlows: 200 } }]) {
      expect(drained(ring, given, counting().create)).toEqual(drained(ring, given));
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

  it('open and answer connections natively with rules and process names on, too', async () => {
    const ring = await recorded(folder.file('flood-1.pcap'));
    const alone = counting();
    const heard = counting();
    drained(ring, {}, alone.create);
    const { ticks, queries } = drained(ring, { detect: true, processes: true }, heard.create);
    expect(alone.taken()).toBeGreaterThan(0);
    expect(heard.taken()).toBe(alone.taken());
    expect(ticks.some(({ detect }) => (detect?.moments.length ?? 0) > 0)).toBe(true);
    expect(queries.length).toBeGreaterThan(0);
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
    syns: null,
    newcomers: new Int32Array(8),
    moments: null,
    apps: null,
    tellsFrom: Number.POSITIVE_INFINITY,
    tally: new Float64Array(ShardCounter.SLOTS),
    protocols: new Float64Array(512),
    atTick: new Float64Array(0),
    table: createTableWords(),
    activeTimeoutNs: 0,
    words: new Int32Array(8),
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
    ['newcomers', { newcomers: new Float64Array(8) as unknown as Int32Array }],
    ['table', { table: new Int32Array(8) }],
    ['moments', { moments: {} as MomentMemory }],
    ['moments', { moments: undefined as unknown as null }],
    ['syns', { syns: {} as SynMemory }],
    ['syns', { syns: { ...new SynAnswers().memory, keys: new Uint32Array(SynBound.PLACES) } }],
    ['syns', { syns: { ...new SynAnswers().memory, answers: new Uint32Array(SynBound.PLACES - 1) } }],
    ['syns', { syns: undefined as unknown as null }],
    ['times', { times: new Float64Array(2) }],
  ])('refuses a wrong %s', (name, wrong) => {
    expect(() => new addon.FastPath({ ...memory, ...wrong })).toThrow(new TypeError(`FastPath: wrong ${name}`));
  });

  it('refuses entries that are none', () => {
    const path = new addon.FastPath(memory);
    expect(() => path.setEntries(new Uint8Array(new ArrayBuffer(160), 4, 144))).toThrow(TypeError);
    expect(() => path.setEntries(new Int32Array(36) as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => path.setEntries(new Uint8Array(144))).not.toThrow();
  });

  it('refuses an index that is none', () => {
    const path = new addon.FastPath(memory);
    for (const entries of [new Int32Array(0), new Int32Array(12)]) expect(() => path.setIndex(entries)).toThrow(TypeError);
    expect(() => path.run()).not.toThrow();
  });
});
