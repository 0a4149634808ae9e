/** Ends its process, or a worker, in the middle of a run: mid-capture-script.ts CAPTURE exit|throw|terminate|worker-exit */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Sensor } from '../../src/index.ts';

const [capture, how] = isMainThread ? process.argv.slice(2) : (workerData as [string, string]);

async function startRunning(): Promise<Sensor> {
  const sensor = new Sensor({ input: { kind: 'replay', files: [capture], loop: 0 }, tracking: { shards: 2, tickMs: 100 } });
  await sensor.start();
  await new Promise((resolve) => sensor.once('tick', resolve));
  return sensor;
}

if (!isMainThread) {
  await startRunning();
  parentPort!.postMessage('running');
  if (how === 'worker-exit') setTimeout(() => process.exit(0), 50);
} else if (how === 'exit' || how === 'throw') {
  await startRunning();
  setTimeout(() => {
    if (how === 'exit') process.exit(7);
    throw new Error('on purpose');
  }, 50);
} else {
  const worker = new Worker(new URL(import.meta.url), { workerData: [capture, how] });
  const gone = new Promise((resolve) => worker.once('exit', resolve));
  await new Promise((resolve) => worker.once('message', resolve));
  if (how === 'terminate') await worker.terminate();
  await gone;
  // The threads that the worker's sensor had started must not touch memory that is gone.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const sensor = await startRunning();
  await sensor.stop();
  console.log('alive');
}
