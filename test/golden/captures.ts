/** The captures on which results must not depend on shards, ticks or the run: generated ones, and an awkward hand-made one. */

import { TCP_ACK, TCP_FIN, TCP_SYN, type TimedFrame, tcpFrame, udpFrame, writeCaptureFile } from '../support/frames.ts';
import { type Generated, writeGenerated } from '../support/generated-capture.ts';
import { isLongForm } from '../support/rounds.ts';

const PROFILES: Generated['profile'][] = ['imix', 'small', 'flood', 'mixed', 'collision', 'apps'];
const SEEDS = [1, 2, 3, 4];

export interface NamedCapture {
  name: string;
  path: string;
}

/** Captures that are read in one run. */
export interface CaptureSet {
  name: string;
  files: string[];
}

/** Each by itself in the long form. In the suite all in one run: most of a short run is the compiling of the shards' code. */
export function runsOver(captures: NamedCapture[]): CaptureSet[] {
  if (isLongForm) return captures.map(({ name, path }) => ({ name, files: [path] }));
  return [{ name: 'all in one run', files: captures.map(({ path }) => path) }];
}

/** Captures of some thousand packets: every profile of the generator with these seeds. */
export function generatedCaptures(folder: string, seeds = SEEDS): NamedCapture[] {
  return PROFILES.flatMap((profile) =>
    seeds.map((seed) => {
      const name = `${profile}-${seed}`;
      const path = `${folder}/${name}.pcap`;
      writeGenerated(path, { profile, packets: 3000 + seed * 500, flows: 400, seed, rate: 500 });
      return { name, path };
    }),
  );
}

/** Connections that reuse a tuple, packets at one instant, steps back in time, silences longer than every timeout, and a jump of days. */
export function awkwardCapture(path: string): NamedCapture {
  const frames: TimedFrame[] = [];
  let timeUs = 1.6e15;
  const client = '192.0.2.10';
  const server = '192.0.2.20';
  const connection = (sourcePort: number) => {
    const forth = { source: client, destination: server, sourcePort, destinationPort: 443 };
    const back = { source: server, destination: client, sourcePort: 443, destinationPort: sourcePort };
    const steps = [
      tcpFrame({ ...forth, flags: TCP_SYN, seq: 99 }),
      tcpFrame({ ...back, flags: TCP_SYN | TCP_ACK, seq: 499, ack: 100 }),
      tcpFrame({ ...forth, seq: 100, ack: 500, payload: 50 }),
      tcpFrame({ ...back, seq: 500, ack: 150, payload: 700 }),
      tcpFrame({ ...forth, flags: TCP_FIN | TCP_ACK, seq: 150, ack: 1200 }),
      tcpFrame({ ...back, flags: TCP_FIN | TCP_ACK, seq: 1200, ack: 151 }),
      tcpFrame({ ...forth, seq: 151, ack: 1201 }),
    ];
    for (const bytes of steps) {
      timeUs += 3000;
      frames.push({ timeUs, bytes });
    }
  };
  for (let round = 0; round < 40; round++) {
    connection(40_000 + (round % 4));
    for (let port = 0; port < 30; port++) {
      const bytes = udpFrame({
        source: client,
        destination: `198.51.100.${port}`,
        sourcePort: 5353,
        destinationPort: 1000 + round,
        payload: port,
      });
      frames.push({ timeUs: round % 3 === 0 ? timeUs - 2_000_000 : timeUs, bytes });
    }
    timeUs += [20_000, 900_000, 31_000_000, 61_000_000][round % 4];
    if (round === 30) timeUs += 3 * 86_400 * 1e6;
  }
  writeCaptureFile(path, frames);
  return { name: 'awkward', path };
}
