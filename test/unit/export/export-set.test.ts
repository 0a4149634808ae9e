import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { DEFAULT_OUTPUT, type OutputOptions } from '../../../src/config/options.ts';
import type { EncodePool } from '../../../src/export/batch-encoder.ts';
import { csvHeader } from '../../../src/export/csv-encoder.ts';
import { encodeBatch } from '../../../src/export/encode-batch.ts';
import { ExportSet, type ExportSettings } from '../../../src/export/export-set.ts';
import type { FlowRecord } from '../../../src/flow/record.ts';
import { OUTBOX_ENTRY_BYTES } from '../../../src/flow/row.ts';
import { createEncodePool } from '../../../src/supervisor/pool.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { concat, context, entry } from '../records/row-fixture.ts';

const CONTEXT = context();
const flowsOf = (path: string): FlowRecord[] => JSON.parse(readFileSync(path, 'utf8')) as FlowRecord[];
const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);

/** `count` flows of distinct size and time; every tenth has an interim record before its final one. */
function rows(count: number): Uint8Array {
  const entries: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const flow = { portA: i & 0xffff, bytesA: (i * 7919) % 5000, first: i * 1000, ordinal: i + 1, history: 'ShAD' };
    if (i % 10 === 0) entries.push(entry({ ...flow, interim: true, interimSeq: 1, endReason: 'active' }));
    entries.push(entry(flow));
  }
  return concat(entries);
}

function allOutputs(folder: TemporaryFolder): OutputOptions {
  return {
    ...DEFAULT_OUTPUT,
    exportJson: folder.file('flows.json'),
    exportCsv: folder.file('flows.csv'),
    flowsJsonl: folder.file('ended.jsonl'),
    flowsCsv: folder.file('ended.csv'),
  };
}

/** Runs all four outputs over `entries` in ticks and returns the bytes of each. */
async function run(entries: Uint8Array, settings: ExportSettings, tickEntries: number): Promise<Buffer[]> {
  using folder = new TemporaryFolder('exports');
  const options = allOutputs(folder);
  const set = await ExportSet.prepare(options, settings);
  // One buffer for all ticks: what tick() has not copied when it settles would show.
  const reused = new Uint8Array(tickEntries * OUTBOX_ENTRY_BYTES);
  for (let at = 0; at < entries.length; at += reused.length) {
    const tick = reused.subarray(0, Math.min(reused.length, entries.length - at));
    tick.set(entries.subarray(at, at + tick.length));
    await set.tick(tick, CONTEXT);
    reused.fill(0xee);
  }
  await set.finish(CONTEXT);
  return [options.exportJson, options.exportCsv, options.flowsJsonl, options.flowsCsv].map((path) => readFileSync(path as string));
}

/** A writable that collects, and fails with `code` once it holds `limit` bytes. */
class Collector extends Writable {
  readonly chunks: Buffer[] = [];
  readonly #limit: number;
  readonly #code: string;
  #size = 0;

