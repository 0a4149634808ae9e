/** Captures for tests of starting and stopping: what is in them matters little. */
import { udpFrame, writeCaptureFile } from '../support/frames.ts';

/** One UDP flow: a packet every `everyMs` of packet time. */
export function steadyFlow(path: string, packets: number, everyMs = 10): string {
  const bytes = udpFrame({ source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 4000, destinationPort: 5000, payload: 100 });
  writeCaptureFile(
    path,
    Array.from({ length: packets }, (_, index) => ({ timeUs: 1.7e15 + index * everyMs * 1000, bytes })),
  );
  return path;
}

/** `flows` UDP flows of two packets each. */
export function manyFlows(path: string, flows: number): string {
  const frames = Array.from({ length: flows * 2 }, (_, index) => {
    const flow = index % flows;
    const bytes = udpFrame({
      source: `10.0.${(flow >> 8) & 255}.${flow & 255}`,
      destination: '192.0.2.2',
      sourcePort: 1024 + (flow % 60_000),
      destinationPort: 53,
      payload: 20,
    });
    return { timeUs: 1.7e15 + index * 100, bytes };
  });
  writeCaptureFile(path, frames);
  return path;
}
