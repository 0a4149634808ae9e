/**
 * A replay that carries bytes lets each plain packet wait, decoded, for a few others. Nobody may see that: not in the order of
 * records, not in the bytes, not when there is no packet behind it.
 */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { EngineOptions, GeneratorSource } from '../../../src/native/engine.ts';
import { createRing } from '../../../src/ring/create.ts';
import { COUNTER_COUNT, Counter, RecordKind } from '../../../src/ring/layout.ts';
import { HAND_BUILT, handBuilt } from '../../fixtures/hand-built.ts';
import { type TimedFrame, udpFrame, writeCaptureFile } from '../../support/frames.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { carrying } from './drained-records.ts';
import { EngineRun, engineOptions, fileSource, RecordReader, type Replayed, replay, type Taken } from './engine-run.ts';

const folder = new TemporaryFolder('waiting-frames');
afterAll(() => folder[Symbol.dispose]());

const ETHERNET = 1;
const START_US = 1.7e15;
const talk = { source: '192.0.2.1', destination: '192.0.2.2', destinationPort: 53 };
const plain = (i: number) => udpFrame({ ...talk, sourcePort: 4000 + (i % 50), payload: 1 + ((i * 37) % 900) });

/** Fragments, tunnels, ARP, what is damaged or none of ours, each behind up to five plain packets. */
function mixture(): string {
  const path = folder.file('mixture.pcap');
  const frames: TimedFrame[] = [];
  const push = (bytes: Buffer) => frames.push({ timeUs: START_US + frames.length * 3000, bytes });
  const odd = HAND_BUILT.filter(({ linkType }) => linkType === ETHERNET);
  // It has to wait for its first part, which brings it along.
  push(Buffer.from(handBuilt('later fragment').bytes));
  for (let i = 0; i < 6 * odd.length; i++) {
    for (let count = i % 6; count > 0; count--) push(plain(i));
    push(Buffer.from(odd[i % odd.length].bytes));
  }
  writeCaptureFile(path, frames);
  return path;
}

const generated = (profile: GeneratorSource['profile']): GeneratorSource => ({
  kind: 'generator',
  profile,
  packets: 4000,
  flows: 200,
  seed: 7,
  rate: 1000,
});

type Source = EngineOptions['sources'][number];
const SOURCES: [string, Source][] = [
  ['a mixture', fileSource(mixture())],
  ['a capture', fileSource(join(import.meta.dirname, '../../fixtures/demo.pcap'))],
  ['a compressed one', fileSource(join(import.meta.dirname, '../../fixtures/small.pcap.gz'))],
  ['pcapng', fileSource(join(import.meta.dirname, '../../fixtures/small.pcapng'))],
  ['mixed traffic', generated('mixed')],
  ['applications', generated('apps')],
];

/** With small rings, so that some are full. */
const run = (sources: Source[], changes: Partial<EngineOptions>): Promise<Replayed> =>
  replay(engineOptions(sources, { rings: [[createRing(1 << 16)]], tap: [createRing(1 << 17)], tickMs: 50, ...changes }));

const seen = (record: Taken) => ({ ...record, bytes: null });
/** Of the packets' counters, those that do not depend on how fast the reader is. */
function counted({ run }: Replayed): Record<string, number> {
  const counters = new Float64Array(COUNTER_COUNT);
  run.engine.readCounters(counters);
  const timing: string[] = ['WAKES', 'RING_FULL_WAITS', 'RING_HIGH_WATER'];
  return Object.fromEntries(Object.entries(Counter).flatMap(([name, at]) => (timing.includes(name) ? [] : [[name, counters[at]]])));
}

describe.each(SOURCES)('%s', (_, source) => {
  it.each([
    ['as fast as it can be read', {}],
    ['with an end after some packets', { count: 33 }],
    ['with a filter', { filter: 'udp and not port 67' }],
    ['at its pace', { speed: { mode: 'rate' as const, pps: 20_000 }, count: 200 }],
    ['packets kept for later', { recall: { bytes: 1 << 20, snaplen: 256 } }],
  ])('the same records, with bytes or without, %s', async (_name, changes) => {
    const [alone, carried] = [await run([source], changes), await run([source], { ...changes, ...carrying() })];
    expect(carried.reason).toBe(alone.reason);
    expect(carried.records[0].map(seen)).toEqual(alone.records[0].map(seen));
    expect(carried.frames).toEqual(alone.frames);
    expect(counted(carried)).toEqual(counted(alone));
    expect(carried.records[0].filter(({ kind }) => kind === RecordKind.TICK).length).toBeGreaterThanOrEqual('count' in changes ? 0 : 1);
    // Each has the bytes of its own frame.
    const frames = new Map(carried.frames.map(({ ordinal, bytes }) => [ordinal, bytes]));
    const bringing = carried.records[0].filter(({ kind, bytes }) => kind === RecordKind.PACKET && bytes.length > 0);
    expect(bringing.length).toBeGreaterThan(0);
    for (const { ordinal, bytes } of bringing) expect(frames.get(ordinal)?.includes(bytes)).toBe(true);
  });
});

it('packets whose time the next file must confirm bring their own bytes', async () => {
  const packets = [10, 9, 8, 7, 6, 5].map(plain);
  const sources = packets.map((bytes, i) => {
    const path = folder.file(`jump${i}.pcap`);
    writeCaptureFile(path, [{ timeUs: START_US + i * 1e12, bytes }]);
    return fileSource(path);
  });
  const { records, frames } = await run(sources, { ...carrying(), tickMs: 86_400_000 });
  expect(frames.map(({ bytes }) => bytes)).toEqual(packets);
  const carried = records[0].filter(({ kind }) => kind === RecordKind.PACKET).map(({ bytes }) => bytes);
  expect(carried).toEqual(packets.map((bytes) => bytes.subarray(14)));
});

it('a packet is there before the replay waits for the next', async () => {
  const path = folder.file('slow.pcap');
  writeCaptureFile(
    path,
    [0, 1, 2].map((i) => ({ timeUs: START_US + i * 60e6, bytes: plain(i) })),
  );
  const ring = createRing(1 << 16);
  const options = engineOptions([fileSource(path)], { rings: [[ring]], tap: null, speed: { mode: 'time', factor: 1 }, ...carrying() });
  const reader = new RecordReader(ring);
  const slow = new EngineRun(options);
  slow.engine.start();
  const taken: Taken[] = [];
  const deadline = Date.now() + 10_000;
  while (taken.length === 0 && Date.now() < deadline) {
    taken.push(...reader.take());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  slow.engine.stop();
  expect(taken.map(({ ordinal }) => ordinal)).toEqual([1]);
  expect(await slow.finished).toBe('stop');
  expect(reader.take().map(({ kind }) => kind)).toContain(RecordKind.END);
});
