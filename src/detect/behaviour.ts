/**
 * What each internal host did in ten minutes, as numbers that a model of normal behaviour can be fitted to: the seven
 * features of TracerAi's host summary under its names. They describe flows that the host opened, whoever it opened them
 * to; what others opened to it is theirs.
 *
 * Attempts count when they were made. Volumes and ends count in the window in which they are told (`events.ts`): the
 * bytes of a flow below 64 KiB when it is over, those of an attempt that nobody answered not at all. Attempts at one
 * service beyond the `OPENS_TOLD` of a tick are nobody's in particular and are missing here.
 */
import type { Address, CloseEvent, DetectEvent, FlowTuple, TickEvent, VolumeEvent } from './events.ts';
import { HyperLogLog } from './state/hyperloglog.ts';

/** One host and window; the order of the fields is that of the line in the log. */
export interface BehaviourRecord {
  /** When the window began, seconds since the epoch: a whole multiple of `window_secs`. */
  readonly ts: number;
  readonly window_secs: number;
  readonly host_ip: string;
  /** Different addresses that flows were opened to, or with which an earlier one went on by 64 KiB or came to its end. */
  readonly unique_dest_ips: number;
  /** Different ports of theirs, whatever the protocol; protocols without ports have none. */
  readonly unique_dest_ports: number;
  /**
   * Shannon entropy of the ports of the flows opened, in nats (natural logarithm); 0 to ln(unique_dest_ports). Flows to
   * ports that are not counted one by one are taken as evenly spread over these ports, which is the most it can be.
   */
  readonly port_entropy: number;
  /** Different countries per flow. Known when addresses are enriched with countries; without a database it is null. */
  readonly country_frequency: null;
  /** Sample variance of the durations of flows that ended, in seconds squared; null when fewer than two did. */
  readonly flow_duration_variance: number | null;
  /** Wire bytes that the host sent. */
  readonly total_outbound_bytes: number;
  /** Flows opened. */
  readonly total_flows: number;
  /** `unique_dest_ips` or `unique_dest_ports` comes from a HyperLogLog: standard error 3.3 %. */
  readonly estimated: boolean;
  /** The window was not seen whole: the capture began or ended within it. */
  readonly partial: boolean;
}

export interface BehaviourOptions {
  /** True for addresses of the internal networks. */
  isInternal(address: Address): boolean;
  /** An address as people write it. */
  text(address: Address): string;
  /** Length of a window in whole seconds. */
  readonly windowSecs?: number;
}

/** Hosts of one window; what is beyond is counted in `hostsLeftOut`. */
export const MOST_HOSTS = 65_536;
/** Addresses, and ports, of one host that are counted exactly. */
export const MOST_EXACT = 1024;
/** Of these, what every host has room for. */
const OWN_EXACT = 8;
/**
 * What all hosts of a window share beyond that. When it is used up, sketches begin earlier: memory stays below 300 MB
 * even if every host that there is room for scans.
 */
const SHARED_EXACT = 524_288;

interface Room {
  left: number;
}

/** How often each key came: exactly for the first ones, together for the rest. */
class KeyCounts {
  private readonly counts = new Map<string | number, number>();
  private readonly room: Room;
  /** Of all keys, once there are too many. */
  private sketch: HyperLogLog | null = null;
  private rest = 0;

  constructor(room: Room) {
    this.room = room;
  }

  /** `times` may be 0: the key is there, but nothing came. */
  add(key: string | number, times: number): void {
    const known = this.counts.get(key);
    if (known !== undefined) {
      if (times > 0) this.counts.set(key, known + times);
    } else if (this.hasRoom()) this.counts.set(key, times);
    else {
      this.sketch ??= this.sketchOf();
      this.sketch.add(String(key));
      this.rest += times;
    }
  }

  get isEstimate(): boolean {
    return this.sketch !== null;
  }

  distinct(): number {
    const { size } = this.counts;
    return this.sketch === null ? size : Math.max(size + 1, this.sketch.count());
  }

