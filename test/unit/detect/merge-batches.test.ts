import { describe, expect, it } from 'vitest';
import { AddressCache } from '../../../src/detect/address-cache.ts';
import type { DetectBatch } from '../../../src/detect/batch.ts';
import type { EntryReader } from '../../../src/detect/entry-reader.ts';
import { type DetectEvent, OPENS_TOLD } from '../../../src/detect/events.ts';
import { mergeBatches } from '../../../src/detect/merge-batches.ts';
import { createCredits } from '../../../src/flow/credits.ts';
import { RingBuilder, TCP, UDP } from '../flow/records.ts';
import { Rig } from '../shard/rig.ts';

const TICK = { at: 10e9, ordinal: 0, final: false, packets: 0, bytes: 0, dropped: 0, clockSteps: 0 };

/** What shards tell of one tick; each ring is one shard's. */
function batchesOf(...rings: RingBuilder[]): DetectBatch[] {
  return rings.map((ring) => {
    const rig = new Rig([ring.tick(1, 10).ring], { detect: true, flow: { maxFlows: 100_000 } });
    rig.run();
    const batch = rig.ticks[0].detect;
    if (batch === null) throw new Error('no batch');
    return batch;
  });
}

function merged(batches: DetectBatch[]): DetectEvent[] {
  const events: DetectEvent[] = [];
  let entries: { moments: EntryReader; ends: EntryReader };
  mergeBatches(batches, TICK, 0, new AddressCache(), {
    begin: (moments, ends) => {
      entries = { moments, ends };
    },
    opened: (offset, at) => events.push(entries.moments.open(offset, at)),
    answered: (offset, at, attemptAt) => events.push(entries.moments.answer(offset, at, Number.isNaN(attemptAt) ? null : attemptAt)),
    grown: (offset, at) => events.push(entries.ends.volume(offset, at)),
    closed: (offset, at) => events.push(entries.ends.close(offset, at)),
    event: (event) => events.push(event),
  });
  return events;
}

function eventsOf(...rings: RingBuilder[]): DetectEvent[] {
  return merged(batchesOf(...rings));
}

const brief = (events: DetectEvent[]) => events.map((event) => `${event.type}${event.type === 'answer' ? ` ${event.outcome}` : ''}`);

