/**
 * One tick's events of all shards in one order: first what happened at a moment, by time and place in the capture, then
 * what is known at the tick's end, volumes and ends by the first packet of their flow, surges, the tick itself.
 */
import type { AddressCache } from './address-cache.ts';
import { type DetectBatch, END_BYTES, EntryKind, MOMENT_BYTES } from './batch.ts';
import { EntryReader } from './entry-reader.ts';
import {
  type ArpEvent,
  type DetectEvent,
  type DnsEvent,
  type FlowTuple,
  OPENS_TOLD,
  type OpenEvent,
  type SurgeEvent,
  type TickEvent,
} from './events.ts';
import { ascendingPlaces } from './radix-order.ts';
import { HyperLogLog } from './state/hyperloglog.ts';

export type TickSums = Omit<TickEvent, 'type' | 'missedBytes' | 'payloadBytes'>;
/** Gets one event after the other; with an answer the attempt that it is for, when that was told in the same tick. */
export type Visit = (event: DetectEvent, attempt: OpenEvent | null) => void;

const TCP = 6;
const BUCKETS = 4096;

/** Shows `visit` the events of a tick; none of them counts before `afterNs`. */
export function mergeBatches(
  batches: readonly DetectBatch[],
  tick: TickSums,
  afterNs: number,
  addresses: AddressCache,
  visit: Visit,
): void {
  new TickMerge(batches, tick, afterNs, addresses, visit).run();
}

/** What happened in one shard, or in none of them in particular, in its order. Ties are decided by the rank of the type. */
interface Sequence {
  /** Of the next event; infinity behind the last. */
  at: number;
  ordinal: number;
  rank: number;
  /** Tells the next event and goes on. */
  tell(): void;
}

const RANKS = { answer: 0, arp: 1, dns: 2, open: 3 } as const;

class TickMerge {
  private readonly batches: readonly DetectBatch[];
  private readonly moments: readonly EntryReader[];
  private readonly tick: TickSums;
  private readonly afterNs: number;
  private readonly addresses: AddressCache;
  private readonly visit: Visit;
  private readonly surges = new Map<string, SurgeEvent & { opens: number }>();
  /** Attempts per bucket of services, when there are so many that one service may have too many. */
  private crowds: Uint32Array | null = null;
  private readonly perService = new Map<string, number>();

  constructor(batches: readonly DetectBatch[], tick: TickSums, afterNs: number, addresses: AddressCache, visit: Visit) {
    this.batches = batches;
    this.moments = batches.map(({ moments }) => new EntryReader(moments, MOMENT_BYTES, addresses));
    this.tick = tick;
    this.afterNs = afterNs;
    this.addresses = addresses;
    this.visit = visit;
  }

  run(): void {
    for (const { surges } of this.batches) {
      for (const { protocol, target, targetPort, opens, registers } of surges) {
        const surge = this.surgeOf({ protocol, target, targetPort });
        surge.opens += opens;
        surge.sources.merge(new HyperLogLog(registers));
      }
    }
    const opens = this.moments.map(attemptsOf);
    this.crowds = crowdsOf(this.moments, opens);
    const sequences = this.moments.flatMap((reader, index) => this.sequencesOf(reader, opens[index], this.batches[index].answers));
    sequences.push(this.objects());
    for (let next = earliest(sequences); next !== null; next = earliest(sequences)) next.tell();
    const sums = this.tellEnds();
    const surges = [...this.surges.entries()].sort(([a], [b]) => compareTexts(a, b));
    for (const [, surge] of surges) this.visit(surge, null);
    this.visit({ type: 'tick', ...this.tick, ...sums }, null);
  }

  /** Attempts and answers of one shard. */
  private sequencesOf(reader: EntryReader, opens: Uint32Array, answers: Uint32Array): Sequence[] {
    const told: (OpenEvent | undefined)[] = [];
    const attempts = sequence(
      opens,
      RANKS.open,
      (entry) => reader.time(reader.offset(entry)),
      (entry) => reader.ordinal(reader.offset(entry)),
      (entry) => {
        const at = reader.offset(entry);
        if (!this.isWithinLimit(reader, at)) return;
        const event = reader.open(at, Math.max(reader.time(at), this.afterNs));
        if (event.outcome !== null) told[entry] = event;
        this.visit(event, null);
      },
    );
    const answered = sequence(
      answers,
      RANKS.answer,
      (entry) => reader.answeredAt(reader.offset(entry)),
      (entry) => reader.answerOrdinal(reader.offset(entry)),
      (entry) => {
        const at = reader.offset(entry);
        const attempt = told[entry] ?? null;
        this.visit(reader.answer(at, Math.max(reader.answeredAt(at), this.afterNs), attempt?.at ?? null), attempt);
      },
    );
    return [attempts, answered];
  }

  /** Questions and claims of all shards. */
  private objects(): Sequence {
    const events = this.batches.flatMap(({ dns, arp }): (DnsEvent | ArpEvent)[] => [...dns, ...arp]);
    events.sort((a, b) => a.at - b.at || a.ordinal - b.ordinal || compareTexts(sortKey(a), sortKey(b)));
    const { afterNs, visit } = this;
    let index = 0;
    const objects: Sequence = {
      at: Number.POSITIVE_INFINITY,
      ordinal: 0,
      rank: RANKS.dns,
      tell() {
        const event = events[index++];
        aim();
        // What was learned late, as a question that was never answered, must not make time fall.
        visit(event.at < afterNs ? { ...event, at: afterNs } : event, null);
      },
    };
    const aim = () => {
      objects.at = index < events.length ? events[index].at : Number.POSITIVE_INFINITY;
      objects.ordinal = index < events.length ? events[index].ordinal : 0;
      objects.rank = index < events.length ? RANKS[events[index].type] : RANKS.dns;
    };
    aim();
    return objects;
  }