  /** In nats. */
  entropy(): number {
    let total = this.rest;
    let sum = 0;
    for (const count of this.counts.values()) {
      total += count;
      if (count > 0) sum += count * Math.log(count);
    }
    if (total === 0) return 0;
    if (this.rest > 0) {
      const keys = Math.min(this.distinct() - this.counts.size, this.rest);
      sum += this.rest * Math.log(this.rest / keys);
    }
    return Math.max(0, Math.log(total) - sum / total);
  }

  private hasRoom(): boolean {
    const { size } = this.counts;
    if (this.sketch !== null || size >= MOST_EXACT) return false;
    if (size < OWN_EXACT) return true;
    if (this.room.left === 0) return false;
    this.room.left--;
    return true;
  }

  private sketchOf(): HyperLogLog {
    const sketch = new HyperLogLog();
    for (const key of this.counts.keys()) sketch.add(String(key));
    return sketch;
  }
}

class Host {
  readonly peers: KeyCounts;
  readonly ports: KeyCounts;
  flows = 0;
  bytes = 0;
  private ended = 0;
  private meanSecs = 0;
  private squares = 0;

  constructor(room: Room) {
    this.peers = new KeyCounts(room);
    this.ports = new KeyCounts(room);
  }

  /** The host has to do with the responder: `flows` flows were opened to it. */
  meet({ sourcePort, target, targetPort }: FlowTuple, flows: number): void {
    this.peers.add(target, flows);
    if (sourcePort !== 0 || targetPort !== 0) this.ports.add(targetPort, flows);
    this.flows += flows;
  }

  /** Welford's running variance: durations of hours and of milliseconds do not cancel each other out. */
  end({ firstAt, lastAt }: CloseEvent): void {
    const secs = (lastAt - firstAt) / 1e9;
    const before = secs - this.meanSecs;
    this.ended++;
    this.meanSecs += before / this.ended;
    this.squares += before * (secs - this.meanSecs);
  }

  get durationVariance(): number | null {
    return this.ended < 2 ? null : this.squares / (this.ended - 1);
  }
}

/** One window in stream time, ns: from `startNs` on, `endNs` no more. */
class Window {
  readonly startNs: number;
  readonly endNs: number;
  readonly hosts = new Map<Address, Host>();
  private readonly room: Room = { left: SHARED_EXACT };
  private beyond: HyperLogLog | null = null;

  constructor(startNs: number, endNs: number) {
    this.startNs = startNs;
    this.endNs = endNs;
  }

  /** Hosts that found no room: an estimate. */
  get leftOut(): number {
    return this.beyond?.count() ?? 0;
  }

  admit(address: Address): Host | undefined {
    if (this.hosts.size < MOST_HOSTS) {
      const host = new Host(this.room);
      this.hosts.set(address, host);
      return host;
    }
    this.beyond ??= new HyperLogLog();
    this.beyond.add(address);
    return undefined;
  }
}

export class BehaviourVectors {
  private readonly options: BehaviourOptions;
  private readonly windowSecs: number;
  private window: Window | null = null;
  private leftOutBefore = 0;
  /** Where the running tick began. Stream time begins with the second of the first packet. */
  private tickStartNs = 0;
  /** The end of the last window that is finished: what is told later counts after it. */
  private finishedNs = Number.NEGATIVE_INFINITY;

  constructor(options: BehaviourOptions) {
    this.options = options;
    this.windowSecs = options.windowSecs ?? 600;
  }

  /** Hosts that were not described because a window had `MOST_HOSTS` others, over all windows: standard error 3.3 %. */
  get hostsLeftOut(): number {
    return this.leftOutBefore + (this.window?.leftOut ?? 0);
  }

