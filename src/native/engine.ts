/**
 * The contract between TypeScript and the addon: what `native/addon` exports, and nothing else.
 * Everything here is called on the thread that loaded the addon, at control rate (start, stop, once per tick).
 */

import type { AppFlows, AppFlowsMemory, FlowReaders } from './app-flows.ts';
import type { MomentMemory, NativeWatch } from './moment-memory.ts';
import type { NativeFront, RowFronts } from './row-fronts.ts';
import type { SynMemory } from './syn-memory.ts';
import type { TickWalk, TickWalkMemory } from './tick-walk.ts';

/** A file to replay. `-` is standard input. */
export interface FileSource {
  kind: 'file';
  path: string;
}

/** A live interface; `fanout` sockets share its packets by the kernel's flow hash, one capture thread each. */
export interface LiveSource {
  kind: 'live';
  interface: string;
  fanout: number;
}

/** The seeded traffic generator. */
export interface GeneratorSource {
  kind: 'generator';
  profile: 'imix' | 'small' | 'flood' | 'collision' | 'mixed' | 'apps';
  packets: number;
  flows: number;
  seed: number;
  /** Packets per second of packet time. */
  rate: number;
}

/** Wraps the replay of files in faults, for tests. All choices come from `seed`. */
export interface FaultPlan {
  seed: number;
  /** Fail the read after this many frames, as a damaged disk would. */
  failAfterFrames?: number;
  /** Cut every frame to this many captured bytes. */
  cutTo?: number;
  /** Probability of flipping one random bit in a frame. */
  corrupt?: number;
  /** Treat replay like live: drop the newest packet when a ring is full, instead of waiting. */
  dropWhenFull?: boolean;
}

export type SourceSpec = FileSource | LiveSource | GeneratorSource;

export interface EngineOptions {
  /** Either files or one generator (one reader thread, one after the other), or live interfaces (a thread per socket). */
  sources: SourceSpec[];
  shards: number;
  /** `rings[thread][shard]`: views of SharedArrayBuffers that `createRing` has laid out. */
  rings: Uint8Array[][];
  /** Most bytes of a packet that travel in shard rings, from its network header on; 0 = only records (`native/capture/carry_gate.h`). */
  carryBytes: number;
  /** 32-bit tags in shared memory, a power of two of them, with which shards say that they want no more of a flow; null = none do. */
  carryTags: Uint8Array | null;
  /** A flow that was silent for this long may be another one: its tag no longer counts. */
  carryIdleMs: number;
  /** One ring per capture thread that receives a FRAME or PACKET record with all captured bytes for every frame that is selected, or null. */
  tap: Uint8Array[] | null;
  /**
   * Which frames go into the tap: all, those whose position in the capture (of its thread) is a multiple of `every` (0 = none
   * of these), and those in which devices tell about themselves. The record's `layer` says why, as TapReason bits.
   */
  tapSelect: { all: boolean; every: number; discovery: boolean };
  /** Keep the newest frames, cut to `snaplen` bytes each, in `bytes` of memory over all capture threads; null = keep none. */
  recall: { bytes: number; snaplen: number } | null;
  /** 16 bytes; the key of the flow hash. */
  hashKey: Uint8Array;
  tickMs: number;
  snaplen: number;
  promiscuous: boolean;
  timeoutMs: number;
  bufferMb: number;
  immediate: boolean;
  /** BPF expression, '' = none. */
  filter: string;
  /** Stop after this many frames that passed the filter; 0 = no limit. */
  count: number;
  /** 'max', 'realtime' with a factor, or packets per second. */
  speed: { mode: 'max' } | { mode: 'time'; factor: number } | { mode: 'rate'; pps: number };
  /** Times to replay the list of files; 0 = for ever. */
  loop: number;
  tunnels: boolean;
  vlanAware: boolean;
  /** Leave out flows between loopback addresses (live only; the sensor decides). */
  suppressLoopback: boolean;
  /** Endpoints of our own shipping, never put into flows. */
  ownEndpoints: { address: string; port: number; protocol: number }[];
  verifyChecksums: boolean;
  /** Annotate every ARP request and reply for IPv4 on Ethernet with an ARP record, in the ring of the thread's shard 0. */
  arp: boolean;
  /** Where to write every frame that was read, or null. rotateMb 0 = one file. */
  writePcap: { path: string; rotateMb: number; maxFiles: number } | null;
  fault: FaultPlan | null;
  /** Live only: packets are diverted (WinDivert, a netfilter queue) instead of seen at an interface; null = they are not. */
  divert: DivertOptions | null;
}

