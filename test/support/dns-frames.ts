/** A question and its answer as frames. */
import { type TimedFrame, udpFrame } from './frames.ts';
import { SCAN_START_US } from './scan-frames.ts';

const RESPONSE = 0x81;

function message(name: string, isAnswer: boolean): Uint8Array {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  const answer = isAnswer ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1] : [];
  const header = [0, 7, isAnswer ? RESPONSE : 1, isAnswer ? 0x80 : 0, 0, 1, 0, isAnswer ? 1 : 0, 0, 0, 0, 0];
  return Uint8Array.from([...header, ...labels, 0, 0, 1, 0, 1, ...answer]);
}

/** A question for an address, and the answer five milliseconds later. */
export function dnsFrames(atMs: number, name: string): TimedFrame[] {
  const timeUs = SCAN_START_US + atMs * 1000;
  const ask = { source: '10.0.0.5', destination: '10.0.0.1', sourcePort: 20_000 + atMs, destinationPort: 53 };
  const reply = { source: ask.destination, destination: ask.source, sourcePort: 53, destinationPort: ask.sourcePort };
  return [
    { timeUs, bytes: udpFrame({ ...ask, payload: message(name, false) }) },
    { timeUs: timeUs + 5000, bytes: udpFrame({ ...reply, payload: message(name, true) }) },
  ];
}