  /**
   * Takes the events of one tick in their order, the tick event last, and returns the vectors of the windows that ended
   * in it, oldest window first and by address within; at the final tick also those of the window that is still open.
   * `baseSeconds` is the second of the epoch that stream time counts from, the same in every call.
   */
  add(events: readonly DetectEvent[], baseSeconds: number): BehaviourRecord[] {
    const records: BehaviourRecord[] = [];
    for (const [index, event] of events.entries()) {
      switch (event.type) {
        case 'open':
          this.hostAt(event.at, event.source, baseSeconds, records)?.meet(event, 1);
          break;
        // These bear the time of the tick's end but tell of packets before it, and the end of a window is that of a tick.
        case 'volume': {
          const host = this.hostAt(this.tickStartNs, event.source, baseSeconds, records);
          if (host === undefined) break;
          host.bytes += event.bytesUp;
          // A flow that is not over has had packets in this tick; of one that is, its end says when it had the last.
          if (!isEndOf(events[index + 1], event)) host.meet(event, 0);
          break;
        }
        case 'close': {
          const host = this.hostAt(this.tickStartNs, event.source, baseSeconds, records);
          host?.end(event);
          if (this.window !== null && event.lastAt >= this.window.startNs) host?.meet(event, 0);
          break;
        }
        case 'tick':
          this.tick(event, baseSeconds, records);
      }
    }
    return records;
  }

  private tick({ at, final }: TickEvent, baseSeconds: number, records: BehaviourRecord[]): void {
    this.tickStartNs = at;
    if (this.window !== null && (final || at >= this.window.endNs)) this.finish(this.window, at, baseSeconds, records);
  }

  /** What is known of an internal host in the window of a moment; undefined for others and for hosts beyond the bound. */
  private hostAt(at: number, address: Address, baseSeconds: number, records: BehaviourRecord[]): Host | undefined {
    if (this.window !== null && at >= this.window.endNs) this.finish(this.window, at, baseSeconds, records);
    const known = this.window?.hosts.get(address);
    if (known !== undefined || !this.options.isInternal(address)) return known;
    this.window ??= this.windowOf(Math.max(at, this.finishedNs), baseSeconds);
    return this.window.admit(address);
  }

  private windowOf(at: number, baseSeconds: number): Window {
    const windowNs = this.windowSecs * 1e9;
    // Of the base only what is beyond a whole window: nanoseconds since the epoch are more than a double holds exactly.
    const phaseNs = remainder(baseSeconds, this.windowSecs) * 1e9;
    const startNs = at - remainder(at + phaseNs, windowNs);
    return new Window(startNs, startNs + windowNs);
  }

  private finish(window: Window, at: number, baseSeconds: number, records: BehaviourRecord[]): void {
    const frame = { ts: baseSeconds + window.startNs / 1e9, window_secs: this.windowSecs };
    const partial = window.startNs < 0 || at < window.endNs;
    const hosts = [...window.hosts].sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
    for (const [address, { peers, ports, durationVariance, bytes, flows }] of hosts) {
      records.push({
        ...frame,
        host_ip: this.options.text(address),
        unique_dest_ips: peers.distinct(),
        unique_dest_ports: ports.distinct(),
        port_entropy: rounded(ports.entropy()),
        country_frequency: null,
        flow_duration_variance: durationVariance === null ? null : rounded(durationVariance),
        total_outbound_bytes: bytes,
        total_flows: flows,
        estimated: peers.isEstimate || ports.isEstimate,
        partial,
      });
    }
    this.leftOutBefore += window.leftOut;
    this.finishedNs = window.endNs;
    this.window = null;
  }
}

/** The last volume of a flow comes right before its end. */
function isEndOf(next: DetectEvent | undefined, { ordinal }: VolumeEvent): boolean {
  return next?.type === 'close' && next.ordinal === ordinal;
}

/** Not negative, unlike `%`: a damaged capture may begin before 1970. */
function remainder(value: number, by: number): number {
  const rest = value % by;
  return rest < 0 ? rest + by : rest;
}

const rounded = (value: number): number => Number(value.toFixed(6));