export interface DivertOptions {
  /** Packets leave the system's path, and what nothing denies is put back; else copies are looked at. */
  inline: boolean;
  /** Inline: SYN packets that offer larger TCP segments are put back with this in its place; 0 = none is changed. */
  clampMssBytes: number;
  /** Windows: absolute path of WinDivert.dll. */
  library: string;
  /** Windows: which packets, in WinDivert's language. */
  filter: string;
  /** Windows: packets and milliseconds that the driver's queue holds; its bytes are `bufferMb`, at most 32 MiB. */
  queueLength: number;
  queueTimeMs: number;
  /** Linux: the number of the netfilter queue. */
  queue: number;
  /** The verdict table (`src/verdict/table.ts`); null = nothing is denied. */
  verdicts: Uint8Array | null;
}

/** Things that the engine tells the thread that owns it; `onEvent` is called once per event, never after stop() resolved. */
export type EngineEvent =
  /** All sources are open and all capture threads run. */
  | { type: 'started'; threads: CaptureThreadFacts[] }
  /** A file was opened; size 0 where unknown (a pipe). */
  | { type: 'file'; path: string; bytes: number; index: number }
  /** Something to tell people once: an unknown link type, a file that ends early ... */
  | { type: 'warning'; code: string; message: string; detail?: Record<string, unknown> }
  /** A source could not be opened or read; the run ends. `code` is a SensorError code. */
  | { type: 'error'; code: string; message: string; hint?: string; path?: string; errno?: number }
  /** Every thread has ended, written its END records and published its counters. */
  | { type: 'finished'; reason: 'eof' | 'count' | 'stop' | 'error' };

export interface CaptureThreadFacts {
  name: string;
  source: string;
  cpu: number | null;
  /** What the source was set to, as it says itself: WinDivert's `queueLength`, `queueTimeMs`, `queueBytes`, `clockErrorNs`. */
  detail: Record<string, number>;
}

export interface InterfaceFacts {
  name: string;
  /** The system's number of it. */
  index: number;
  description: string;
  up: boolean;
  running: boolean;
  loopback: boolean;
  pointToPoint: boolean;
  wireless: boolean;
  addresses: { address: string; family: 4 | 6; prefix: number }[];
  mac: string | null;
}

/** One tunnel that encloses flows: the outer tuple and what it carries. */
export interface TunnelFacts {
  id: number;
  /** TunnelType. */
  type: number;
  protocol: number;
  ipVersion: 4 | 6;
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  /** The network id (VNI, key, session); null where the type has none. */
  scope: number | null;
  parent: number;
}

export interface SourceFacts {
  /** Index as in the records' `source` field. */
  index: number;
  name: string;
  linkType: number;
}

/**
 * Packets between two ends, in either direction. null = anything. Ports of ICMP are those of the flow key: the type, and the
 * type of the answer.
 */
export interface RecallClause {
  address: string | null;
  port: number | null;
  peer: string | null;
  peerPort: number | null;
  /** IP protocol number. */
  protocol: number | null;
  /** Only ARP. */
  arp: boolean;
}

/** Frames between two moments of stream time, both included, that one of the clauses fits: by their own tuple, by one around it, or by one that they quote. */
export interface RecallMatch {
  fromNs: number;
  toNs: number;
  /** At most 256. */
  clauses: RecallClause[];
  /** At most so many are given, up to 100,000: the oldest, or the newest. */
  limit: number;
  newest: boolean;
}

