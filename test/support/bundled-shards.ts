/**
 * Sensors under test start their shards from a bundle of src/shard/worker.ts, in half of the time that its two hundred
 * modules take, and the code of every thread is compiled once.
 */
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';
import threads, { type WorkerOptions } from 'node:worker_threads';

const source = new URL('../../src/shard/worker.ts', import.meta.url).href;
const bundle = new URL('../../.cache/shard/worker.js', import.meta.url);
const { Worker } = threads;

process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../../.cache/compiled', import.meta.url));
if (Worker.name !== 'BundledWorker') {
  threads.Worker = class BundledWorker extends Worker {
    constructor(file: string | URL, options?: WorkerOptions) {
      super(file instanceof URL && file.href === source ? bundle : file, options);
    }
  };
  syncBuiltinESMExports();
}
