/** Heads, clocks and wrappings of files that no bundled capture has (test/contract/tap.test.ts reads those), and what is told of files. */
import { writeFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import {
  classicCapture,
  MICROSECONDS,
  MODIFIED,
  NANOSECONDS,
  type NgInterface,
  pcapngCapture,
  type Stamped,
  stampedFrames,
} from './capture-bytes.ts';
import { engineOptions, fileSource, replay, type Taken } from './engine-run.ts';

const folder = new TemporaryFolder('formats');
afterAll(() => folder[Symbol.dispose]());

const FRAMES = stampedFrames(10);

function written(name: string, bytes: Uint8Array): string {
  writeFileSync(folder.file(name), bytes);
  return folder.file(name);
}

const read = (...paths: string[]) => replay(engineOptions(paths.map(fileSource)));

/** Times cut to `digits` after the point, and the bytes. */
const shown = (frames: (Stamped | Taken)[], digits = 9) =>
  frames.map((frame) => {
    const unit = 10 ** (9 - digits);
    return [frame.sec, Math.floor(frame.nsec / unit) * unit, Buffer.from(frame.bytes).toString('hex')];
  });

describe('a classic file', () => {
  const heads = [
    ['microseconds', MICROSECONDS, 6],
    ['nanoseconds', NANOSECONDS, 9],
    ['microseconds, longer record headers', MODIFIED, 6],
  ] as const;
  it.each(heads.flatMap(([name, magic, digits]) => [true, false].map((little) => ({ name, magic, digits, little }))))(
    'of $name, little-endian $little, is read to the last digit and byte',
    async ({ magic, digits, little }) => {
      const path = written('classic.pcap', classicCapture(FRAMES, magic, little));
      const { frames, reason } = await read(path);
      expect(reason).toBe('eof');
      expect(shown(frames)).toEqual(shown(FRAMES, digits));
    },
  );
});

describe('a pcapng file', () => {
  const interfaces: NgInterface[] = [
    { name: 'left', linkType: 1, digits: 6, offsetSec: 0 },
    { name: 'right', linkType: 1, digits: 9, offsetSec: 1_000_000_000 },
  ];

  it.each([true, false])('keeps its interfaces and their clocks apart (little-endian: %s)', async (little) => {
    const path = written('two.pcapng', pcapngCapture(interfaces, FRAMES, little));
    const { frames, run } = await read(path);
    const of = <T>(list: T[], number: number) => list.filter((_, index) => index % 2 === number);
    expect(frames.map(({ source }) => source)).toEqual(FRAMES.map((_, index) => index % 2));
    expect(shown(of(frames, 0))).toEqual(shown(of(FRAMES, 0), 6));
    expect(shown(of(frames, 1))).toEqual(shown(of(FRAMES, 1)));
    expect(run.engine.sources()).toEqual([
      { index: 0, name: `${path}:left`, linkType: 1 },
      { index: 1, name: `${path}:right`, linkType: 1 },
    ]);
  });

  it('after another file has sources of its own, in every pass the same', async () => {
    const first = written('first.pcap', classicCapture(FRAMES.slice(0, 1)));
    const second = written('second.pcapng', pcapngCapture(interfaces, FRAMES.slice(1, 3)));
    const { frames, run } = await replay(engineOptions([first, second].map(fileSource), { loop: 2 }));
    expect(frames.map(({ source }) => source)).toEqual([0, 1, 2, 0, 1, 2]);
    expect(run.engine.sources().map(({ name }) => name)).toEqual([first, `${second}:left`, `${second}:right`]);
  });
});

describe('a compressed file', () => {
  const plain = classicCapture(FRAMES);
  const parts = [plain.subarray(0, 100), plain.subarray(100, 101), plain.subarray(101)];
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

  it.each([
    ['gzip members, padded with zeros', Buffer.concat([...parts.map((part) => gzipSync(part)), Buffer.alloc(512)])],
    ['zstd frames, a skippable one before each', Buffer.concat(parts.flatMap((part) => [skippable, zstdCompressSync(part)]))],
  ])('of several %s is one capture', async (_name, bytes) => {
    const { frames, reason, run } = await read(written('members', bytes));
    expect(reason).toBe('eof');
    expect(run.errors).toEqual([]);
    expect(shown(frames)).toEqual(shown(FRAMES, 6));
  });
});

describe('the engine', () => {
  it('tells once that it runs, of each file, and last that it has finished', async () => {
    const small = written('small.pcap', classicCapture(FRAMES.slice(0, 2)));
    const packed = written('packed.pcap.gz', gzipSync(classicCapture(FRAMES)));
    const { run } = await read(small, packed);
    const bytes = [classicCapture(FRAMES.slice(0, 2)).length, gzipSync(classicCapture(FRAMES)).length];
    expect(run.events).toEqual([
      { type: 'started', threads: [{ name: 'weir-replay', source: small, cpu: null, detail: {} }] },
      { type: 'file', path: small, bytes: bytes[0], index: 0 },
      { type: 'file', path: packed, bytes: bytes[1], index: 1 },
      { type: 'finished', reason: 'eof' },
    ]);
    expect(run.engine.progress()).toEqual({ fileIndex: 1, bytesRead: bytes[1] });
    expect(run.engine.baseSeconds()).toBe(FRAMES[0].sec);
    expect(run.engine.clock()).toEqual({ firstNs: 123_456_000, nowNs: 9e9 + 123_456_000 });
  });

  it('knows no time before the first packet', async () => {
    const { run, records } = await read(written('none.pcap', classicCapture([])));
    expect([run.engine.baseSeconds(), run.engine.clock()]).toEqual([null, null]);
    expect(records[0]).toMatchObject([{ seq: 1 }]);
  });
});
