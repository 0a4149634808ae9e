/** The thread of the API: answers from the database on a connection that only reads, asks the other threads for the rest. */
import { parentPort, workerData } from 'node:worker_threads';
import { startApi } from './api-part.ts';
import { API_STEPS, giveWay } from './priority.ts';
import { problemOf } from './problem.ts';
import type { ApiMessage, ApiReply, ApiStart } from './protocol.ts';

giveWay(API_STEPS);
const port = parentPort;
if (port === null) throw new Error('this module is the entry of a worker thread');
const say = (reply: ApiReply): void => port.postMessage(reply);

try {
  const part = await startApi(workerData as ApiStart);
  port.on('message', (message: ApiMessage) => {
    if (message.type !== 'close') return part.receive(message);
    void part.close().finally(() => process.exit());
  });
  say({ type: 'listening', ...part.address });
} catch (error) {
  say({ type: 'failed', problem: problemOf(error) });
}