describe('what a shard tells of flows', () => {
  it('tells an attempt, its answer and its end', () => {
    const ring = new RingBuilder().packets(
      { t: 1, src: 1, dst: 2, sport: 40_000, dport: 80, flags: 'S', seq: 1 },
      { t: 1.1, src: 2, dst: 1, sport: 80, dport: 40_000, flags: 'SA', seq: 9, ack: 2 },
      { t: 1.2, src: 1, dst: 2, sport: 40_000, dport: 80, flags: 'A', seq: 2, ack: 10, len: 100 },
      { t: 1.3, src: 2, dst: 1, sport: 80, dport: 40_000, flags: 'RA', seq: 10, ack: 102 },
    );
    const events = eventsOf(ring);
    expect(brief(events)).toEqual(['open', 'answer accepted', 'volume', 'close', 'tick']);
    expect(events[0]).toMatchObject({
      at: 1e9,
      protocol: TCP,
      source: '\n\0\0\u0001',
      target: '\n\0\0\u0002',
      sourcePort: 40_000,
      targetPort: 80,
    });
    expect(events[3]).toMatchObject({
      firstAt: 1e9,
      lastAt: 1.3e9,
      payloadUp: 100,
      payloadDown: 0,
      packetsUp: 2,
      packetsDown: 2,
      state: 'RSTR',
    });
  });

  it('tells refusals by RST, and nothing of answers whose question was not seen', () => {
    const refused = new RingBuilder().packets(
      { t: 1, src: 1, dst: 2, sport: 40_000, dport: 81, flags: 'S', seq: 1 },
      { t: 1.1, src: 2, dst: 1, sport: 81, dport: 40_000, flags: 'RA', seq: 0, ack: 2 },
    );
    expect(brief(eventsOf(refused))).toContain('answer refused');
    const late = new RingBuilder().packets({ t: 1, src: 2, dst: 1, sport: 80, dport: 40_000, flags: 'SA', seq: 9, ack: 2 });
    expect(brief(eventsOf(late))).toEqual(['tick']);
    const middle = new RingBuilder().packets({ t: 1, src: 1, dst: 2, sport: 40_000, dport: 80, flags: 'A', seq: 9, ack: 2, len: 10 });
    expect(brief(eventsOf(middle))).toEqual(['tick']);
  });

  it('tells attempts that the flow table refuses, as untracked', () => {
    const syn = { dst: 2, sport: 40_000, dport: 80, flags: 'S', seq: 1 };
    const credits = createCredits(1, 2);
    const flow = { maxFlows: 1 };
    // The only flow that there may be belongs to the other shard.
    new Rig([new RingBuilder().packet({ t: 1, src: 1, ...syn }).tick(1, 10).ring], { shards: 2, credits, flow }).run();
    const ring = new RingBuilder().packets({ t: 1, src: 11, ...syn }, { t: 1.1, src: 12, ...syn }).tick(1, 10);
    const rig = new Rig([ring.ring], { shards: 2, credits, flow, detect: true }).run();
    const batch = rig.ticks[0].detect;
    const events = merged(batch === null ? [] : [batch]);
    expect(events).toMatchObject([{ type: 'open', tracked: false }, { type: 'open', tracked: false }, { type: 'tick' }]);
  });

  it('gives the same events in the same order from any number of shards', () => {
    const packets = Array.from({ length: 60 }, (_, i) => ({ t: 1 + i / 100, protocol: UDP, src: 100 + i, dst: 7, sport: 5000, dport: 53 }));
    const one = new RingBuilder().packets(...packets);
    const two = [new RingBuilder(), new RingBuilder()];
    for (const [i, packet] of packets.entries()) two[i % 2].packet(packet);
    const places = (events: DetectEvent[]) => events.map((event) => (event.type === 'open' ? `${event.at} ${event.source}` : event.type));
    expect(places(eventsOf(...two))).toEqual(places(eventsOf(one)));
  });
});

describe('a surge', () => {
  const flood = (ring: RingBuilder, from: number, count: number, step: number) => {
    for (let i = 0; i < count; i++)
      ring.packet({ t: 1 + (from + i * step) / 1e5, src: 1000 + from + i * step, dst: 2, dport: 80, flags: 'S', seq: 1 });
    return ring;
  };

  it('is what goes beyond the attempts that are told one by one, whatever the number of shards', () => {
    const total = 2 * OPENS_TOLD + 500;
    const one = eventsOf(flood(new RingBuilder(1 << 22), 0, total, 1));
    const parts = Array.from({ length: 4 }, (_, part) => flood(new RingBuilder(1 << 22), part, total / 4, 4));
    const four = eventsOf(...parts);
    for (const events of [one, four]) {
      const [surge] = events.filter((event) => event.type === 'surge');
      expect(events.filter(({ type }) => type === 'open')).toHaveLength(OPENS_TOLD);
      expect(surge).toMatchObject({ targetPort: 80, opens: total - OPENS_TOLD });
      const distinct = total - OPENS_TOLD;
      expect(Math.abs(surge.sources.count() - distinct)).toBeLessThan(distinct * 0.1);
    }
    const registers = [one, four].map((events) => events.flatMap((event) => (event.type === 'surge' ? [...event.sources.registers] : [])));
    expect(registers[1]).toEqual(registers[0]);
  });

  it('does not come of many services with few attempts each', () => {
    const ring = new RingBuilder(1 << 22);
    for (let i = 0; i < 3000; i++) ring.packet({ t: 1 + i / 1e5, src: 1, dst: 5000 + i, dport: 80, flags: 'S', seq: 1 });
    const events = eventsOf(ring);
    expect(events.filter(({ type }) => type === 'surge')).toEqual([]);
    expect(events.filter(({ type }) => type === 'open')).toHaveLength(3000);
  });
});
