/**
 * One tick's events of all shards in one order: first what happened at a moment, by time and place in the capture, then
 * what is known at the tick's end, volumes and ends by the first packet of their flow, surges, the tick itself.
 */
import {
  B_AT,
  B_BYTES,
  B_BYTES_SINCE,
  B_FIRST,
  B_FLAGS,
  B_KIND,
  B_LAST,
  B_MISSED,
  B_ORDINAL,
  B_PACKETS,
  B_PACKETS_SINCE,
  B_PAYLOAD,
  B_PORTS,
  B_PROTOCOL,
  B_SERVICE,
  B_SOURCE,
  B_TARGET,
  B_TYPE,
  type DetectBatch,
  ENTRY_BYTES,
  EntryFlag,
  EntryKind,
  STATES,
} from './batch.ts';
import {
  type AnswerEvent,
  type CloseEvent,
  type DetectEvent,
  type FlowTuple,
  OPENS_TOLD,
  type OpenEvent,
  type SurgeEvent,
  type TickEvent,
  type VolumeEvent,
} from './events.ts';
import { HyperLogLog } from './state/hyperloglog.ts';

export function mergeBatches(
  batches: readonly DetectBatch[],
  tick: Omit<TickEvent, 'type' | 'missedBytes' | 'payloadBytes'>,
  afterNs: number,
): DetectEvent[] {
  const merge = new TickMerge(tick.at);
  for (const batch of batches) merge.add(batch);
  return merge.finish(tick, afterNs);
}

class TickMerge {
  private readonly moments: DetectEvent[] = [];
  private readonly ends: (VolumeEvent | CloseEvent)[] = [];
  private readonly surges = new Map<string, SurgeEvent & { opens: number }>();
  private readonly endNs: number;
  private opens = 0;
  private missedBytes = 0;
  private payloadBytes = 0;

  constructor(endNs: number) {
    this.endNs = endNs;
  }

  add(batch: DetectBatch): void {
    const { entries, texts } = batch;
    const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
    for (let at = 0; at + ENTRY_BYTES <= entries.length; at += ENTRY_BYTES) this.entry(entries, view, at, texts);
    this.moments.push(...batch.dns, ...batch.arp);
    for (const { protocol, target, targetPort, opens, registers } of batch.surges) {
      const surge = this.surgeOf({ protocol, target, targetPort });
      surge.opens += opens;
      surge.sources.merge(new HyperLogLog(registers));
    }
  }

  finish(tick: Omit<TickEvent, 'type' | 'missedBytes' | 'payloadBytes'>, afterNs: number): DetectEvent[] {
    const { missedBytes, payloadBytes } = this;
    this.moments.sort((a, b) => a.at - b.at || a.ordinal - b.ordinal || compareTexts(sortKey(a), sortKey(b)));
    const told = this.withinLimit();
    for (const [index, event] of told.entries()) {
      // What was learned late, as a question that was never answered, must not make time fall.
      if (event.at < afterNs) told[index] = { ...event, at: afterNs };
    }
    this.ends.sort((a, b) => a.ordinal - b.ordinal || compareTexts(b.type, a.type));
    const surges = [...this.surges.entries()].sort(([a], [b]) => compareTexts(a, b)).map(([, surge]) => surge);
    return [...told, ...this.ends, ...surges, { type: 'tick', ...tick, missedBytes, payloadBytes }];
  }

