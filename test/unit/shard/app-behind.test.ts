import { describe, expect, it } from 'vitest';
import { createRegistry } from '../../../src/app/dissectors.ts';
import { type AppOptions, ShardCounter } from '../../../src/shard/protocol.ts';
import { RingBuilder, UDP } from '../flow/records.ts';
import { Rig } from './rig.ts';

const RING_BYTES = 1 << 16;
const FLOWS = 200;
/** A question for a.example (RFC 1035): one datagram is enough to know it. */
const QUESTION = Uint8Array.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 7, ...Buffer.from('example'), 0, 0, 1, 0, 1]);

function appOptions(live: boolean): AppOptions {
  return { live, builtin: true, ndpi: false, tags: new SharedArrayBuffer(4096), transactions: false, events: false };
}

/** Flows of one datagram each, all of them in the ring before the shard begins. */
function drainAtOnce(live: boolean, flows: number): Rig {
  const ring = new RingBuilder(RING_BYTES);
  for (let i = 0; i < flows; i++)
    ring.packet({ t: i / 1000, protocol: UDP, src: 1 + i, dst: 5000, sport: 40_000, dport: 53, payload: QUESTION });
  ring.end(1, 1);
  return new Rig([ring.ring], { app: { options: appOptions(live), parts: { registry: createRegistry(), detector: null } } }).run();
}

describe('a shard that is behind', () => {
  it('live, looks at no flow while more than a quarter of a ring waits, and counts them', () => {
    const rig = drainAtOnce(true, FLOWS);
    const looked = rig.count(ShardCounter.APP_FLOWS);
    const shed = rig.count(ShardCounter.APP_SHED);
    expect(rig.count(ShardCounter.DEQUEUED)).toBe(FLOWS);
    expect(looked + shed).toBe(FLOWS);
    // The first batch is looked at before the backlog is known; the last eighth of the ring is looked at again.
    expect(shed).toBeGreaterThan(32);
    expect(looked).toBeGreaterThan(32);
    // The rig takes a note's second entry for a row.
    expect(rig.failures().filter((line) => !line.startsWith('records '))).toEqual([]);
  });

  it('looks at every flow when the backlog is small', () => {
    const rig = drainAtOnce(true, 40);
    expect([rig.count(ShardCounter.APP_FLOWS), rig.count(ShardCounter.APP_SHED)]).toEqual([40, 0]);
  });

  it('in a replay looks at every flow, as the reader waits', () => {
    const rig = drainAtOnce(false, FLOWS);
    expect([rig.count(ShardCounter.APP_FLOWS), rig.count(ShardCounter.APP_SHED)]).toEqual([FLOWS, 0]);
  });
});
