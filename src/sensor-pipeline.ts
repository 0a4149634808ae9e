/** Builds and owns the moving parts of a run: engine, rings, shards, tap. Says nothing about what their numbers mean. */
import { networkInterfaces } from 'node:os';
import type { CaptureInput, SensorOptions } from './config/options.ts';
import { SensorError } from './errors.ts';
import { createCredits } from './flow/credits.ts';
import type { LostWithShards } from './merge/ledger-input.ts';
import type {
  Addon,
  Engine,
  EngineEvent,
  EngineOptions,
  InterfaceFacts,
  SourceFacts,
  SourceSpec,
  TunnelFacts,
  Waker,
} from './native/engine.ts';
import { addonPath, loadAddon } from './native/load.ts';
import { type TapPacket, TapReader } from './packet/tap-reader.ts';
import type { ProcessMemory } from './process/memory.ts';
import { createRing } from './ring/create.ts';
import { COUNTER_COUNT } from './ring/layout.ts';
import { appOptions } from './sensor-application.ts';
import { type DivertPlan, divertPlan } from './sensor-divert.ts';
import { hashKey, neverWaits } from './sensor-settings.ts';
import type { FlowOptions, TickMessage } from './shard/protocol.ts';
import { type LiveFlow, ShardSet } from './supervisor/shard-set.ts';
import type { VerdictTable } from './verdict/table.ts';

/**
 * A replay waits for its shards, so its rings need to cover a shard's nap, and the time that its code takes to be compiled: IMIX
 * took 1.42 s with 4 MiB, 1.19 with 8, 1.16 with 16.
 */
const REPLAY_RING_BYTES = 1 << 23;
/** With labels a shard is slower than the reader, and its ring full all the time: 1, 2 and 4 MiB took 1.20, 1.04 and 1.02 s. */
const REPLAY_RING_BYTES_WITH_LABELS = 1 << 21;
/** Rings that nobody waits for, all together and each at least: they must ride out a burst, and a shard that is held up. */
const LIVE_RINGS_BYTES = 1 << 26;
const LEAST_LIVE_RING_BYTES = 1 << 23;
const TAP_RING_BYTES = 1 << 22;
const OUTBOX_ROWS = 8192;
/** Packets handed to listeners before the event loop gets its turn. */
const TAP_BATCH = 512;
/** Largest head of a packet that parsers may need: 16 KiB of payload behind the longest headers. */
const CARRY_BYTES = 16_384 + 512;
/** Tags of flows that are done: 4 MiB of address space, of which flows touch their own places. */
const TAGS = 1 << 20;
/** How long the kernel may hold back packets whose processes may be gone by then. */
const PROCESS_HOLD_MS = 4;
const NEVER_MS = 0xffff_ffff;
const LINGER_SECS = 2;
const IDLE_SECS = { tcp: 60, udp: 30, other: 5 };

export interface PipelineEvents {
  onEngineEvent(event: EngineEvent): void;
  onTick(message: TickMessage): void;
  onRows(shard: number, entriesWritten: number): void;
  onLost(shard: number, cause: string, restarted: boolean): void;
  onPacket(packet: TapPacket): void;
  /** After a batch of packets; a promise when the tap has to wait for a writer. */
  onPacketBatch(): Promise<void> | undefined;
  onTapEnd(): void;
}

/** Asking the system takes some 0.1 ms. */
const ADDRESSES_EVERY_MS = 2000;

/** A2: the first interface that is up, neither loopback nor point-to-point, and has an address. */
export function defaultInterface(interfaces: InterfaceFacts[]): string {
  const found = interfaces.find((nic) => nic.up && !nic.loopback && !nic.pointToPoint && nic.addresses.length > 0);
  if (found === undefined) {
    throw new SensorError('SOURCE_NOT_FOUND', 'no interface is up and has an address', {
      hint: 'name one with --interface; `weir interfaces` lists them',
    });
  }
  return found.name;
}

