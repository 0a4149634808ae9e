/** Frames onto a test link, from a real socket or replayed as they are. */
import { fileURLToPath } from 'node:url';
import type { Network } from './namespaces.ts';

const udpScript = fileURLToPath(new URL('./udp-send.ts', import.meta.url));

export interface Datagrams {
  to: string;
  port?: number;
  count: number;
  perSecond?: number;
  bytes?: number;
  /** Sockets, and so flows, to send from. */
  sources?: number;
}

/** Sends UDP datagrams from `space` and resolves when the last has left. */
export async function sendDatagrams(network: Network, space: string, datagrams: Datagrams): Promise<void> {
  const { to, port = 9999, count, perSecond = 2000, bytes = 64, sources = 1 } = datagrams;
  const { stdout } = await network.mustRun(space, process.execPath, [
    udpScript,
    to,
    ...[port, count, perSecond, bytes, sources].map(String),
  ]);
  if (Number(stdout) !== count) throw new Error(`${stdout} of ${count} datagrams left`);
}

export interface ReplayReport {
  packets: number;
  packetsPerSecond: number;
}

/** Replays a capture with tcpreplay; `pace` is its rate option, e.g. `--topspeed` or `--pps=1000`. */
export async function replayFrames(
  network: Network,
  space: string,
  device: string,
  capture: string,
  pace: string[],
): Promise<ReplayReport> {
  const { stdout, stderr } = await network.mustRun(space, 'tcpreplay', [...pace, '-i', device, capture]);
  const packets = /Actual: (\d+) packets/.exec(stdout)?.[1];
  const failed = /Failed packets:\s+(\d+)/.exec(stdout)?.[1];
  const rate = /Rated: .*, ([\d.]+) pps/.exec(stdout)?.[1];
  if (packets === undefined || rate === undefined || failed !== '0') throw new Error(`tcpreplay: ${stdout}${stderr}`);
  return { packets: Number(packets), packetsPerSecond: Number(rate) };
}
