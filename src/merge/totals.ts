/** Adds up the ticks of a run: what the summary says of traffic, apart from the ledger's counters. */
import type { ApplicationTotal, TickMessage, TopFlow } from '../shard/protocol.ts';

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
  readonly #maxFlows: number;
  readonly #applications = new Map<string, ApplicationTotal>();
  readonly #protocols = new Map<number, ProtocolSum>();
  readonly #summaryFlows: TopFlow[] = [];

  constructor(maxFlows: number) {
    this.#maxFlows = maxFlows;
  }

  /** Merges the messages of one tick, one per shard. `topFlows` bounds the list. */
  merge(group: TickMessage[], topFlows: number): MergedTick {
    const merged: MergedTick = {
      // The successor of a dead shard may have found the end of the stream without knowing where it is.
      tick: Math.max(...group.map(({ tick }) => tick)),
      streamNs: Math.max(...group.map(({ streamNs }) => streamNs)),
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
      this.#addApplications(message.applications);
    }
    // Shards pass a tick one after the other, and a full table hands flows from one to another in between: the sum of
    // their counts may then be a number that was never live at once, which the credits keep below the limit.
    merged.flowsLive = Math.min(merged.flowsLive, this.#maxFlows);
    merged.top.sort((a, b) => b.deltaBytes - a.deltaBytes || compareRows(a.row, b.row));
    merged.top.length = Math.min(merged.top.length, topFlows);
    return merged;
  }

  #addApplications(totals: readonly ApplicationTotal[]): void {
    for (const { protocol, flows, packets, bytes } of totals) {
      const sum = this.#applications.get(protocol) ?? { protocol, flows: 0, packets: 0, bytes: 0 };
      sum.flows += flows;
      sum.packets += packets;
      sum.bytes += bytes;
      this.#applications.set(protocol, sum);
    }
  }

  /** Most bytes first. */
  applications(): ApplicationTotal[] {
    return [...this.#applications.values()].sort((a, b) => b.bytes - a.bytes || (a.protocol < b.protocol ? -1 : 1));
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
