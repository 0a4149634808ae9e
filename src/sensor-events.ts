/** The events of a Sensor, with their shapes. */
import type { AlertRecord } from './detect/alert.ts';
import type { DetectEvent } from './detect/events.ts';
import type { FlowRecord } from './flow/record.ts';
import type { CaptureThreadFacts } from './native/engine.ts';
import type { TapPacket } from './packet/tap-reader.ts';

/** One tick of packet time, merged over all shards. Counts are of the tick; `*_total` since the start. */
export interface TickReport {
  tick: number;
  /** Epoch seconds of the tick's end. */
  time: number;
  /** Packet time since the previous report. */
  intervalSecs: number;
  packets: number;
  /** Wire bytes. */
  bytes: number;
  packetsTotal: number;
  bytesTotal: number;
  /**
   * Flows that are live at the end of the tick, the outer ones of tunnels left out. Each shard counts when it passes the
   * tick; at the flow limit these counts are of different moments, and their sum is given as the limit at most.
   */
  flowsLive: number;
  emergency: boolean;
  ringDropped: number;
  ringDroppedTotal: number;
  /** null = the platform gives no number. */
  kernelDropped: number | null;
  kernelDroppedTotal: number | null;
  interfaceDropped: number | null;
  interfaceDroppedTotal: number | null;
  /** Flows with the most bytes in this tick. */
  top: { record: FlowRecord; deltaBytes: number; deltaPackets: number }[];
  final: boolean;
}

export interface SensorWarning {
  code: string;
  message: string;
  detail: Record<string, unknown>;
}

export interface StartReport {
  threads: CaptureThreadFacts[];
  /** Interfaces or files. */
  inputs: string[];
  shards: number;
  maxFlows: number;
}

export interface Progress {
  file: string;
  fileIndex: number;
  bytesRead: number;
  /** 0 where unknown (a pipe). */
  bytesTotal: number;
}

export interface SensorEvents {
  /** New alerts, and alerts that have repeated (`isNew` false: the record replaces the one with its `alert_id`). */
  alert: [alert: AlertRecord, isNew: boolean];
  /** What the rules saw of one tick, in their order; stream time 0 is `baseSeconds` of the epoch. Only with detection. */
  detect: [events: readonly DetectEvent[], baseSeconds: number];
  tick: [report: TickReport];
  /** Every packet, with `packets` or a log of packets. A live capture that outruns its listeners drops packets here and counts them. */
  packet: [packet: TapPacket];
  /** One in `sampleEvery`. */
  sample: [packet: TapPacket];
  /** Packets in which devices tell about themselves, with `discovery`. */
  discovery: [packet: TapPacket];
  warning: [warning: SensorWarning];
  progress: [progress: Progress];
}
