/**
 * Preloaded into a command with --import: at each SIGUSR2 the first shard's thread ends at once, in the middle of
 * whatever it does, as one that ran out of memory would. A successor has the same name and can be ended the same way.
 */
import type { Worker } from 'node:worker_threads';

let victim: Worker | null = null;
process.on('worker', (worker: Worker) => {
  if (worker.threadName === 'weir-shard-0') victim = worker;
});
process.on('SIGUSR2', () => void victim?.terminate());