function flowOptions({ tracking }: SensorOptions): FlowOptions {
  const all = tracking.flowTimeoutSecs;
  return {
    maxFlows: tracking.maxFlows,
    idleTcpSecs: all ?? IDLE_SECS.tcp,
    idleUdpSecs: all ?? IDLE_SECS.udp,
    idleOtherSecs: all ?? IDLE_SECS.other,
    activeTimeoutSecs: tracking.activeTimeoutSecs,
    lingerSecs: LINGER_SECS,
    rtt: tracking.rtt,
    retransmissions: tracking.retransmissions,
    outOfOrder: tracking.outOfOrder,
    vlanAware: tracking.vlanAware,
  };
}

const holdMs = ({ timeoutMs, processes }: CaptureInput) => (processes ? Math.min(timeoutMs, PROCESS_HOLD_MS) : timeoutMs);

export class Pipeline {
  readonly #options: SensorOptions;
  readonly #events: PipelineEvents;
  readonly tapOn: boolean;
  /** Packet lines and logs: all packets go into the tap. */
  readonly #wantsAll: boolean;
  #inputs: string[] = [];
  #divert: DivertPlan | null = null;
  #engine: Engine | null = null;
  #engineStarted = false;
  #shards: ShardSet | null = null;
  #tap: TapReader | null = null;
  #tags: SharedArrayBuffer | null = null;
  #waker: Waker | null = null;
  #tapTaken = 0;
  /** Capture threads, or the one that reads files. */
  #threads = 1;
  #addresses: ReadonlySet<string> = new Set();
  /** Of performance.now(). */
  #addressesDue = 0;
  #tapScheduled = false;
  #tapEnded: boolean;

  constructor(options: SensorOptions, events: PipelineEvents) {
    this.#options = options;
    this.#events = events;
    this.#wantsAll = options.packets || options.output.packetsJsonl !== null;
    this.tapOn = this.#wantsAll || options.sampleEvery > 0 || options.discovery;
    this.#tapEnded = !this.tapOn;
  }

  get inputs(): string[] {
    return this.#inputs;
  }

