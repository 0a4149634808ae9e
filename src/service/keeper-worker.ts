/** The thread that keeps devices and history. Until it is told to open, what arrives waits. */
import { parentPort, workerData } from 'node:worker_threads';
import { Keeper } from './keeper.ts';
import { giveWay, KEEPER_STEPS } from './priority.ts';
import { problemOf } from './problem.ts';
import type { KeeperAnswers, KeeperMessage, KeeperReply, KeeperStart } from './protocol.ts';
import { answer } from './rpc.ts';

giveWay(KEEPER_STEPS);
const port = parentPort;
if (port === null) throw new Error('this module is the entry of a worker thread');
const start = workerData as KeeperStart;
const say = (reply: KeeperReply): void => port.postMessage(reply);
let keeper: Keeper | null = null;
let waiting: KeeperMessage[] = [];

async function open(): Promise<void> {
  try {
    keeper = await Keeper.open(start, {
      tell: (changes) => start.devicePort.postMessage({ type: 'devices', changes }),
      taken: (rowBytes) => say({ type: 'taken', rowBytes }),
    });
    answer<KeeperAnswers>(start.questionPort, keeper.answers);
    say({ type: 'ready' });
    for (const message of waiting) take(keeper, message);
    waiting = [];
  } catch (error) {
    say({ type: 'failed', problem: problemOf(error) });
  }
}

function take(open: Keeper, message: KeeperMessage): void {
  if (message.type === 'rows') open.rows(message.rows, message.context);
  else if (message.type === 'alerts') open.alerts(message.alerts, message.added);
  else if (message.type === 'frames') open.frames(message.discovery, message.sample);
  else if (message.type === 'tick') {
    const tallies = open.tick(message.facts);
    say({ type: 'kept', records: message.records, tallies });
  }
}

async function close(): Promise<void> {
  await keeper?.close();
  start.devicePort.close();
  start.questionPort.close();
  process.exit();
}

port.on('message', (message: KeeperMessage) => {
  if (message.type === 'open') void open();
  else if (message.type === 'close') void close();
  else if (keeper === null) waiting.push(message);
  else take(keeper, message);
});
