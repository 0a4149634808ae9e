/**
 * The clients of a service under load, in a process of their own: theirs is another computer's processor in life, and an
 * answer is timed where nothing else happens.
 *
 *   node bench/service/clients.ts ADDRESS SECS REQUESTS_PER_SEC CLIENTS SILENT
 *
 * Tells its parent `ClientReport` and ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

export interface ClientReport {
  /** Milliseconds of answered requests. */
  times: number[];
  /** The longest of them by the second in which they were asked. */
  slowest: number[];
  /** Requests by status; 0 = no answer at all. */
  statuses: Record<string, number>;
  /** Frames by client, the silent ones first. */
  frames: number[];
  /** Frames whose number was not above the one before. */
  outOfOrder: number;
}

async function ask(address: string, secs: number, perSecond: number, report: ClientReport): Promise<void> {
  const waiting: Promise<void>[] = [];
  const begun = performance.now();
  const one = async () => {
    const sent = performance.now();
    let status = 0;
    try {
      const response = await fetch(`${address}/api/v1/flows?limit=100`);
      await response.arrayBuffer();
      status = response.status;
    } catch {
      status = 0;
    }
    const took = performance.now() - sent;
    const second = Math.floor((sent - begun) / 1000);
    if (status === 200) report.times.push(took);
    report.slowest[second] = Math.max(report.slowest[second] ?? 0, Math.round(took));
    report.statuses[status] = (report.statuses[status] ?? 0) + 1;
  };
  // At an even rate, whether or not the answers have come.
  for (let index = 0; index < secs * perSecond; index++) {
    const due = begun + (index * 1000) / perSecond - performance.now();
    if (due > 0) await sleep(due);
    waiting.push(one());
  }
  await Promise.all(waiting);
}

/** Clients that look at the numbers of frames; the silent ones stop reading after the first. */
function listen(address: string, clients: number, silent: number, report: ClientReport): WebSocket[] {
  return Array.from({ length: clients }, (_, index) => {
    report.frames[index] = 0;
    let last = 0;
    const socket = new WebSocket(`${address.replace('http', 'ws')}/ws`);
    socket.on('error', () => {});
    socket.on('message', (message: Buffer) => {
      const sequence = Number(/^\{"type":"frame","frame_seq":(\d+)/.exec(message.subarray(0, 64).toString())?.[1] ?? 0);
      if (sequence === 0) return;
      report.frames[index]++;
      if (sequence <= last) report.outOfOrder++;
      last = sequence;
      if (index < silent) socket.pause();
    });
    return socket;
  });
}

const [address = '', ...numbers] = process.argv.slice(2);
const [secs = 1, perSecond = 1, clients = 0, silent = 0] = numbers.map(Number);
const report: ClientReport = { times: [], slowest: [], statuses: {}, frames: [], outOfOrder: 0 };
const sockets = listen(address, clients, silent, report);
await ask(address, secs, perSecond, report);
for (const socket of sockets) socket.terminate();
process.send?.(report, () => process.exit(0));