  /** Whatever number of shards told them: of the attempts at one service only the first ones stay events. */
  private withinLimit(): DetectEvent[] {
    if (this.opens <= OPENS_TOLD) return this.moments;
    const counts = new Map<string, number>();
    return this.moments.filter((event) => {
      if (event.type !== 'open') return true;
      const key = serviceKey(event);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count <= OPENS_TOLD) return true;
      const surge = this.surgeOf(event);
      surge.opens++;
      surge.sources.add(event.source);
      return false;
    });
  }

  private surgeOf(service: Pick<FlowTuple, 'protocol' | 'target' | 'targetPort'>): SurgeEvent & { opens: number } {
    const key = serviceKey(service);
    let surge = this.surges.get(key);
    if (surge === undefined) {
      const { protocol, target, targetPort } = service;
      surge = { type: 'surge', at: this.endNs, ordinal: 0, protocol, target, targetPort, opens: 0, sources: new HyperLogLog() };
      this.surges.set(key, surge);
    }
    return surge;
  }

  private entry(bytes: Uint8Array, view: DataView, at: number, texts: readonly string[]): void {
    switch (bytes[at + B_KIND]) {
      case EntryKind.OPEN:
        this.opens++;
        this.moments.push(openEvent(bytes, view, at));
        break;
      case EntryKind.ACCEPTED:
      case EntryKind.REFUSED:
        this.moments.push(answerEvent(bytes, view, at));
        break;
      case EntryKind.VOLUME:
        this.volume(bytes, view, at);
        break;
      case EntryKind.CLOSE:
        this.volume(bytes, view, at);
        this.close(bytes, view, at, texts);
    }
  }

  private volume(bytes: Uint8Array, view: DataView, at: number): void {
    const bytesUp = view.getFloat64(at + B_BYTES_SINCE, true);
    const bytesDown = view.getFloat64(at + B_BYTES_SINCE + 8, true);
    if (bytesUp + bytesDown === 0) return;
    this.ends.push({
      type: 'volume',
      at: this.endNs,
      ordinal: view.getFloat64(at + B_ORDINAL, true),
      ...tupleOf(bytes, view, at),
      bytesUp,
      bytesDown,
      packetsUp: view.getUint32(at + B_PACKETS_SINCE, true),
      packetsDown: view.getUint32(at + B_PACKETS_SINCE + 4, true),
      firstAt: view.getFloat64(at + B_FIRST, true),
      lastAt: view.getFloat64(at + B_LAST, true),
    });
  }

  private close(bytes: Uint8Array, view: DataView, at: number, texts: readonly string[]): void {
    const payloadUp = view.getFloat64(at + B_PAYLOAD, true);
    const payloadDown = view.getFloat64(at + B_PAYLOAD + 8, true);
    if (bytes[at + B_PROTOCOL] === TCP) {
      this.missedBytes += view.getUint32(at + B_MISSED, true);
      this.payloadBytes += payloadUp + payloadDown;
    }
    this.ends.push({
      type: 'close',
      at: this.endNs,
      ordinal: view.getFloat64(at + B_ORDINAL, true),
      ...tupleOf(bytes, view, at),
      firstAt: view.getFloat64(at + B_FIRST, true),
      lastAt: view.getFloat64(at + B_LAST, true),
      bytesUp: view.getFloat64(at + B_BYTES, true),
      bytesDown: view.getFloat64(at + B_BYTES + 8, true),
      payloadUp,
      payloadDown,
      packetsUp: view.getUint32(at + B_PACKETS, true),
      packetsDown: view.getUint32(at + B_PACKETS + 4, true),
      state: STATES[bytes[at + B_TYPE]] || null,
      service: texts[view.getUint16(at + B_SERVICE, true) - 1] ?? null,
    });
  }
}

const TCP = 6;

function tupleOf(bytes: Uint8Array, view: DataView, at: number): FlowTuple {
  const length = (bytes[at + B_FLAGS] & EntryFlag.IPV6) !== 0 ? 16 : 4;
  return {
    protocol: bytes[at + B_PROTOCOL],
    source: Buffer.prototype.latin1Slice.call(bytes, at + B_SOURCE, at + B_SOURCE + length),
    sourcePort: view.getUint16(at + B_PORTS, true),
    target: Buffer.prototype.latin1Slice.call(bytes, at + B_TARGET, at + B_TARGET + length),
    targetPort: view.getUint16(at + B_PORTS + 2, true),
  };
}

function openEvent(bytes: Uint8Array, view: DataView, at: number): OpenEvent {
  return {
    type: 'open',
    at: view.getFloat64(at + B_AT, true),
    ordinal: view.getFloat64(at + B_ORDINAL, true),
    ...tupleOf(bytes, view, at),
    icmpType: bytes[at + B_TYPE],
    tracked: (bytes[at + B_FLAGS] & EntryFlag.UNTRACKED) === 0,
  };
}

function answerEvent(bytes: Uint8Array, view: DataView, at: number): AnswerEvent {
  return {
    type: 'answer',
    at: view.getFloat64(at + B_AT, true),
    ordinal: view.getFloat64(at + B_ORDINAL, true),
    ...tupleOf(bytes, view, at),
    outcome: bytes[at + B_KIND] === EntryKind.ACCEPTED ? 'accepted' : 'refused',
  };
}

function serviceKey({ protocol, target, targetPort }: Pick<FlowTuple, 'protocol' | 'target' | 'targetPort'>): string {
  return `${protocol} ${targetPort} ${target}`;
}

/** Orders events of one moment that carry no number of a packet. */
function sortKey(event: DetectEvent): string {
  return event.type === 'dns' ? `dns ${event.client} ${event.query} ${event.qtype} ${event.rcode}` : event.type;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
