/** The figures of a frame: what a tick, the run so far, and the keeper say. */
import type { Stats } from '../api/contract.ts';
import type { RunSummary } from '../merge/summary.ts';
import type { TickReport } from '../sensor-events.ts';
import { version } from '../version.ts';
import type { Tallies, TickFacts } from './protocol.ts';

export interface FigureInput {
  /** Of the sensor. */
  name: string;
  inputs: string[];
  live: boolean;
  state: Stats['sensor']['state'];
  /** Epoch seconds of the wall clock. */
  startedAt: number;
  alerts: Stats['alerts'];
  backlog: number;
  droppedRecords: number;
}

const sumOf = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

const rate = (count: number, secs: number): number => (secs > 0 ? count / secs : 0);

export function statsOf(tick: TickReport | null, summary: RunSummary | null, tallies: Tallies, input: FigureInput): Stats {
  const { name, inputs, live, state, startedAt, alerts, backlog, droppedRecords } = input;
  const secs = tick?.intervalSecs ?? 0;
  return {
    sensor: { name, version: version(), inputs, live, state, started: startedAt },
    time: tick?.time ?? null,
    tick: tick?.tick ?? 0,
    pps: state === 'running' ? rate(tick?.packets ?? 0, secs) : 0,
    bps: state === 'running' ? rate((tick?.bytes ?? 0) * 8, secs) : 0,
    packets_total: tick?.packetsTotal ?? 0,
    bytes_total: tick?.bytesTotal ?? 0,
    flows: { live: tick?.flowsLive ?? 0, created: summary?.flows_created ?? 0, ended: sumOf(summary?.flows_ended ?? {}) },
    devices: tallies.devices,
    alerts,
    protocols: tallies.protocols,
    loss: {
      kernel: tick?.kernelDroppedTotal ?? null,
      interface: tick?.interfaceDroppedTotal ?? null,
      ring: tick?.ringDroppedTotal ?? 0,
      estimate: summary?.loss_estimate ?? null,
    },
    emergency: tick?.emergency ?? false,
    store: { backlog, dropped_records: droppedRecords + tallies.lostRecords, error: tallies.error },
  };
}

/** What the store keeps of a tick; counts that only the run knows as differences. */
export class TickLedger {
  #created = 0;
  #ended = 0;

  facts(tick: TickReport, summary: RunSummary | null): TickFacts {
    const created = summary?.flows_created ?? 0;
    const ended = sumOf(summary?.flows_ended ?? {});
    const facts = {
      time: tick.time,
      intervalSecs: tick.intervalSecs,
      packets: tick.packets,
      bytes: tick.bytes,
      flowsLive: tick.flowsLive,
      flowsCreated: created - this.#created,
      flowsEnded: ended - this.#ended,
      dropsKernel: tick.kernelDropped,
      dropsInterface: tick.interfaceDropped,
      dropsRing: tick.ringDropped,
    };
    this.#created = created;
    this.#ended = ended;
    return facts;
  }
}
