/** What the main thread answers to the API: the present of the sensor. */
import type { Config, Health } from '../api/contract.ts';
import { pcapngFile } from '../export/pcapng-file.ts';
import type { Sensor } from '../sensor.ts';
import type { PacketsOfFlow, SensorAnswers } from './protocol.ts';

/** Packets of one flow that are handed out: more than this is a capture of its own. */
const PACKETS_LIMIT = 50_000;
/** A flow's times are rounded to microseconds. */
const SLACK_SECS = 0.001;

function flowPackets(sensor: Sensor, { protocol, a, aPort, b, bPort, from, to }: PacketsOfFlow): ReturnType<SensorAnswers['packetsOf']> {
  const base = sensor.baseSeconds ?? 0;
  const found = sensor.recallPackets({
    fromNs: (from - base - SLACK_SECS) * 1e9,
    toNs: (to - base + SLACK_SECS) * 1e9,
    clauses: [{ protocol, address: a, port: aPort, peer: b, peerPort: bPort }],
    limit: PACKETS_LIMIT,
  });
  const file = pcapngFile(found.packets, { interfaceName: (source) => sensor.sourceName(source) });
  return { file, packets: found.packets.length, complete: found.complete && !found.more };
}

/** Of all packets that are still there; null = none. */
function oldestOrdinal(sensor: Sensor): number | null {
  return sensor.recallPackets({ clauses: [{}], limit: 1 }).packets[0]?.ordinal ?? null;
}

export function sensorAnswers(sensor: Sensor, ledger: SensorAnswers['ledger'], config: () => Config, health: () => Health): SensorAnswers {
  const named = (source: number): string | null => sensor.sourceName(source);
  return {
    flows: (limit) => sensor.liveFlows(limit),
    ledger,
    packets: (limit, before) => {
      const frames = sensor.recentPackets(limit, before);
      return { frames, names: frames.map(({ source }) => named(source)), oldest: oldestOrdinal(sensor) };
    },
    packet: (ordinal) => {
      const frame = sensor.recallPacket(ordinal);
      return frame === null ? null : { frame, name: named(frame.source) };
    },
    packetsOf: (flow) => flowPackets(sensor, flow),
    health,
    config,
    counters: () => ({}),
  };
}
