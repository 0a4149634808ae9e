/** The order of a tick's moments, against a sort of all of them; more than a turn of the loop that tells them. */
import { describe, expect, it } from 'vitest';
import { AddressCache } from '../../../src/detect/address-cache.ts';
import {
  B_ANSWER_ORDINAL,
  B_ANSWERED_AT,
  B_AT,
  B_FLAGS,
  B_KIND,
  B_ORDINAL,
  B_PORTS,
  type DetectBatch,
  EntryFlag,
  EntryKind,
  MOMENT_BYTES,
} from '../../../src/detect/batch.ts';
import type { EntryReader } from '../../../src/detect/entry-reader.ts';
import type { ArpEvent } from '../../../src/detect/events.ts';
import { mergeBatches } from '../../../src/detect/merge-batches.ts';

const TICK = { at: 1e6, ordinal: 0, final: false, packets: 0, bytes: 0, dropped: 0, clockSteps: 0 };
/** Of one moment and packet. */
const [ANSWER, CLAIM, OPEN] = [0, 1, 2];

interface Told {
  at: number;
  ordinal: number;
  rank: number;
  id: number;
}

class Random {
  private state = 12_345;

  below(most: number): number {
    this.state = (Math.imul(this.state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((this.state / 0x8000_0000) * most);
  }
}

/** A shard's batch of attempts, most of them answered, and of claims; what it tells, in `told`. `id`: of its first moment. */
function batchOf(random: Random, count: number, id: number, told: Told[]): DetectBatch {
  const moments = new Uint8Array(count * MOMENT_BYTES);
  const view = new DataView(moments.buffer);
  const answered: { entry: number; at: number }[] = [];
  const arp: ArpEvent[] = [];
  let at = 0;
  for (let entry = 0; entry < count; entry++) {
    const offset = entry * MOMENT_BYTES;
    at += random.below(3);
    const ordinal = 10 * at + random.below(4);
    view.setFloat64(offset + B_AT, at, true);
    view.setFloat64(offset + B_ORDINAL, ordinal, true);
    view.setUint16(offset + B_PORTS, id + entry, true);
    view.setUint8(offset + B_KIND, EntryKind.OPEN);
    told.push({ at, ordinal, rank: OPEN, id: id + entry });
    if (random.below(4) > 0) {
      const answeredAt = at + random.below(5);
      const answerOrdinal = 10 * answeredAt + random.below(4);
      view.setFloat64(offset + B_ANSWERED_AT, answeredAt, true);
      view.setFloat64(offset + B_ANSWER_ORDINAL, answerOrdinal, true);
      view.setUint8(offset + B_FLAGS, EntryFlag.ACCEPTED);
      answered.push({ entry, at: answeredAt });
      told.push({ at: answeredAt, ordinal: answerOrdinal, rank: ANSWER, id: id + entry });
    }
    if (random.below(3) === 0) {
      const claimedAt = at + random.below(3);
      const claim = { at: claimedAt, ordinal: 10 * claimedAt + random.below(4), id: id + entry };
      arp.push({ type: 'arp', ...claim } as unknown as ArpEvent);
      told.push({ ...claim, rank: CLAIM });
    }
  }
  answered.sort((a, b) => a.at - b.at);
  const answers = Uint32Array.from(answered, ({ entry }) => entry);
  return { moments, answers, ends: new Uint8Array(0), texts: [], dns: [], arp, dhcp: [], surges: [], untold: 0 };
}

function toldBy(batches: DetectBatch[]): string[] {
  const told: string[] = [];
  let moments: EntryReader;
  mergeBatches(batches, TICK, 0, new AddressCache(), {
    begin: (entries) => {
      moments = entries;
    },
    opened: (offset, at) => told.push(`${OPEN} ${moments.sourcePort(offset)} ${at}`),
    answered: (offset, at, attemptAt) => {
      // An answer that comes before its attempt, as no shard tells it, finds none.
      expect(Number.isNaN(attemptAt) || attemptAt === moments.number(offset, B_AT)).toBe(true);
      told.push(`${ANSWER} ${moments.sourcePort(offset)} ${at}`);
    },
    grown: () => {},
    closed: () => {},
    event: (event) => {
      if (event.type === 'arp') told.push(`${CLAIM} ${(event as unknown as Told).id} ${event.at}`);
    },
  });
  return told;
}

describe('the moments of a tick', () => {
  it.each([
    ['none', [0]],
    ['of one shard', [500]],
    ['of three shards, one without any', [300, 0, 401]],
    ['as many as one turn of the loop', [64]],
  ])('are told by time, then number, then answers, claims, attempts: %s', (_, counts) => {
    const random = new Random();
    const told: Told[] = [];
    const batches = counts.map((count, shard) => batchOf(random, count, 1000 * shard, told));
    told.sort((a, b) => a.at - b.at || a.ordinal - b.ordinal || a.rank - b.rank || a.id - b.id);
    expect(toldBy(batches)).toEqual(told.map(({ rank, id, at }) => `${rank} ${id} ${at}`));
  });
});
