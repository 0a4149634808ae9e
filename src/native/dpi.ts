/**
 * Application detection by libndpi: the contract of the addon `weir_dpi` (native/dpi, native/addon/detector_object.cc),
 * which is built only where there is a libndpi. A detector belongs to the thread that made it; there is one per shard.
 *
 * A flow is known by its slot, a small number that the caller chooses (its row in the flow table, say) and that stays the
 * flow's until `release`. Packets go in by batches, one call for some hundreds of them, without an object per packet:
 *
 *   entry   slot | bits | time low | time high | offset | length                                    6 words of 32 bits
 *   result  state | master | app | category | confidence | risks low | risks high | guessed         8 words, at the same index
 *
 * Nothing here throws because libndpi is missing; only wrong arguments and a closed detector do.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './load.ts';

export const DPI_ENTRY_WORDS = 6;
export const DPI_RESULT_WORDS = 8;

/** Bits of an entry. */
export const DPI_FROM_SERVER = 1;
/** The flow has been seen from its first packet on (nDPI 4.6 and newer make use of it). */
export const DPI_WHOLE = 2;

/** Words of a result. `master` and `app` are ids of this library's protocols, 0 = unknown; risk n of nDPI is bit n of both mask words. */
export const DpiWord = { STATE: 0, MASTER: 1, APP: 2, CATEGORY: 3, CONFIDENCE: 4, RISKS_LOW: 5, RISKS_HIGH: 6, GUESSED: 7 } as const;

export const DpiState = {
  UNDECIDED: 0,
  /** Labelled from content; more packets may make it more precise, or add risks. Enough for who wants to save memory: release it. */
  PARTIAL: 1,
  /** Labelled from content, for good. The native memory of the flow has been given back. */
  CLASSIFIED: 2,
  /** The packets of one flow, its memory, or the caller's patience ran out: a guess (GUESSED = 1), or nothing. */
  GAVE_UP: 3,
  /** `maxFlows` flows are being looked at. This packet was not; a later one of the flow may be. */
  NO_CAPACITY: 4,
  /** Was classified or given up earlier and not released since; there is nothing more to say. */
  SETTLED: 5,
} as const;

export interface DetectorOptions {
  /** Flows looked at at the same time by all shards together; each shard gets its part. */
  maxFlows: number;
  /** Shards that share `maxFlows`; 1 by default. */
  shards?: number;
  /** Slots are smaller than this; 1,048,576 by default. The table behind it (16 bytes per slot) grows as it is used. */
  maxSlots?: number;
  /**
   * Packets of one flow before it is given up, 1 to 255. 32 by default: nDPI's own limit (it takes the same number, in the
   * versions that have one). Its dissectors decide within the first 10 to 20, TLS certificates come within 32.
   */
  maxPackets?: number;
  /** Bytes that one flow may hold beside its structure, for reassembly and texts; 131,072 by default. Then it ends with what is known of it. */
  maxFlowHeap?: number;
}

export interface DpiMemory {
  flows: number;
  peakFlows: number;
  /** Size of libndpi's structure, one per flow that is being looked at. */
  flowStructBytes: number;
  /** What libndpi keeps for any traffic: tables of names, addresses, patterns. The three sums are null where libndpi does not tell. */
  moduleBytes: number | null;
  /** Structures of flows and what hangs on them. */
  flowBytes: number | null;
  /** The most that `flowBytes` has been, at least. */
  peakFlowBytes: number | null;
}

export interface DpiCounters {
  /** Packets that libndpi looked at. */
  packets: number;
  classified: number;
  gaveUp: number;
  /** Flows of both kinds that ended early because of `maxFlowHeap`. */
  heapGiveUps: number;
  /** Packets answered with NO_CAPACITY. */
  refused: number;
}

export interface DpiProtocol {
  id: number;
  name: string;
  /** Id of a category. */
  category: number;
}

export interface Detector {
  /**
   * Looks at `count` packets: entry i is at `entries[i * DPI_ENTRY_WORDS]`, its result at `results[i * DPI_RESULT_WORDS]`.
   * A packet is `bytes[offset .. offset + length]`, from its IP header on; at most 65,535 bytes of it are looked at. All
   * three arrays may be views of shared memory. Returns how many results say something (not UNDECIDED, not SETTLED).
   * Throws a RangeError, and looks at nothing, when a slot, offset or length is out of range.
   */
  process(entries: Int32Array, count: number, bytes: Uint8Array, results: Int32Array): number;
  /** The last word on a flow, written as a result: CLASSIFIED when it was PARTIAL, else GAVE_UP; SETTLED when there is none. */
  giveUp(slot: number, result: Int32Array): void;
  /** Forgets a flow. Its slot may be used for another one. */
  release(slot: number): void;
  /** Host name that libndpi read (SNI, Host, query ...), byte for byte as Latin-1; only until CLASSIFIED or GAVE_UP. */
  hostName(slot: number): string | null;
  protocolName(id: number): string | null;
  categoryName(id: number): string | null;
  confidenceName(id: number): string | null;
  /** Whether a confidence means a guess by port or address. */
  isGuess(confidence: number): boolean;
  riskName(bit: number): string | null;
  protocols(): DpiProtocol[];
  memory(): DpiMemory;
  counters(): DpiCounters;
  /** Gives everything back now; otherwise the garbage collector or the end of the thread does. */
  close(): void;
}

export interface DpiAddon {
  /** Version of the libndpi that was loaded, `4.2.0`. */
  readonly version: string;
  createDetector(options: DetectorOptions): Detector;
}

interface NativeDpi {
  readonly entryWords: number;
  readonly resultWords: number;
  readonly version: string;
  readonly Detector: new (options: Omit<DetectorOptions, 'shards'>) => Detector;
}

let loaded: DpiAddon | null | undefined;
let reason: string | null = null;

function open(file: string): DpiAddon | null {
  if (!existsSync(file)) {
    reason = 'built without libndpi';
    return null;
  }
  const module = { exports: {} as NativeDpi };
  try {
    process.dlopen(module, file);
  } catch (error) {
    reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    return null;
  }
  const native = module.exports;
  if (native.entryWords !== DPI_ENTRY_WORDS || native.resultWords !== DPI_RESULT_WORDS) {
    reason = `${file} was built from another version of this package`;
    return null;
  }
  return {
    version: native.version,
    createDetector: ({ shards = 1, maxFlows, ...rest }) => new native.Detector({ ...rest, maxFlows: Math.ceil(maxFlows / shards) }),
  };
}

/** The addon, or null where it cannot be had. Nothing is loaded before the first call; each thread loads it once. */
export function loadDpi(file?: string): DpiAddon | null {
  if (file !== undefined) return open(file);
  if (loaded === undefined) loaded = open(join(packageRoot(), 'build/Release/weir_dpi.addon'));
  return loaded;
}

/** Why `loadDpi` gave null; null before it did. */
export function dpiUnavailable(): string | null {
  return reason;
}

/** Word 2 and 3 of an entry from milliseconds since the epoch. */
export function writeDpiTime(entries: Int32Array, at: number, ms: number): void {
  entries[at + 2] = ms | 0;
  entries[at + 3] = Math.floor(ms / 2 ** 32);
}