/** FRAME records one after the other, as in a tap, but the bytes behind them are cut to the snaplen of the recall ring. */
export interface RecallAnswer {
  records: Uint8Array;
  /**
   * Frames of the asked time up to this stream time may be missing: overwritten, or skipped because somebody was reading.
   * -Infinity: none is.
   */
  lostUntilNs: number;
  /** There are more than were asked for. */
  more: boolean;
}

export interface Engine {
  /** Opens the sources and starts the threads; progress and errors arrive as events. Throws only on wrong arguments. */
  start(): void;
  /** Asks every thread to stop; 'finished' follows once all of them have. Safe to call twice. */
  stop(): void;
  /** The process ends now: closes the sources and waits for the threads, at most 2 s. No event follows, no record is finished. */
  abort(): void;
  /** Fills `out` (COUNTER_COUNT values) with the sum over the threads. Exact after 'finished'. */
  readCounters(out: Float64Array): void;
  /** Bytes read so far of the current file, for progress. */
  progress(): { fileIndex: number; bytesRead: number };
  /** Tunnels numbered from 1, starting after `after`. */
  tunnels(after: number): TunnelFacts[];
  sources(): SourceFacts[];
  /** Seconds since the epoch that streamNs counts from (the whole second of the first packet); null before it. */
  baseSeconds(): number | null;
  /** Stream time of the first packet and of the clock now, ns since baseSeconds(); null before the first packet. */
  clock(): { firstNs: number; nowNs: number } | null;
  /** Another filter for a live capture, '' = none, from one moment to the next; what is wrong with it, or null. */
  replaceFilter(expression: string): string | null;
  /**
   * The newest frames that are kept, newest first, at most 100,000; `before`: those older than the frame of that number, none
   * when it has gone. A frame's number (its record's `ordinal`) is its position in the capture; with several capture threads
   * the k-th of thread t has the number (k - 1) * threads + t + 1.
   */
  recallRecent(limit: number, before: number | null): RecallAnswer;
  /** The frame of that number, if it is kept. */
  recallOne(number: number): RecallAnswer;
  /** What fits, oldest first. Decodes what it looks at: some 15 ms for 64 MiB. */
  recallMatching(match: RecallMatch): RecallAnswer;
  /** A few first bytes of rejected frames, at most one sample per reason, for the ledger and the log. */
  rejectSamples(): { reason: number; needed: number; available: number; linkType: number; ordinal: number; hex: string }[];
}

/** Lets a capture thread wake this thread when it sleeps. One per consumer; dies with its environment. */
export interface Waker {
  readonly id: number;
  close(): void;
}

/** What the fast path of a flow table reads and writes: one ring, the rows, and words that src/flow/fast-path.ts names. */
export interface FastPathMemory {
  readonly ring: Uint8Array;
  readonly hot: Uint8Array;
  readonly cold: Uint8Array;
  readonly coldBytes: number;
  /** Offset in the cold half of the line that most packets need. */
  readonly coldTouch: number;
  readonly full: boolean;
  /** Segments are timed. */
  readonly timed: boolean;
  /** Records that carry bytes are for the application layer, not usual. */
  readonly takesBytes: boolean;
  /** Answers to SYNs without payload, which are usual then; null: they are not. */
  readonly syns: SynMemory | null;
  /** The slots of new flows, for somebody else: a packet that finds no room is not usual. Empty when nobody asks. */
  readonly newcomers: Int32Array;
  /** What detection hears of; null when nobody asks. */
  readonly moments: MomentMemory | null;
  /** The first packet in a tick of a flow of so many bytes is not usual either. */
  readonly tellsFrom: number;
  /** The shard's counters, and packets and bytes per protocol. */
  readonly tally: Float64Array;
  readonly protocols: Float64Array;
  /** Bytes and packets of each row when its tick began; empty when nobody asks. */
  readonly atTick: Float64Array;
  /** What src/flow/table-words.ts names. */
  readonly table: Int32Array;
  /** Takes the bytes of records; null: they are for the application layer. */
  readonly apps: AppFlows | null;
  /** Interim records come so often; 0 = there are none. */
  readonly activeTimeoutNs: number;
  readonly words: Int32Array;
  readonly times: Float64Array;
}

