/**
 * Closes wakers, and ends threads that have one, while the engine's call of the waker waits to be delivered. Prints how
 * often it did. Node 22 hands out such calls after it has finalized the function.
 */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { loadAddon } from '../../../src/native/load.ts';
import { sleep } from '../../support/command.ts';
import { EngineRun, engineOptions, RecordReader } from './engine-run.ts';

const ROUNDS = 20;

/** Has the engine call a new waker, and holds this thread until it has. */
function waitingCall(): { close(): void } {
  const options = engineOptions([{ kind: 'generator', profile: 'imix', packets: 10, flows: 2, seed: 1, rate: 10_000 }], { tap: null });
  const { ring } = new RecordReader(options.rings[0][0]);
  const waker = loadAddon().createWaker(() => {
    throw new Error('a call was delivered that was to wait');
  });
  ring.attachWaker(waker.id);
  ring.announceSleep();
  const run = new EngineRun(options);
  run.engine.start();
  const word = new Int32Array(new SharedArrayBuffer(4));
  while (!ring.refresh() || !ring.isClosed()) Atomics.wait(word, 0, 0, 1);
  // The engine wakes after it has published.
  Atomics.wait(word, 0, 0, 20);
  return waker;
}

if (isMainThread) {
  for (let round = 0; round < ROUNDS; round++) {
    waitingCall().close();
    await sleep(0);
  }
  for (let round = 0; round < ROUNDS; round++) {
    const worker = new Worker(new URL(import.meta.url));
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
  }
  console.log(`${2 * ROUNDS} calls waited`);
} else {
  waitingCall();
  parentPort?.postMessage('waiting');
  for (;;);
}
