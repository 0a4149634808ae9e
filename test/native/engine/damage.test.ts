/** Files that end early, make no sense, or change while they are read: what came before is kept, and the error has its code. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createRing } from '../../../src/ring/create.ts';
import { parseCapture } from '../../fixtures/read-capture.ts';
import { until } from '../../support/command.ts';
import { writeGenerated } from '../../support/generated-capture.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { classicCapture, classicHeader, pcapngCapture, stampedFrames } from './capture-bytes.ts';
import { EngineRun, engineOptions, fileSource, RecordReader, type Replayed, replay } from './engine-run.ts';

const folder = new TemporaryFolder('damage');
afterAll(() => folder[Symbol.dispose]());

const FRAMES = stampedFrames(3);
const INTERFACES = [
  { name: 'left', linkType: 1, digits: 6, offsetSec: 0 },
  { name: 'right', linkType: 1, digits: 9, offsetSec: 0 },
];
const classic = classicCapture(FRAMES);
const pcapng = pcapngCapture(INTERFACES, FRAMES);

function readBytes(bytes: Uint8Array): Promise<Replayed> {
  const path = folder.file('damaged');
  writeFileSync(path, bytes);
  return replay(engineOptions([fileSource(path)]));
}

const contents = ({ frames }: Replayed) => frames.map(({ bytes }) => bytes.toString('hex'));
const expected = FRAMES.map(({ bytes }) => Buffer.from(bytes).toString('hex'));

describe('a file cut off', () => {
  it.each([
    ['classic', classic, classicHeader().length],
    ['pcapng', pcapng, 28],
  ])('at any byte gives the frames before the cut: %s', async (_name, whole, headBytes) => {
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      const { frames, damaged } = parseCapture(cut);
      const result = await readBytes(cut);
      const codes = result.run.errors.map(({ code }) => code);
      const early = length < headBytes ? ['SOURCE_FORMAT'] : ['SOURCE_TRUNCATED'];
      expect({ length, codes, contents: contents(result) }).toEqual({
        length,
        codes: damaged ? early : [],
        contents: expected.slice(0, frames.length),
      });
      expect(result.reason).toBe(damaged ? 'error' : 'eof');
    }
  });

  it.each([
    ['gzip', gzipSync(classic)],
    ['zstd', zstdCompressSync(classic)],
  ])('inside its compression gives what could be unpacked: %s', async (_name, whole) => {
    for (let length = 4; length < whole.length; length++) {
      const result = await readBytes(whole.subarray(0, length));
      expect(result.run.errors).toEqual([{ code: expect.stringMatching(/^SOURCE_(TRUNCATED|FORMAT)$/), path: folder.file('damaged') }]);
      expect(contents(result)).toEqual(expected.slice(0, result.frames.length));
    }
  });

  it('while it is read ends the run, not the process', async () => {
    const path = folder.file('shrinking.pcap');
    const frames = 6000;
    writeGenerated(path, { profile: 'imix', packets: frames, flows: 10, seed: 1 });
    const ring = createRing(1 << 14);
    const run = new EngineRun(engineOptions([fileSource(path)], { rings: [[ring]], tap: null }));
    const reader = new RecordReader(ring);
    run.engine.start();
    await until('a full ring', () => run.count('RING_FULL_WAITS') > 0);
    truncateSync(path, 600_000);
    await until('the end', () => {
      reader.take();
      return reader.hasEnded;
    });
    expect(await run.finished).toBe('error');
    expect(run.errors).toEqual([{ code: 'SOURCE_TRUNCATED', path }]);
    expect(run.count('FRAMES_READ')).toBeGreaterThan(500);
    expect(run.count('FRAMES_READ')).toBeLessThan(frames);
  });
});

describe('a file of which any bytes are wrong', () => {
  const edit = fc.record({ at: fc.nat(), value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), many: fc.integer({ min: 1, max: 4 }) });

  it('ends with a code that says so, and every frame of it is counted once', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(classic, pcapng),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      async (whole, edits) => {
        const bytes = Buffer.from(whole);
        for (const { at, value, many } of edits) bytes.fill(value, at % bytes.length, Math.min((at % bytes.length) + many, bytes.length));
        const { run, reason, frames } = await readBytes(bytes);
        expect(['eof', 'error']).toContain(reason);
        for (const { code } of run.errors) expect(['SOURCE_TRUNCATED', 'SOURCE_FORMAT']).toContain(code);
        expect(run.errors.length).toBe(reason === 'error' ? 1 : 0);
        expect(frames.length).toBe(run.count('FRAMES_READ'));
        // A frame needs a record header or a block around it.
        expect(run.count('FRAMES_READ')).toBeLessThanOrEqual(bytes.length / 16);
        for (const frame of frames) expect(bytes.includes(frame.bytes)).toBe(true);
      },
    );
    await fc.assert(property, { seed: 20, numRuns: 300 });
  });
});

describe('what cannot be read at all', () => {
  const named = (name: string, bytes: string | Uint8Array): string => {
    writeFileSync(folder.file(name), bytes);
    return folder.file(name);
  };
  const directory = folder.file('directory');
  mkdirSync(directory);
  const pipe = folder.file('pipe');
  execFileSync('mkfifo', [pipe]);
  const good = named('good.pcap', classic);
  const text = named('text', 'no capture');
  const nothing = named('nothing', '');
  const nowhere = folder.file('nowhere');

  it.each([
    { what: 'a file that is not there', path: nowhere, code: 'SOURCE_NOT_FOUND', errno: 2 },
    { what: 'a directory', path: directory, code: 'SOURCE_OPEN', errno: 21 },
    { what: 'text', path: text, code: 'SOURCE_FORMAT' },
    { what: 'an empty file', path: nothing, code: 'SOURCE_FORMAT' },
    { what: 'a bad filter', path: good, code: 'FILTER', changes: { filter: 'tcp porty 5' }, unnamed: true },
    { what: 'a pipe, twice', path: pipe, code: 'USAGE', changes: { loop: 2 }, unnamed: true },
    {
      what: 'any file while the output has no folder',
      path: good,
      code: 'OUTPUT',
      changes: { writePcap: { path: `${nowhere}/out.pcap`, rotateMb: 0, maxFiles: 0 } },
      at: `${nowhere}/out.pcap`,
      errno: 2,
    },
  ])('$what is told by one error, before anything is read', async ({ path, code, errno, changes, unnamed, at }) => {
    // The good file before it must not be started either.
    const { run, reason, records } = await replay(engineOptions([good, path].map(fileSource), changes));
    expect(reason).toBe('error');
    expect(run.eventTypes).toEqual(['error', 'finished']);
    expect(run.events[0]).toMatchObject({ code, ...(unnamed ? {} : { path: at ?? path }), ...(errno === undefined ? {} : { errno }) });
    expect(records).toEqual([[]]);
  });
});
