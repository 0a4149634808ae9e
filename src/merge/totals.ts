/** Adds up the ticks of a run: what the summary says of traffic, apart from the ledger's counters. */
import type { TickMessage, TopFlow } from '../shard/protocol.ts';

/** Packets and wire bytes of one IP protocol number. */
export interface ProtocolSum {
  protocol: number;
  packets: number;
  bytes: number;
}

/** One merged tick. */
export interface MergedTick {
  tick: number;
  streamNs: number;
  packets: number;
  bytes: number;
  flowsLive: number;
  emergency: boolean;
  final: boolean;
  /** By byte delta, largest first. */
  top: TopFlow[];
}

export class RunTotals {
  readonly #protocols = new Map<number, ProtocolSum>();
  readonly #summaryFlows: TopFlow[] = [];

  /** Merges the messages of one tick, one per shard. `topFlows` bounds the list. */
  merge(group: TickMessage[], topFlows: number): MergedTick {
    const first = group[0];
    const merged: MergedTick = {
      tick: first.tick,
      streamNs: first.streamNs,
      packets: 0,
      bytes: 0,
      flowsLive: 0,
      emergency: false,
      final: true,
      top: [],
    };
    for (const message of group) {
      merged.packets += message.packets;
      merged.bytes += message.bytes;
      merged.flowsLive += message.flowsLive;
      merged.emergency ||= message.emergency;
      merged.final &&= message.final;
      merged.top.push(...message.top);
      this.#summaryFlows.push(...message.summary);
      this.#addProtocols(message.protocols);
    }
    merged.top.sort((a, b) => b.deltaBytes - a.deltaBytes || compareRows(a.row, b.row));
    merged.top.length = Math.min(merged.top.length, topFlows);
    return merged;
  }

  #addProtocols(deltas: number[]): void {
    for (let at = 0; at + 2 < deltas.length; at += 3) {
      const protocol = deltas[at];
      const sum = this.#protocols.get(protocol) ?? { protocol, packets: 0, bytes: 0 };
      sum.packets += deltas[at + 1];
      sum.bytes += deltas[at + 2];
      this.#protocols.set(protocol, sum);
    }
  }

  /** By bytes, then packets, largest first. */
  protocols(): ProtocolSum[] {
    return [...this.#protocols.values()].sort((a, b) => b.bytes - a.bytes || b.packets - a.packets || a.protocol - b.protocol);
  }

  /** The flows of most bytes of the whole run, as rows. Complete after the final tick. */
  summaryFlows(most: number): TopFlow[] {
    return this.#summaryFlows.sort((a, b) => b.deltaBytes - a.deltaBytes || compareRows(a.row, b.row)).slice(0, most);
  }
}

/** Any fixed order that does not depend on shards: the key bytes of the row, without the keyed hash. */
function compareRows(a: Uint8Array, b: Uint8Array): number {
  // Bytes 8..48 are ports, protocol, role and addresses.
  return Buffer.compare(a.subarray(8, 14), b.subarray(8, 14)) || Buffer.compare(a.subarray(16, 48), b.subarray(16, 48));
}
