/** One run of the library over a capture, with everything that it said. */
import { writeFileSync } from 'node:fs';
import type { FlowRecord, ReplayInput, RunSummary, SensorSettings, SensorWarning, TickReport } from '../../src/index.ts';
import { Sensor } from '../../src/index.ts';

export interface Replayed {
  /** In the order of delivery, interim records included. */
  records: FlowRecord[];
  /** Final records that stand in the sums: no outer flows of tunnels. */
  flows: FlowRecord[];
  summary: RunSummary;
  ticks: TickReport[];
  warnings: SensorWarning[];
}

export type ReplayOptions = Omit<SensorSettings, 'input'> & { loop?: number; speed?: ReplayInput['speed']; shards?: number };

export async function replay(files: string | string[], options: ReplayOptions = {}): Promise<Replayed> {
  const { loop = 1, speed = { mode: 'max' }, shards = 1, ...settings } = options;
  const input = { kind: 'replay', files: [files].flat(), loop, speed } as const;
  await using sensor = new Sensor({ ...settings, input, tracking: { shards, ...settings.tracking } });
  const ticks: TickReport[] = [];
  const warnings: SensorWarning[] = [];
  sensor.on('tick', (tick) => ticks.push(tick));
  sensor.on('warning', (warning) => warnings.push(warning));
  const stream = sensor.flows();
  const records: FlowRecord[] = [];
  const collected = (async () => {
    for await (const record of stream) records.push(record);
  })();
  // A start that fails rejects both; the caller gets the one from start().
  collected.catch(() => {});
  await sensor.start();
  const summary = await sensor.done;
  await collected;
  const flows = records.filter(({ record, tunnel }) => record === 'final' && tunnel?.role !== 'outer');
  return { records, flows, summary, ticks, warnings };
}

/** The only flow of a capture. */
export async function replayOne(files: string | string[], options: ReplayOptions = {}): Promise<FlowRecord> {
  const { flows } = await replay(files, options);
  if (flows.length !== 1) throw new Error(`${flows.length} flows`);
  return flows[0];
}

/** A frame of any link type, with its time to the nanosecond. */
export interface RawFrame {
  sec: number;
  nsec: number;
  bytes: Uint8Array | readonly number[];
  /** When more than was captured. */
  wireLength?: number;
}

/** Writes a little-endian classic capture, in nanoseconds when asked. */
export function writeRawCapture(path: string, linkType: number, frames: readonly RawFrame[], nanoseconds = false): string {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(linkType, 20);
  const parts: Uint8Array[] = [header];
  for (const { sec, nsec, bytes, wireLength = bytes.length } of frames) {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(sec, 0);
    record.writeUInt32LE(nanoseconds ? nsec : Math.floor(nsec / 1000), 4);
    record.writeUInt32LE(bytes.length, 8);
    record.writeUInt32LE(wireLength, 12);
    parts.push(record, Uint8Array.from(bytes));
  }
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

/** Frames 1 ms apart. */
export function spaced(frames: readonly (Uint8Array | readonly number[])[], startSec = 1_700_000_000): RawFrame[] {
  return frames.map((bytes, index) => ({ sec: startSec + Math.floor(index / 1000), nsec: (index % 1000) * 1_000_000, bytes }));
}

/** What stays of a flow when times are taken away, for comparing captures of the same packets. */
export function essence({ endpoint_a, endpoint_b, ...flow }: FlowRecord): Record<string, unknown> {
  const { protocol, client, packets_a_to_b, packets_b_to_a, ip_bytes_a_to_b, ip_bytes_b_to_a, payload_bytes_a_to_b } = flow;
  const { payload_bytes_b_to_a, history, conn_state, community_id } = flow;
  const ends = [endpoint_a, endpoint_b].map(({ ip, port }) => `${ip} ${port}`);
  return {
    ends,
    protocol,
    client,
    packets: [packets_a_to_b, packets_b_to_a],
    ipBytes: [ip_bytes_a_to_b, ip_bytes_b_to_a],
    payload: [payload_bytes_a_to_b, payload_bytes_b_to_a],
    history,
    conn_state,
    community_id,
  };
}