/** Counts usual packets of one ring; src/flow/fast-path.ts says which these are. */
export interface FastPath extends NativeWatch {
  /** The table's index: pairs of hash and slot + 1, a power of two of them. Without one nothing is taken. */
  setIndex(entries: Int32Array): void;
  /** Where entries of moments are written; without it none is. */
  setEntries(entries: Uint8Array): void;
  /** Takes records as `words` and `times` say. */
  run(): void;
}

/** A socket of this host, as the kernel tells it. */
export interface SocketFacts {
  /** 0: no process has it, or not yet. */
  inode: number;
  /** Of TCP, the kernel's number: 1 established … 6 time-wait, 10 listening, 12 half open. */
  state: number;
}

/** A process of this host. `name` is what it calls itself (at most 15 bytes on Linux): text of others, any characters. */
export interface ProcessFacts {
  pid: number;
  name: string;
}

/** For one thread. No call waits for more than the system takes to answer: some 6 µs for a socket, milliseconds for owners. */
export interface ProcessLookup {
  /** False: the kernel does not answer questions about single sockets, and `findSocket` finds none. */
  readonly asksKernel: boolean;
  /**
   * The socket of this network namespace that a packet from `remote` to `local` would go to; ends of 4 or 16 bytes. Sockets
   * that are bound to an interface are found with the number of that interface only; 0 = those that are bound to none.
   */
  findSocket(
    protocol: number,
    local: Uint8Array,
    localPort: number,
    remote: Uint8Array,
    remotePort: number,
    interfaceIndex: number,
  ): SocketFacts | null;
  /** Their processes, in the order of `inodes`; `hidden`: some were not found, and not every process shows its files. */
  findOwners(inodes: readonly number[]): { owners: (ProcessFacts | null)[]; hidden: boolean };
}

export interface Addon {
  layoutVersion(): number;
  recordBytes(): number;
  pcapVersion(): string;
  Engine: new (options: EngineOptions, onEvent: (event: EngineEvent) => void) => Engine;
  FlowReaders: new () => FlowReaders;
  /** Throws TypeError when the memory is not what it should be. */
  AppFlows: new (
    memory: AppFlowsMemory,
  ) => AppFlows;
  /** Throws TypeError when that is no ring, or no memory for rows. */
  FastPath: new (
    memory: FastPathMemory,
  ) => FastPath;
  /** Rows of volumes and ends (`areEnds`) or of attempts; `mask` gets bits of fronts. */
  RowFronts: new (
    fronts: readonly NativeFront[],
    areEnds: boolean,
    mask: Uint32Array,
  ) => RowFronts;
  /** Throws TypeError for memory of another kind. */
  TickWalk: new (
    memory: TickWalkMemory,
  ) => TickWalk;
  createWaker: (callback: () => void) => Waker;
  listInterfaces(): InterfaceFacts[];
  /** Asks for large pages behind memory that will be read at random; false when there are none. Call it before the memory is used. */
  preferHugePages(memory: Uint8Array): boolean;
  /** Gives back the pages of memory that nobody reads any more, which the collector may find much later. False when that is not possible. */
  discardMemory(memory: Uint8Array): boolean;
  /** Windows: what keeps WinDivert from being opened, or null when nothing does. Elsewhere there is always something. */
  probeDivert(library: string): { code: string; message: string; hint: string } | null;
  /** The compiler's message, or null when the expression is valid for that link type. */
  checkFilter(expression: string, linkType: number, snaplen: number): string | null;
  /** Whose sockets are whose, asked of the system; `root` is where /proc is. null where there is nobody to ask (Windows). */
  openProcessLookup(root: string): ProcessLookup | null;
  /** Decodes one frame exactly as the capture thread does; the accounted record first, then annotations. For tests and views. */
  decodeFrame(
    frame: Uint8Array,
    linkType: number,
    wireLength: number,
    options: { tunnels: boolean; vlanAware: boolean; hashKey: Uint8Array; verifyChecksums: boolean },
  ): Uint8Array[];
  /** Writes a capture file from the generator; for benches and tests. Returns the number of frames. */
  writeCapture(spec: GeneratorSource, path: string): number;
}