  /** Of each shard's ring. */
  get ringBytes(): number {
    const { ringBytes } = this.#options;
    if (ringBytes !== null) return ringBytes;
    const { shards, dpi } = this.#options.tracking;
    if (!neverWaits(this.#options)) return dpi === 'off' ? REPLAY_RING_BYTES : REPLAY_RING_BYTES_WITH_LABELS;
    const share = LIVE_RINGS_BYTES / (this.#threads * shards);
    return Math.max(LEAST_LIVE_RING_BYTES, 2 ** Math.floor(Math.log2(share)));
  }

  /** null unless the capture is inline. */
  get verdicts(): VerdictTable | null {
    return this.#divert?.verdicts ?? null;
  }

  get tapEnded(): boolean {
    return this.#tapEnded;
  }

  get tapTaken(): number {
    return this.#tapTaken;
  }

  get entriesTaken(): number {
    return this.#shards?.entriesTaken ?? 0;
  }

  get rowsTaken(): number {
    return this.#shards?.rowsTaken ?? 0;
  }

  /** Loads the addon, lays out memory and starts the shards; the engine is made but does not run yet. */
  async start(processes: ProcessMemory | null): Promise<void> {
    const addon = loadAddon();
    const sources = this.#sources(addon);
    const live = this.#options.input.kind === 'capture';
    this.#threads = live ? sources.reduce((sum, source) => sum + (source.kind === 'live' ? source.fanout : 1), 0) : 1;
    const { shards } = this.#options.tracking;
    const rings = Array.from({ length: this.#threads }, () => Array.from({ length: shards }, () => createRing(this.ringBytes)));
    const tap = this.tapOn ? Array.from({ length: this.#threads }, () => createRing(TAP_RING_BYTES)) : null;
    this.#tags = this.#options.tracking.dpi === 'off' ? null : new SharedArrayBuffer(TAGS * 4);
    this.#shards = this.#shardSet(rings, live, processes);
    await this.#shards.start();
    this.#engine = new addon.Engine(this.#engineOptions(sources, rings, tap, live), (event) => this.#events.onEngineEvent(event));
    if (tap !== null) this.#openTap(addon, tap);
  }

  startEngine(): void {
    this.#engineStarted = true;
    // process.exit and an uncaught error run no clean-up of addons; what is in the path of packets must not die with some in hand.
    if (this.#divert !== null) process.once('exit', this.#onExit);
    this.#engine?.start();
  }

  #sources(addon: Addon): SourceSpec[] {
    const { input } = this.#options;
    if (input.kind === 'generator') {
      this.#inputs = [`generator:${input.profile}`];
      return [input];
    }
    if (input.kind === 'replay') {
      this.#inputs = input.files;
      return input.files.map((path) => ({ kind: 'file', path }));
    }
    this.#divert = divertPlan(this.#options, addon);
    if (this.#divert !== null) {
      this.#inputs = this.#divert.inputs;
      return [this.#divert.source];
    }
    this.#inputs = input.interfaces.length > 0 ? input.interfaces : [defaultInterface(addon.listInterfaces())];
    return this.#inputs.map((name) => ({ kind: 'live', interface: name, fanout: input.fanout }));
  }

  #shardSet(rings: Uint8Array[][], live: boolean, processes: ProcessMemory | null): ShardSet {
    const { tracking, topFlows, summaryFlows, slowShardMs, records } = this.#options;
    return new ShardSet({
      shards: tracking.shards,
      rings,
      outboxRows: OUTBOX_ROWS,
      replace: live,
      credits: createCredits(tracking.maxFlows, tracking.shards),
      data: {
        flow: flowOptions(this.#options),
        app: appOptions(this.#options, this.#tags),
        detect: this.#options.detect.enabled,
        processes,
        wantRows: records,
        topFlows,
        summaryFlows,
        addonPath: addonPath(),
        live: neverWaits(this.#options),
        rehearse: this.#options.rehearse && neverWaits(this.#options),
        slowMs: slowShardMs,
      },
      onTick: (message) => this.#events.onTick(message),
      onRows: (shard, entriesWritten) => this.#events.onRows(shard, entriesWritten),
      onLost: (shard, cause, restarted) => this.#events.onLost(shard, cause, restarted),
    });
  }

  /** A flow that was silent for less cannot have ended of idleness, except in an emergency. */
  #carryIdleMs(): number {
    const { idleTcpSecs, idleUdpSecs, idleOtherSecs } = flowOptions(this.#options);
    const shortest = Math.min(...[idleTcpSecs, idleUdpSecs, idleOtherSecs].map((secs) => (secs === 0 ? NEVER_MS : secs * 1000)));
    // A flow that was closed ends after its linger, and what comes then on its tuple is another one.
    return Math.min(shortest, LINGER_SECS * 1000, NEVER_MS);
  }

  #engineOptions(sources: SourceSpec[], rings: Uint8Array[][], tap: Uint8Array[] | null, live: boolean): EngineOptions {
    const { input, tracking, output, filter, count, snaplen, recallBytes, recallSnaplen, fault } = this.#options;
    const capture: CaptureInput | null = input.kind === 'capture' ? input : null;
    const loopback = this.#inputs.includes('lo');
    return {
      sources,
      shards: tracking.shards,
      rings,
      carryBytes: this.#tags === null ? 0 : CARRY_BYTES,
      carryTags: this.#tags === null ? null : new Uint8Array(this.#tags),
      carryIdleMs: this.#carryIdleMs(),
      tap,
      tapSelect: { all: this.#wantsAll, every: this.#options.sampleEvery, discovery: this.#options.discovery },
      recall: recallBytes === 0 ? null : { bytes: recallBytes, snaplen: recallSnaplen },
      hashKey: hashKey(this.#options),
      tickMs: tracking.tickMs,
      snaplen,
      promiscuous: capture?.promiscuous ?? false,
      timeoutMs: capture === null ? 100 : holdMs(capture),
      bufferMb: capture?.bufferMb ?? 16,
      immediate: capture?.immediate ?? false,
      filter,
      count,
      speed: input.kind === 'replay' ? input.speed : { mode: 'max' },
      loop: input.kind === 'replay' ? input.loop : 1,
      tunnels: tracking.tunnels,
      vlanAware: tracking.vlanAware,
      suppressLoopback: live && !tracking.includeLoopback && !loopback,
      ownEndpoints: [],
      verifyChecksums: tracking.verifyChecksums,
      arp: this.#options.detect.enabled,
      writePcap:
        output.writePcap === null
          ? null
          : { path: output.writePcap, rotateMb: output.writePcapRotateMb, maxFiles: output.writePcapMaxFiles },
      fault,
      divert: this.#divert?.options ?? null,
    };
  }

  #openTap(addon: Addon, rings: Uint8Array[]): void {
    const tap = new TapReader(rings);
    this.#tap = tap;
    this.#waker = addon.createWaker(() => this.#drainTap());
    tap.attach(this.#waker.id);
    this.#drainTap();
  }

  /** Hands packets over in batches until the tap is empty; then asks to be woken. */
  #drainTap(): void {
    const tap = this.#tap;
    if (tap === null || this.#tapScheduled || this.#tapEnded) return;
    const taken = tap.drain(TAP_BATCH, (packet) => this.#events.onPacket(packet));
    this.#tapTaken += taken;
    const wait = taken > 0 ? this.#events.onPacketBatch() : undefined;
    if (tap.ended && wait === undefined) {
      this.#tapEnded = true;
      this.#events.onTapEnd();
    } else if (wait !== undefined || !tap.sleep()) {
      this.#tapScheduled = true;
      const again = () => {
        this.#tapScheduled = false;
        this.#drainTap();
      };
      if (wait === undefined) setImmediate(again);
      else void wait.then(() => setImmediate(again));
    }
  }

  stopEngine(): void {
    this.#engine?.stop();
  }

  replaceFilter(expression: string): string | null {
    return this.#engine === null ? 'the capture does not run' : this.#engine.replaceFilter(expression);
  }

  acknowledge(tick: number): void {
    this.#shards?.acknowledge(tick);
  }

  takeRows(shard: number, entriesWritten: number): Uint8Array[] {
    return this.#shards?.takeRows(shard, entriesWritten) ?? [];
  }

  async snapshot(limit: number): Promise<LiveFlow[]> {
    return (await this.#shards?.snapshot(limit)) ?? [];
  }

  shardCounters(): Float64Array[] {
    return this.#shards?.counters() ?? [];
  }

  lost(finished: boolean): LostWithShards {
    return this.#shards?.lost(finished) ?? { packets: 0, bytes: 0, annotations: 0, flows: 0, outerFlows: 0, flowPackets: 0, flowBytes: 0 };
  }

  engineCounters(): Float64Array {
    const counters = new Float64Array(COUNTER_COUNT);
    this.#engine?.readCounters(counters);
    return counters;
  }

  baseSeconds(): number | null {
    return this.#engine?.baseSeconds() ?? null;
  }

  clock(): { firstNs: number; nowNs: number } | null {
    return this.#engine?.clock() ?? null;
  }

  sources(): SourceFacts[] {
    return this.#engine?.sources() ?? [];
  }

  tunnels(after: number): TunnelFacts[] {
    return this.#engine?.tunnels(after) ?? [];
  }

  /** Null before start(); asked directly, because answers are large. */
  get engine(): Engine | null {
    return this.#engine;
  }

  progress(): { fileIndex: number; bytesRead: number } {
    return this.#engine?.progress() ?? { fileIndex: 0, bytesRead: 0 };
  }

  /** This host's own addresses, for the direction of flows. They may change while a capture runs. */
  localAddresses(): ReadonlySet<string> {
    if (performance.now() >= this.#addressesDue) {
      this.#addressesDue = performance.now() + ADDRESSES_EVERY_MS;
      this.#addresses = new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => entry.address)));
    }
    return this.#addresses;
  }

  readonly #onExit = (): void => this.#engine?.abort();

  /** Ends everything that still runs. The engine first: it writes into the shards' rings. */
  async destroy(): Promise<void> {
    if (this.#engineStarted) this.#engine?.stop();
    process.off('exit', this.#onExit);
    await this.#shards?.destroy();
    this.#waker?.close();
    this.#waker = null;
  }
}
