/** Runs in a worker: classifies the same conversations over and over and answers with everything that was said. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadDpi } from '../../../src/native/dpi.ts';
import { clientHello, feed, giveUp, httpRequest, httpResponse, overTcp, type Result } from './conversation.ts';

const { rounds, keep } = workerData as { rounds: number; keep: boolean };
const detector = loadDpi()?.createDetector({ maxFlows: 100 });
if (detector === undefined) throw new Error('the addon is not there');

const said = new Set<string>();
for (let round = 0; round < rounds; round++) {
  const results: Result[] = [
    ...feed(detector, overTcp(0, { client: 41000 }, [['client', clientHello('www.google.com')]])),
    ...feed(
      detector,
      overTcp(1, { client: 41001 }, [
        ['client', httpRequest('weir.example.net')],
        ['server', httpResponse],
      ]),
    ),
    giveUp(detector, 0),
  ];
  said.add(JSON.stringify(results));
  detector.release(0);
  detector.release(1);
}
// Left open on purpose when asked: the end of the thread has to close it.
if (!keep) detector.close();
parentPort?.postMessage([...said]);
