import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { SensorError } from '../../src/errors.ts';
import { DailyCsv } from '../../src/store/daily-csv.ts';
import { HistoryReader } from '../../src/store/history-reader.ts';
import { Store } from '../../src/store/store.ts';
import { flowQuery } from '../support/flow-query.ts';
import { alert, BASE, randomFlow, randomOf, tick } from '../support/stored-ticks.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const root = process.getuid?.() === 0;

/** A small file system of its own, unmounted on disposal. */
class SmallDisk implements Disposable {
  readonly #folder = new TemporaryFolder('disk');
  readonly path = this.#folder.path;

  constructor(options: string) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', this.path]);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['-l', this.path]);
    this.#folder[Symbol.dispose]();
  }
}

function failureOf(work: () => unknown): SensorError | null {
  try {
    work();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(SensorError);
    return error as SensorError;
  }
}

const random = randomOf(4);
const flowsOf = (number: number) => Array.from({ length: 200 }, (_, index) => randomFlow(random, number * 200 + index, BASE + number));

test.runIf(root)('a full disk costs the ticks that do not fit, and nothing else', () => {
  using disk = new SmallDisk('size=4m');
  const store = Store.open(disk.path);
  let taken = 0;
  let failure: SensorError | null = null;
  for (let number = 0; failure === null && number < 200; number++) {
    failure = failureOf(() => store.writeTick(tick(number, { flows: flowsOf(number) })));
    if (failure === null) taken++;
  }
  expect(failure).toMatchObject({ code: 'STORE', exitCode: 1, hint: expect.stringContaining('free space') });
  expect(failure?.message).toBe(`cannot write ${disk.path}/weir.db: no space left on device`);
  expect(taken).toBeGreaterThan(2);
  for (let number = 200; number < 205; number++)
    expect(failureOf(() => store.writeTick(tick(number, { flows: flowsOf(number) })))?.code).toBe('STORE');

  execFileSync('mount', ['-o', 'remount,size=16m', disk.path]);
  store.writeTick(tick(300, { flows: flowsOf(300), alerts: [alert(1)] }));
  const history = HistoryReader.open(disk.path);
  expect(history.flows(flowQuery({ limit: 1 })).flows[0].last_seen).toBeGreaterThanOrEqual(BASE + 300);
  history.close();
  store.close();
  using db = new DatabaseSync(`${disk.path}/weir.db`, { readOnly: true });
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  expect(db.prepare('SELECT count(*) AS count FROM flows').get()).toEqual({ count: (taken + 1) * 200 });
  expect(db.prepare('SELECT count(*) AS count FROM stats WHERE step_secs = 0').get()).toEqual({ count: taken + 1 });
});

test.runIf(root)('a disk that something else filled is written to again when that is gone', () => {
  using disk = new SmallDisk('size=8m');
  const store = Store.open(disk.path);
  store.writeTick(tick(0, { flows: flowsOf(0) }));
  const ballast = `${disk.path}/ballast`;
  expect(() => writeFileSync(ballast, Buffer.alloc(16 * 1024 * 1024))).toThrow(/ENOSPC/);
  expect(failureOf(() => store.writeTick(tick(1, { flows: flowsOf(1) })))?.code).toBe('STORE');
  const csv = DailyCsv.open(disk.path);
  csv.alert(alert(1));
  expect(failureOf(() => csv.flush())?.code).toBe('OUTPUT');
  rmSync(ballast);
  store.writeTick(tick(2, { flows: flowsOf(2) }));
  csv.alert(alert(2));
  csv.flush();
  store.close();
});

test('a directory that may not be written to is refused with what to do', () => {
  using folder = new TemporaryFolder('unwritable');
  const directory = folder.file('store');
  mkdirSync(directory);
  if (root) execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', directory]);
  else chmodSync(directory, 0o555);
  try {
    const failure = failureOf(() => Store.open(directory));
    expect(failure).toMatchObject({ code: 'STORE', hint: expect.stringContaining('may write') });
    expect(failure?.message).toMatch(/^cannot open .*weir\.db: .*(read-only|permission denied|cannot be opened)/);
  } finally {
    if (root) execFileSync('umount', [directory]);
  }
});

test('a path that is a file is no directory', () => {
  using folder = new TemporaryFolder('file');
  writeFileSync(folder.file('store'), '');
  expect(failureOf(() => Store.open(folder.file('store')))?.message).toMatch(/^cannot open /);
});