  /** Volumes and ends of all shards; what is summed over them. */
  private tellEnds(): { missedBytes: number; payloadBytes: number } {
    const readers = this.batches.map(({ ends }) => new EntryReader(ends, END_BYTES, this.addresses));
    const count = readers.reduce((sum, reader) => sum + reader.count, 0);
    const ordinals = new Float64Array(count);
    const owners = new Uint16Array(count);
    const entries = new Uint32Array(count);
    let filled = 0;
    for (const [owner, reader] of readers.entries()) {
      for (let entry = 0; entry < reader.count; entry++) {
        ordinals[filled] = reader.ordinal(reader.offset(entry));
        owners[filled] = owner;
        entries[filled++] = entry;
      }
    }
    const sums = { missedBytes: 0, payloadBytes: 0 };
    const now = this.tick.at;
    for (const place of ascendingPlaces(ordinals)) {
      const reader = readers[owners[place]];
      const at = reader.offset(entries[place]);
      if (reader.hasGrown(at)) this.visit(reader.volume(at, now), null);
      const kind = reader.kind(at);
      if (kind === EntryKind.HALF_OPEN) this.visit(reader.halfOpen(at, now), null);
      if (kind !== EntryKind.CLOSE) continue;
      if (reader.protocol(at) === TCP) {
        sums.missedBytes += reader.missed(at);
        sums.payloadBytes += reader.payload(at);
      }
      this.visit(reader.close(at, now, this.batches[owners[place]].texts), null);
    }
    return sums;
  }

  /** Whatever number of shards told them: of the attempts at one service only the first ones stay events. */
  private isWithinLimit(reader: EntryReader, at: number): boolean {
    if (this.crowds === null || this.crowds[reader.serviceBucket(at, BUCKETS)] <= OPENS_TOLD) return true;
    const service = { protocol: reader.protocol(at), target: reader.target(at), targetPort: reader.targetPort(at) };
    const key = serviceKey(service);
    const count = (this.perService.get(key) ?? 0) + 1;
    this.perService.set(key, count);
    if (count <= OPENS_TOLD) return true;
    const surge = this.surgeOf(service);
    surge.opens++;
    surge.sources.add(reader.source(at));
    return false;
  }

  private surgeOf(service: Service): SurgeEvent & { opens: number } {
    const key = serviceKey(service);
    let surge = this.surges.get(key);
    if (surge === undefined) {
      surge = { type: 'surge', at: this.tick.at, ordinal: 0, ...service, opens: 0, sources: new HyperLogLog() };
      this.surges.set(key, surge);
    }
    return surge;
  }
}

type Service = Pick<FlowTuple, 'protocol' | 'target' | 'targetPort'>;

/** Numbers of the attempts among the moments. */
function attemptsOf(reader: EntryReader): Uint32Array {
  const opens = new Uint32Array(reader.count);
  let count = 0;
  for (let entry = 0; entry < reader.count; entry++) if (reader.kind(reader.offset(entry)) === EntryKind.OPEN) opens[count++] = entry;
  return opens.subarray(0, count);
}

function crowdsOf(readers: readonly EntryReader[], opens: readonly Uint32Array[]): Uint32Array | null {
  if (opens.reduce((sum, { length }) => sum + length, 0) <= OPENS_TOLD) return null;
  const crowds = new Uint32Array(BUCKETS);
  let largest = 0;
  for (const [index, reader] of readers.entries()) {
    for (const entry of opens[index]) largest = Math.max(largest, ++crowds[reader.serviceBucket(reader.offset(entry), BUCKETS)]);
  }
  return largest > OPENS_TOLD ? crowds : null;
}

type OfEntry<T> = (entry: number) => T;

function sequence(entries: Uint32Array, rank: number, timeOf: OfEntry<number>, ordinalOf: OfEntry<number>, tell: OfEntry<void>): Sequence {
  let index = 0;
  const inOrder = (a: number, b: number) => timeOf(a) - timeOf(b) || ordinalOf(a) - ordinalOf(b);
  for (let i = 1; i < entries.length; i++) {
    if (inOrder(entries[i - 1], entries[i]) <= 0) continue;
    // Several capture threads: their packets of one moment are told as they came.
    entries.sort(inOrder);
    break;
  }
  const ahead: Sequence = {
    at: 0,
    ordinal: 0,
    rank,
    tell() {
      const entry = entries[index++];
      aim();
      tell(entry);
    },
  };
  const aim = () => {
    ahead.at = index < entries.length ? timeOf(entries[index]) : Number.POSITIVE_INFINITY;
    ahead.ordinal = index < entries.length ? ordinalOf(entries[index]) : 0;
  };
  aim();
  return ahead;
}

function earliest(sequences: readonly Sequence[]): Sequence | null {
  let first = sequences[0];
  for (let i = 1; i < sequences.length; i++) {
    const other = sequences[i];
    if (other.at > first.at) continue;
    if (other.at < first.at || other.ordinal < first.ordinal || (other.ordinal === first.ordinal && other.rank < first.rank)) first = other;
  }
  return first.at === Number.POSITIVE_INFINITY ? null : first;
}

function serviceKey({ protocol, target, targetPort }: Service): string {
  return `${protocol} ${targetPort} ${target}`;
}

/** Orders events of one moment that carry no number of a packet. */
function sortKey(event: DnsEvent | ArpEvent): string {
  return event.type === 'dns' ? `dns ${event.client} ${event.query} ${event.qtype} ${event.rcode}` : event.type;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
