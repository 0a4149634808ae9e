/** The engine's rings, read by JavaScript: round the end of the area, past 4 GiB, and full. */
import { afterAll, describe, expect, it } from 'vitest';
import { createRing } from '../../../src/ring/create.ts';
import { RecordKind } from '../../../src/ring/layout.ts';
import { sleep, until } from '../../support/command.ts';
import { udpFrame, writeCaptureFile } from '../../support/frames.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { EngineRun, engineOptions, fileSource, RecordReader, ringAt, type Taken } from './engine-run.ts';

const folder = new TemporaryFolder('ring-wrap');
afterAll(() => folder[Symbol.dispose]());

const FRAMES = 3000;
/** The smallest ring: a quarter of it is the longest frame that a tap carries whole. */
const SMALLEST = 4096;
const talk = { source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 4000, destinationPort: 53 };
const frames = Array.from({ length: FRAMES }, (_, index) => udpFrame({ ...talk, payload: (index * 37) % 900 }));
const capture = folder.file('sizes.pcap');
writeCaptureFile(
  capture,
  frames.map((bytes, index) => ({ timeUs: 1.7e15 + index * 10_000, bytes })),
);
/** One per second that the capture spans. */
const TICKS = FRAMES / 100 - 1;

const isFrame = ({ kind }: Taken) => kind === RecordKind.PACKET;
const isControl = ({ kind }: Taken) => kind === RecordKind.TICK || kind === RecordKind.END;
const ordinals = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('a ring of the smallest size', () => {
  // The shard's ring passes 4 GiB after some records, the tap's while a frame is being written round the end of its area.
  it('passes every record and byte to a slow reader, past 4 GiB', async () => {
    const rings = [ringAt(2 ** 32 - 3 * SMALLEST, SMALLEST), ringAt(2 ** 32 - 64, SMALLEST)];
    const run = new EngineRun(engineOptions([fileSource(capture)], { rings: [[rings[0]]], tap: [rings[1]] }));
    const readers = rings.map((ring) => new RecordReader(ring));
    const taken: Taken[][] = [[], []];
    run.engine.start();
    await until(
      'the end of both rings',
      async () => {
        for (const [index, reader] of readers.entries()) taken[index].push(...reader.take(1 + (taken[index].length % 7)));
        await new Promise(setImmediate);
        return readers.every(({ hasEnded }) => hasEnded);
      },
      30_000,
      0,
    );
    expect(await run.finished).toBe('eof');
    for (const records of taken) {
      expect(records.filter(isFrame).map(({ ordinal }) => ordinal)).toEqual(ordinals(FRAMES));
      expect(records.filter(isControl).map(({ seq }) => seq)).toEqual(ordinals(TICKS + 1));
    }
    expect(Buffer.concat(taken[1].filter(isFrame).map(({ bytes }) => bytes)).equals(Buffer.concat(frames))).toBe(true);
    const [shard, tap] = readers;
    for (const { ring } of readers) expect(ring.position >>> 0).toBeLessThan(2 ** 31);
    expect(shard.pads.length).toBeGreaterThan(50);
    // A PAD has room for its sequence number, whatever was left before the end.
    expect(new Set(tap.pads).size).toBeGreaterThan(20);
    expect(Math.min(...tap.pads)).toBeGreaterThanOrEqual(16);
    expect(run.count('RING_FULL_WAITS')).toBeGreaterThan(0);
    expect(run.count('RING_HIGH_WATER')).toBeLessThanOrEqual(SMALLEST);
  });

  it('that may drop keeps the first frames, counts the others, and still delivers every tick', async () => {
    const ring = createRing(SMALLEST);
    const run = new EngineRun(engineOptions([fileSource(capture)], { rings: [[ring]], tap: null, fault: { seed: 1, dropWhenFull: true } }));
    run.engine.start();
    await until('every frame', () => run.count('ENQUEUED') + run.count('RING_DROPPED') === FRAMES);
    const reader = new RecordReader(ring);
    const records = reader.take();
    await until('the END record', () => {
      records.push(...reader.take());
      return reader.hasEnded;
    });
    expect(await run.finished).toBe('eof');
    const kept = run.count('ENQUEUED');
    // An eighth of the ring is kept free for control records.
    expect(kept).toBe(Math.floor((SMALLEST - SMALLEST / 8) / 176));
    expect(records.filter(isFrame).map(({ ordinal }) => ordinal)).toEqual(ordinals(kept));
    expect(records.filter(isControl).map(({ seq }) => seq)).toEqual(ordinals(TICKS + 1));
  });
});

describe('a full ring that nobody reads', () => {
  it('holds a replay, until it is stopped: then the rest of the batch is counted as dropped', async () => {
    const run = new EngineRun(engineOptions([fileSource(capture)], { rings: [[createRing(SMALLEST)]], tap: null }));
    run.engine.start();
    await until('a full ring', () => run.count('RING_FULL_WAITS') > 0);
    const kept = run.count('ENQUEUED');
    await sleep(200);
    expect([run.count('ENQUEUED'), run.count('RING_DROPPED')]).toEqual([kept, 0]);
    run.engine.stop();
    expect(await run.finished).toBe('stop');
    expect(run.count('DELIVERED')).toBe(kept + run.count('RING_DROPPED'));
    expect(run.count('RING_DROPPED')).toBeGreaterThan(0);
  });
});