  constructor(limit = Number.POSITIVE_INFINITY, code = 'EPIPE') {
    super();
    this.#limit = limit;
    this.#code = code;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#size += chunk.length;
    if (this.#size > this.#limit) {
      done(Object.assign(new Error(this.#code), { code: this.#code }));
      return;
    }
    this.chunks.push(Buffer.from(chunk));
    done();
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

describe('exports', () => {
  it('write final records on exit, and every record as it comes', async () => {
    using folder = new TemporaryFolder('exports');
    const options = allOutputs(folder);
    const set = await ExportSet.prepare(options);
    expect(set.wantsRows).toBe(true);
    await set.tick(rows(20), CONTEXT);
    // Streams are flushed with the tick; whole files are not there yet.
    expect(linesOf(options.flowsJsonl as string)).toHaveLength(22);
    expect(linesOf(options.flowsCsv as string)).toHaveLength(23);
    expect(existsSync(options.exportJson as string)).toBe(false);
    await set.finish(CONTEXT);
    const flows = flowsOf(options.exportJson as string);
    expect(flows).toHaveLength(20);
    expect(flows.every((flow) => flow.record === 'final')).toBe(true);
    expect(flows.map((flow) => flow.bytes_total)).toEqual(flows.map((flow) => flow.bytes_total).sort((a, b) => b - a));
    expect(linesOf(options.exportCsv as string)).toHaveLength(21);
    const lines = linesOf(options.flowsJsonl as string).map((line) => JSON.parse(line) as FlowRecord);
    expect(lines.filter((line) => line.record === 'interim')).toHaveLength(2);
    expect(set.recordsWritten).toBe(20 + 20 + 22 + 22);
    expect(set.errors).toBe(0);
    expect(readdirSync(folder.path).sort()).toEqual(['ended.csv', 'ended.jsonl', 'flows.csv', 'flows.json']);
  });

  it('of a run without flows are complete files', async () => {
    using folder = new TemporaryFolder('exports');
    const options = allOutputs(folder);
    const set = await ExportSet.prepare(options);
    await set.finish(CONTEXT);
    expect(readFileSync(options.exportJson as string, 'utf8')).toBe('[]\n');
    expect(readFileSync(options.exportCsv as string, 'utf8')).toBe(csvHeader(false));
    expect(readFileSync(options.flowsJsonl as string, 'utf8')).toBe('');
    expect(readFileSync(options.flowsCsv as string, 'utf8')).toBe(csvHeader(false));
  });

  it('that nobody asked for cost nothing', async () => {
    const set = await ExportSet.prepare({ ...DEFAULT_OUTPUT, exportJson: '' });
    expect(set.wantsRows).toBe(false);
    await set.tick(rows(3), CONTEXT);
    await set.finish(CONTEXT);
    expect(set.recordsWritten).toBe(0);
  });

  it('replace what was there, through a symbolic link too', async () => {
    using folder = new TemporaryFolder('exports');
    const options = allOutputs(folder);
    writeFileSync(folder.file('real.json'), 'old');
    writeFileSync(options.flowsJsonl as string, 'old');
    symlinkSync(folder.file('real.json'), options.exportJson as string);
    const set = await ExportSet.prepare(options);
    expect(readFileSync(folder.file('real.json'), 'utf8')).toBe('old');
    await set.finish(CONTEXT);
    expect(readFileSync(folder.file('real.json'), 'utf8')).toBe('[]\n');
    expect(readFileSync(options.flowsJsonl as string, 'utf8')).toBe('');
  });
});

describe('the same rows give the same bytes', () => {
  const entries = rows(3000);

  it('in memory, spilled, in the pool, and when the pool fails', async () => {
    const inline = await run(entries, { pool: null }, 1000);
    const spilled = await run(entries, { pool: null, spillBytes: 200 * OUTBOX_ENTRY_BYTES }, 1000);
    const pooled = await run(entries, { pool: () => createEncodePool({ threads: 2 }), poolFromRecords: 1 }, 1000);
    const broken: EncodePool = { slots: 2, run: () => Promise.reject(new Error('worker died')), close: () => Promise.resolve() };
    const fallen = await run(entries, { pool: () => Promise.resolve(broken), poolFromRecords: 1 }, 1000);
    const unstarted = await run(entries, { pool: () => Promise.reject(new Error('no threads')), poolFromRecords: 1 }, 1000);
    for (const [name, other] of Object.entries({ spilled, pooled, fallen, unstarted })) {
      expect({ name, same: inline.map((bytes, index) => bytes.equals(other[index])) }).toEqual({
        name,
        same: [true, true, true, true],
      });
    }
  });

  it('whatever the order in which batches leave the pool', async () => {
    const inline = await run(entries, { pool: null }, 3000);
    let turn = 0;
    const shuffling: EncodePool = {
      slots: 4,
      // Every other batch comes back after the one behind it.
      run: async (task) => {
        const delay = turn++ % 2 === 0 ? 5 : 0;
        await new Promise((resolve) => setTimeout(resolve, delay));
        return encodeBatch(task);
      },
      close: () => Promise.resolve(),
    };
    const shuffled = await run(entries, { pool: () => Promise.resolve(shuffling), poolFromRecords: 1 }, 3000);
    expect(inline.map((bytes, index) => bytes.equals(shuffled[index]))).toEqual([true, true, true, true]);
    expect(turn).toBeGreaterThan(6);
  });

  it('when ticks are flushed while batches are in the pool', async () => {
    const pooled = { pool: () => createEncodePool({ threads: 2 }), poolFromRecords: 1 };
    const inline = await run(entries, { pool: null }, 600);
    for (let round = 0; round < 5; round++) {
      const other = await run(entries, pooled, 600);
      expect(inline.map((bytes, index) => bytes.equals(other[index]))).toEqual([true, true, true, true]);
    }
  });

  it('and keep a bounded number of batches in the pool', async () => {
    let running = 0;
    let most = 0;
    const counting: EncodePool = {
      slots: 3,
      run: async (task) => {
        running++;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 2));
        running--;
        return encodeBatch(task);
      },
      close: () => Promise.resolve(),
    };
    await run(entries, { pool: () => Promise.resolve(counting), poolFromRecords: 1 }, 3000);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(3);
  });

  it('small runs start no pool', async () => {
    let started = false;
    const pool = (): Promise<EncodePool> => {
      started = true;
      return createEncodePool();
    };
    await run(rows(50), { pool }, 50);
    expect(started).toBe(false);
  });
});

describe('paths that cannot be written', () => {
  it.each([
    ['a directory that is missing', 'gone/flows.json', 'ENOENT', /create the directory/],
    ['a directory', 'folder', 'EISDIR', /name a file/],
    ['a path through a file', 'file/flows.json', 'ENOTDIR', /check the path/],
  ])('%s is refused before the run', async (_, name, errno, hint) => {
    using folder = new TemporaryFolder('exports');
    mkdirSync(folder.file('folder'));
    writeFileSync(folder.file('file'), '');
    for (const option of ['exportJson', 'exportCsv', 'flowsJsonl', 'flowsCsv'] as const) {
      const path = folder.file(name);
      const failure = ExportSet.prepare({ ...DEFAULT_OUTPUT, [option]: path });
      await expect(failure).rejects.toMatchObject({ code: 'OUTPUT', detail: { path, errno }, hint: expect.stringMatching(hint) });
    }
    expect(readdirSync(folder.path).sort()).toEqual(['file', 'folder']);
  });

  it('close what was opened before them', async () => {
    using folder = new TemporaryFolder('exports');
    const options = { ...allOutputs(folder), exportCsv: folder.file('gone/flows.csv') };
    await expect(ExportSet.prepare(options)).rejects.toMatchObject({ code: 'OUTPUT' });
    expect(existsSync(folder.file('flows.json.partial'))).toBe(false);
  });

  it('two outputs in one place are refused', async () => {
    using folder = new TemporaryFolder('exports');
    const path = folder.file('x');
    const both = { ...DEFAULT_OUTPUT, exportJson: path, ledger: `${folder.path}/./x` };
    await expect(ExportSet.prepare(both)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--export-json and --ledger'),
    });
    const stdout = { ...DEFAULT_OUTPUT, flowsCsv: '-', packetsJsonl: '-' };
    await expect(ExportSet.prepare(stdout)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('standard output') });
    const device = await ExportSet.prepare({ ...DEFAULT_OUTPUT, flowsCsv: '/dev/null', exportJson: '/dev/null' });
    await device.finish(CONTEXT);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it.skipIf(!existsSync('/dev/full'))('a full disk is one error, and the other outputs are complete', async () => {
    using folder = new TemporaryFolder('exports');
    const options = {
      ...allOutputs(folder),
      exportJson: '/dev/full',
      flowsJsonl: '/dev/full',
      exportCsv: null,
      flowsCsv: folder.file('ended.csv'),
    };
    await expect(ExportSet.prepare(options)).rejects.toMatchObject({ code: 'USAGE' });
    const set = await ExportSet.prepare({ ...options, exportJson: folder.file('flows.json') });
    await set.tick(rows(10), CONTEXT);
    expect(set.failure).toMatchObject({ code: 'OUTPUT', detail: { path: '/dev/full', errno: 'ENOSPC' } });
    await set.tick(rows(10), CONTEXT);
    await expect(set.finish(CONTEXT)).rejects.toMatchObject({
      code: 'OUTPUT',
      message: 'cannot write /dev/full: no space left on device (ENOSPC)',
    });
    expect(set.errors).toBe(1);
    expect(flowsOf(folder.file('flows.json'))).toHaveLength(20);
    expect(linesOf(folder.file('ended.csv'))).toHaveLength(23);
  });
});

describe('standard output', () => {
  it('takes a stream or a whole export, in pieces', async () => {
    const stdout = new Collector();
    const set = await ExportSet.prepare({ ...DEFAULT_OUTPUT, exportJson: '-' }, { stdout });
    await set.tick(rows(5), CONTEXT);
    expect(stdout.text).toBe('');
    await set.finish(CONTEXT);
    expect(JSON.parse(stdout.text)).toHaveLength(5);
    expect(stdout.writableEnded).toBe(false);
    expect(stdout.listenerCount('error')).toBe(0);
  });

  it('whose reader leaves ends that output quietly', async () => {
    using folder = new TemporaryFolder('exports');
    const stdout = new Collector(4000);
    const options = { ...DEFAULT_OUTPUT, flowsJsonl: '-', exportJson: folder.file('flows.json') };
    const set = await ExportSet.prepare(options, { stdout });
    await set.tick(rows(1), CONTEXT);
    expect(set.stdoutClosed).toBe(false);
    await set.tick(rows(10), CONTEXT);
    expect(set.stdoutClosed).toBe(true);
    await set.finish(CONTEXT);
    expect(set.failure).toBeNull();
    expect(flowsOf(folder.file('flows.json'))).toHaveLength(11);
  });

  it('that fails otherwise is an error', async () => {
    const set = await ExportSet.prepare({ ...DEFAULT_OUTPUT, flowsCsv: '-' }, { stdout: new Collector(10, 'EIO') });
    await set.tick(rows(1), CONTEXT);
    await expect(set.finish(CONTEXT)).rejects.toMatchObject({ code: 'OUTPUT', message: expect.stringContaining('standard output') });
  });
});

describe('a run that is broken off', () => {
  it('leaves no whole file, and the streams as far as they are', async () => {
    using folder = new TemporaryFolder('exports');
    const options = allOutputs(folder);
    const set = await ExportSet.prepare(options, { spillBytes: 2 * OUTBOX_ENTRY_BYTES });
    await set.tick(rows(10), CONTEXT);
    await set.abort();
    await set.abort();
    expect(readdirSync(folder.path).sort()).toEqual(['ended.csv', 'ended.jsonl']);
    expect(linesOf(options.flowsJsonl as string)).toHaveLength(11);
    await set.tick(rows(10), CONTEXT);
    await set.finish(CONTEXT);
    expect(linesOf(options.flowsJsonl as string)).toHaveLength(11);
  });
});
