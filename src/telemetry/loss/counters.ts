/** What is counted on the way of a packet from the card to an output, as it is at one moment. null = nobody counts it. */

/** One interface. Counters run since it exists. */
export interface NicCounters {
  readonly name: string;
  readonly packets: number | null;
  /** Dropped by the card for want of buffers. */
  readonly missed: number | null;
  /** Overflows of the card's own queue; events, not always packets. */
  readonly fifo: number | null;
  /** `rx_dropped`: counts frames of protocols that nobody wanted as well, so it is an upper bound and in no sum. */
  readonly dropped: number | null;
  /** The driver's own counters of lost packets by name (`ethtool -S`); null when it was not asked. */
  readonly driver: Readonly<Record<string, number>> | null;
  /** Descriptors of the receive ring, as they are and at most (`ethtool -g`). */
  readonly ring: { readonly now: number; readonly most: number } | null;
}

/** Of all processors and all interfaces of the host. */
export interface SoftnetCounters {
  readonly processed: number;
  /** Packets for which the queue of a processor was full. */
  readonly dropped: number;
  /** Times that a processor had to stop before it was done. Loses nothing by itself. */
  readonly squeezed: number;
}

export interface HostCounters {
  readonly interfaces: readonly NicCounters[];
  readonly softnet: SoftnetCounters | null;
  /** `net.core.netdev_max_backlog` and `net.core.netdev_budget`; only the host's own namespace shows the first. */
  readonly backlog: number | null;
  readonly budget: number | null;
}

/** How long writes to one output have taken. */
export interface OutputWait {
  /** As it is switched on: `--flows-jsonl`. */
  readonly flag: string;
  readonly path: string;
  readonly waitedMs: number;
}

/** The settings that remedies change. */
export interface LossSettings {
  readonly bufferMb: number;
  readonly fanout: number;
  readonly shards: number;
  readonly maxFlows: number;
  readonly ringBytes: number;
  readonly dpi: string;
  readonly processors: number;
}

/** The sensor's own counters since its start. */
export interface SensorCounters {
  readonly live: boolean;
  /** As the kernel counts, drops included. */
  readonly received: number | null;
  readonly kernelDrops: number | null;
  readonly framesRead: number;
  readonly enqueued: number;
  readonly ringDrops: number;
  /** Most bytes that ever were in one ring. */
  readonly ringHighWaterBytes: number;
  /** Packets that are in flows, and those that opened none, by reason. */
  readonly accounted: number;
  readonly refusedProbe: number;
  readonly refusedEmergency: number;
  readonly refusedLimit: number;
  readonly flowsCreated: number;
  readonly flowsEvicted: number;
  readonly emergencyTicks: number;
  /** Flows that the application layer left alone because their shard was behind. */
  readonly appShed: number;
  readonly rowsWritten: number;
  readonly rowsDropped: number;
  /** Times that a shard waited for room for its records. */
  readonly outboxWaits: number;
  readonly tapWritten: number;
  readonly tapDropped: number;
  readonly pcapWritten: number;
  readonly pcapErrors: number;
  readonly outputErrors: number;
  readonly outputs: readonly OutputWait[];
  /** Bytes of TCP data that were acknowledged and never seen, and those that were seen. */
  readonly missedBytes: number;
  readonly payloadBytes: number;
  readonly settings: LossSettings;
}

export interface LossSnapshot {
  /** Of a clock that only goes on; packet time for a file. */
  readonly atMs: number;
  /** null where the system shows none of it. */
  readonly host: HostCounters | null;
  /** null before a sensor runs. */
  readonly sensor: SensorCounters | null;
}

/** Growth of a counter between two moments; null when one of them is unknown, or when it was set back in between. */
export function growth(before: number | null | undefined, after: number | null | undefined): number | null {
  if (before === null || before === undefined || after === null || after === undefined) return null;
  return after < before ? null : after - before;
}
