import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCredits } from '../../../src/flow/credits.ts';
import { LAYOUT_VERSION, RECORD_BYTES } from '../../../src/ring/layout.ts';
import { createOutbox, OutboxReader } from '../../../src/shard/outbox.ts';
import { Control, ShardCounter, type ShardData, type ShardMessage } from '../../../src/shard/protocol.ts';
import { RingBuilder, UDP } from '../flow/records.ts';
import { FLOW } from './rig.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shard-'));
  // A waker that nobody calls: what the worker finds without being woken is what these tests are about.
  const calls = `layoutVersion: () => ${LAYOUT_VERSION}, recordBytes: () => ${RECORD_BYTES}, createWaker: () => ({ id: 1, close() {} }), preferHugePages: () => false, discardMemory: () => false, FastPath: class { setIndex() {} run() {} }`;
  writeFileSync(join(folder, 'addon.cjs'), `module.exports = { ${calls} };`);
});
afterAll(() => rmSync(folder, { recursive: true }));

function shard(ring: RingBuilder, more: Partial<ShardData> = {}) {
  const data: ShardData = {
    shard: 0,
    shards: 1,
    rings: [ring.ring],
    outbox: createOutbox(8),
    control: new SharedArrayBuffer(4 * Control.WORDS),
    counters: new SharedArrayBuffer(8 * ShardCounter.SLOTS),
    credits: createCredits(1000, 1),
    flow: FLOW,
    app: null,
    detect: false,
    processes: null,
    wantRows: true,
    topFlows: 0,
    summaryFlows: 0,
    addonPath: join(folder, 'addon.cjs'),
    live: false,
    rehearse: false,
    slowMs: 0,
    ...more,
  };
  const worker = new Worker(new URL('../../../src/shard/worker.ts', import.meta.url), { workerData: data });
  const exit = new Promise<number>((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  const control = new Int32Array(data.control);
  return { data, worker, exit, control };
}

describe('worker', () => {
  it('delivers ticks and rows through a full outbox and ends by itself', async () => {
    const ring = new RingBuilder();
    for (let i = 0; i < 100; i++) ring.packet({ t: i / 1000, protocol: UDP, src: i + 1, dst: 200, sport: 1, dport: 2 });
    ring.tick(1, 1).end(2, 2);
    const { data, worker, exit, control } = shard(ring);
    const outbox = new OutboxReader(data.outbox, data.control);
    const seen: string[] = [];
    let rows = 0;
    worker.on('message', (message: ShardMessage) => {
      if (seen.at(-1) !== message.type) seen.push(message.type);
      if (message.type !== 'rows' && message.type !== 'tick') return;
      for (const span of outbox.spans(message.entriesWritten)) {
        rows += span.count;
        outbox.release(span.count);
      }
      if (message.type === 'tick') Atomics.store(control, Control.ACKED_TICK, message.tick);
    });
    expect(await exit).toBe(0);
    expect([seen, rows]).toEqual([['ready', 'tick', 'rows', 'tick'], 100]);
    expect(new Float64Array(data.counters)[ShardCounter.ENDED_PACKETS]).toBe(100);
  });

  it('waits when it is too far ahead, and an abort breaks the wait', async () => {
    const ring = new RingBuilder(1 << 18);
    for (let i = 1; i <= 600; i++) ring.tick(i, i);
    const { worker, exit, control } = shard(ring);
    let last = 0;
    await new Promise<void>((resolve) => {
      worker.on('message', (message: ShardMessage) => {
        if (message.type === 'tick') last = message.tick;
        if (last === 257) resolve();
      });
    });
    Atomics.store(control, Control.ABORT, 1);
    Atomics.notify(control, Control.ACKED_TICK);
    expect(await exit).toBe(0);
    expect(last).toBe(257);
  });

  it('answers a request for live flows while it sleeps', async () => {
    const ring = new RingBuilder().packet({ t: 0, protocol: UDP, src: 1, dst: 2, sport: 1, dport: 2 });
    const { worker, exit, control } = shard(ring, { live: true });
    const answer = new Promise<ShardMessage>((resolve) => {
      worker.on('message', (message: ShardMessage) => {
        if (message.type === 'ready') setTimeout(() => worker.postMessage({ type: 'snapshot', id: 4, limit: 10 }), 50);
        if (message.type === 'snapshot') resolve(message);
      });
    });
    expect(await answer).toMatchObject({ type: 'snapshot', id: 4, count: 1 });
    Atomics.store(control, Control.ABORT, 1);
    worker.postMessage({ type: 'stop' });
    expect(await exit).toBe(0);
  });
});
