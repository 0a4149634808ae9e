/** Snapshots of counters, all at rest, to be changed where a test wants a loss. */
import type { HostCounters, LossSnapshot, NicCounters, SensorCounters } from '../../src/telemetry/loss/counters.ts';

export const nicOf = (changes: Partial<NicCounters> = {}): NicCounters => ({
  name: 'eth1',
  packets: 1000,
  missed: 0,
  fifo: 0,
  dropped: 0,
  driver: null,
  ring: null,
  ...changes,
});

export const hostOf = (changes: Partial<HostCounters> = {}): HostCounters => ({
  interfaces: [nicOf()],
  softnet: { processed: 5000, dropped: 0, squeezed: 0 },
  backlog: 1000,
  budget: 300,
  ...changes,
});

export const sensorOf = (changes: Partial<SensorCounters> = {}): SensorCounters => ({
  live: true,
  received: 1000,
  kernelDrops: 0,
  framesRead: 1000,
  enqueued: 1000,
  ringDrops: 0,
  ringHighWaterBytes: 4096,
  accounted: 1000,
  refusedProbe: 0,
  refusedEmergency: 0,
  refusedLimit: 0,
  flowsCreated: 100,
  flowsEvicted: 0,
  emergencyTicks: 0,
  appShed: 0,
  rowsWritten: 50,
  rowsDropped: 0,
  outboxWaits: 0,
  tapWritten: 0,
  tapDropped: 0,
  pcapWritten: 0,
  pcapErrors: 0,
  outputErrors: 0,
  outputs: [],
  missedBytes: 0,
  payloadBytes: 1_000_000,
  settings: { bufferMb: 16, fanout: 1, shards: 1, maxFlows: 500_000, ringBytes: 1 << 23, dpi: 'auto', processors: 4 },
  ...changes,
});

/** `secs` after a moment. */
export const snapshotAt = (secs: number, sensor: SensorCounters | null, host: HostCounters | null = hostOf()): LossSnapshot => ({
  atMs: 5000 + secs * 1000,
  host,
  sensor,
});
