/**
 * A reader that sleeps is woken for every frame. The frames come through a pipe, one at a time, and the next is written
 * only when the one before has been read: a wake that is lost, or put off for company that never comes, stops the test.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { loadAddon } from '../../../src/native/load.ts';
import { createRing } from '../../../src/ring/create.ts';
import { RecordKind } from '../../../src/ring/layout.ts';
import { until } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { classicHeader, classicRecord, stampedFrames } from './capture-bytes.ts';
import { EngineRun, engineOptions, fileSource, RecordReader } from './engine-run.ts';

const folder = new TemporaryFolder('waking');
afterAll(() => folder[Symbol.dispose]());
const [FRAME] = stampedFrames(1);
const DAY_MS = 86_400_000;
const PATIENCE_MS = 10_000;
const script = fileURLToPath(new URL('./standard-input-script.ts', import.meta.url));

let pipes = 0;

function spin(microseconds: number): void {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
}

/** Sends `rounds` frames through a pipe, each when the one before has been read, and sleeps in between. */
class OneByOne {
  readonly done: Promise<void>;
  private readonly path = folder.file(`pipe${++pipes}`);
  private readonly pipe: number;
  private readonly reader: RecordReader;
  private readonly run: EngineRun;
  private readonly waker = loadAddon().createWaker(() => this.turn());
  private readonly settled = Promise.withResolvers<void>();
  private readonly watch: NodeJS.Timeout;
  private readonly rounds: number;
  private read = 0;
  private readAtLastLook = -1;

  constructor(rounds: number) {
    this.rounds = rounds;
    this.done = this.settled.promise;
    execFileSync('mkfifo', [this.path]);
    // For both directions, so that opening does not wait for the engine; this end only writes.
    this.pipe = openSync(this.path, constants.O_RDWR);
    const ring = createRing(1 << 14);
    this.reader = new RecordReader(ring);
    this.reader.ring.attachWaker(this.waker.id);
    this.run = new EngineRun(engineOptions([fileSource(this.path)], { rings: [[ring]], tap: null, tickMs: DAY_MS }));
    this.watch = setInterval(() => this.look(), PATIENCE_MS);
    this.run.engine.start();
    writeSync(this.pipe, classicHeader());
    this.send();
    this.turn();
  }

  private send(): void {
    writeSync(this.pipe, classicRecord({ ...FRAME, sec: FRAME.sec + this.read }));
  }

  private turn(): void {
    const { ring } = this.reader;
    do {
      ring.awake();
      const packets = this.reader.take().filter(({ kind }) => kind === RecordKind.PACKET).length;
      this.read += packets;
      if (this.read === this.rounds) this.settled.resolve();
      else if (packets > 0) {
        this.send();
        // The engine publishes it some 20 to 60 us later: the sleep is announced before that, meanwhile, and after it.
        spin(Math.random() * 80);
      }
    } while (!this.reader.hasEnded && ring.announceSleep());
  }

  private look(): void {
    const left = this.reader.ring.refresh() ? 'published, but nobody was woken' : 'not published';
    if (this.read === this.readAtLastLook) this.settled.reject(new Error(`frame ${this.read + 1} was ${left} for ${PATIENCE_MS / 1000} s`));
    this.readAtLastLook = this.read;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.watch);
    this.run.engine.stop();
    await this.run.finished;
    this.waker.close();
    closeSync(this.pipe);
  }
}

describe('a reader that sleeps', () => {
  it('is woken for each of 5,000 frames that come alone', async () => {
    await using rounds = new OneByOne(5000);
    await rounds.done;
  });

  it('is woken while other threads take all processors', async () => {
    const burners = Array.from({ length: availableParallelism() }, () => new Worker('for (;;);', { eval: true }));
    try {
      await Promise.all(burners.map((burner) => once(burner, 'online')));
      await using rounds = new OneByOne(2000);
      await rounds.done;
    } finally {
      await Promise.all(burners.map((burner) => burner.terminate()));
    }
  });
});

describe('standard input', () => {
  it('is read while it is written, and left when the engine is stopped', async () => {
    const child = spawn(process.execPath, [script, '3'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve([code, signal])));
    child.stdin.write(classicHeader());
    for (const number of [1, 2, 3]) {
      child.stdin.write(classicRecord(FRAME));
      await until(`frame ${number}`, () => printed.includes(`${number}\n`));
    }
    // Nothing more is written, and the pipe stays open.
    expect(await ended).toEqual([0, null]);
    expect(printed).toBe('1\n2\n3\nstop\n');
  });
});
