import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildLedger } from '../../src/merge/ledger.ts';
import type { LedgerInput } from '../../src/merge/ledger-input.ts';
import { Counter, CounterLength } from '../../src/ring/layout.ts';
import { END_REASONS, ShardCounter } from '../../src/shard/protocol.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { runWithFaults, TINY_RING_BYTES } from './faulty-run.ts';

const seen = vi.hoisted(() => ({ last: null as LedgerInput | null }));
vi.mock('../../src/merge/ledger.ts', async (original) => {
  const real = await original<typeof import('../../src/merge/ledger.ts')>();
  return {
    ...real,
    buildLedger(input: LedgerInput) {
      // The shards' counters are shared memory, which structuredClone would share as well.
      seen.last = { ...structuredClone(input), shards: input.shards.map((counters) => counters.slice()) };
      return real.buildLedger(input);
    },
  };
});

/** Engine counters that measure or qualify and are in no sum; every other one must be caught. */
const NO_DISPOSITION = new Set<keyof typeof Counter>([
  // What the kernel tells and what was read of it in vain; evaluated live only, and tested there.
  'BEYOND_COUNT',
  'BEYOND_COUNT_BYTES',
  'RECEIVED',
  'RECEIVED_KNOWN',
  'KERNEL_DROPS',
  'KERNEL_FREEZES',
  'INTERFACE_DROPS',
  'INTERFACE_DROPS_KNOWN',
  // Of sources that divert packets; tested below.
  'DIVERTED_KNOWN',
  'DIVERTED',
  'DIVERTED_BYTES',
  'HANDOVER_DROPPED',
  'HANDOVER_DROPPED_BYTES',
  'INLINE_KNOWN',
  'INLINE_SENT',
  'INLINE_SENT_BYTES',
  'INLINE_DENIED',
  'INLINE_DENIED_BYTES',
  'INLINE_QUARANTINED',
  'INLINE_QUARANTINED_BYTES',
  'INLINE_FAILED',
  'INLINE_FAILED_BYTES',
  // Among those sent.
  'INLINE_MODIFIED',
  // Captured bytes depend on the snap length; the identities are of wire bytes.
  'FRAMES_READ_CAPTURED_BYTES',
  'CARRIED_OUTER_BYTES',
  // Quality: packets that are in their flow, and marked.
  'SNAPLEN_CUT',
  'FRAGMENTS',
  'BAD_IP_CHECKSUMS',
  'BAD_L4_CHECKSUMS',
  'TIME_STEPS_BACK',
  'LONG_STEPS_BACK',
  'TIME_JUMPS_UNCONFIRMED',
  // Measures of work.
  'TICKS',
  'WAKES',
  'RING_HIGH_WATER',
  'RING_FULL_WAITS',
  // Payload that was left out of records; the packets themselves are in an identity.
  'HELD_BACK',
  'HELD_BACK_BYTES',
  'PCAP_BYTES_WRITTEN',
  'PCAP_FILES',
  'TUNNEL_TABLE_FULL',
  'NETWORK_DECODED',
  'TRANSPORT_DECODED',
  'LOOPS',
  'FILES_FINISHED',
  'FAULTS_INJECTED',
  'REJECTED_NEEDED',
  'REJECTED_AVAILABLE',
  'TUNNELS',
]);

const SHARD_NO_DISPOSITION = new Set<keyof typeof ShardCounter>([
  'SLOTS',
  'OUTBOX_WAITS',
  'EMERGENCY_TICKS',
  'EVICTIONS_UNANSWERED',
  'EVICTIONS_ANSWERED',
  'PROBE_MAX',
  'TABLE_BYTES',
  'HISTORY_TRUNCATED',
  'RETRANSMISSIONS',
  'OUT_OF_ORDER',
  'MISSED_BYTES',
  'TCP_PAYLOAD_BYTES',
  // How much the application layer looked at, and where it stopped for memory or time: its flows are in an identity.
  'APP_PACKETS',
  'APP_GIVEN_UP',
  'APP_SHED',
  'APP_NOTES_CUT',
]);

const folder = new TemporaryFolder('mutation');
let snapshot: LedgerInput;

beforeAll(async () => {
  const path = folder.file('mixed.pcap');
  writeGenerated(path, { profile: 'mixed', packets: 8000, flows: 500, seed: 8, rate: 1000 });
  const faults = { shards: 2, ringBytes: TINY_RING_BYTES, slowShardMs: 1, maxFlows: 50, snaplen: 65_535, tunnels: true, vlanAware: false };
  const timeouts = { activeTimeoutSecs: 1, flowTimeoutSecs: null };
  const kept = { discovery: true, recallBytes: 1 << 20 };
  const output = { writePcap: folder.file('copy.pcap'), packetsJsonl: folder.file('packets.jsonl') };
  await runWithFaults(path, { ...faults, ...timeouts, fault: { seed: 2, dropWhenFull: true, corrupt: 0.2 } }, { output, ...kept });
  snapshot = seen.last!;
});
afterAll(() => folder[Symbol.dispose]());

function add<K extends string | number>(counters: Record<K, number>, key: K, by: number): void {
  counters[key] += by;
}

/** Whether the ledger of the snapshot with one counter changed by `by` still claims to hold. */
function holdsWith(change: (input: LedgerInput) => void): boolean {
  const input = structuredClone(snapshot);
  change(input);
  return buildLedger(input).holds;
}

describe('a counter that misses one increment, or has one too many, breaks an identity', () => {
  it('of a run in which every stage lost something and nothing is unexplained', () => {
    const { holds, stages } = buildLedger(snapshot);
    expect(holds).toBe(true);
    expect(stages.ring.ring_dropped).toBeGreaterThan(0);
    expect(Object.keys(stages.decode.rejected as object).length).toBeGreaterThan(0);
  });

  const lengths = CounterLength as Record<string, number>;
  const engine = Object.entries(Counter).filter(([name]) => !NO_DISPOSITION.has(name as keyof typeof Counter));
  const slots = engine.flatMap(([name, start]) =>
    Array.from({ length: lengths[name] ?? 1 }, (_, index) => ({ name, slot: start + index })),
  );
  it.each([1, -1])('engine, by %i', (by) => {
    const unnoticed = slots.filter(({ slot }) => holdsWith((input) => add(input.engine, slot, by)));
    expect(unnoticed).toEqual([]);
  });

  const shard = Object.entries(ShardCounter)
    .filter(([name]) => !SHARD_NO_DISPOSITION.has(name as keyof typeof ShardCounter))
    .flatMap(([name, start]) =>
      Array.from({ length: name === 'FLOWS_ENDED' ? END_REASONS.length : 1 }, (_, index) => ({ name, slot: start + index })),
    );
  it.each([1, -1])('shard, by %i', (by) => {
    const unnoticed = shard.filter(({ slot }) => holdsWith((input) => add(input.shards[1], slot, by)));
    expect(unnoticed).toEqual([]);
  });

  it('what died with a shard, the rows taken, the packets delivered to readers', () => {
    for (const by of [1, -1]) {
      for (const name of Object.keys(snapshot.lost) as (keyof LedgerInput['lost'])[]) {
        expect(
          holdsWith(({ lost }) => add(lost, name, by)),
          name,
        ).toBe(false);
      }
      expect(holdsWith((input) => add(input, 'rowsTaken', by))).toBe(false);
      expect(holdsWith((input) => add(input, 'entriesTaken', by))).toBe(false);
      expect(holdsWith((input) => add(input, 'tapTaken', by))).toBe(false);
    }
  });
});

describe('live, the kernel joins the identities', () => {
  const live = () => {
    const input = structuredClone(snapshot);
    input.live = true;
    input.engine[Counter.RECEIVED_KNOWN] = 1;
    input.engine[Counter.KERNEL_DROPS] = 17;
    input.engine[Counter.BEYOND_COUNT] = 5;
    input.engine[Counter.RECEIVED] = input.engine[Counter.FRAMES_READ] + 17 + 5;
    return input;
  };
  it('holds when received = dropped + read + beyond the limit, and not when one is missing', () => {
    expect(buildLedger(live()).holds).toBe(true);
    for (const slot of [Counter.RECEIVED, Counter.KERNEL_DROPS, Counter.FRAMES_READ, Counter.BEYOND_COUNT]) {
      const input = live();
      input.engine[slot] -= 1;
      expect(buildLedger(input).holds).toBe(false);
    }
  });
  it('says unknown, not 0, where the platform has no counter', () => {
    const input = live();
    input.engine[Counter.RECEIVED_KNOWN] = 0;
    const ledger = buildLedger(input);
    expect(ledger.identities.find(({ name }) => name === 'kernel')?.holds).toBeNull();
    expect(ledger.stages.source.kernel_drops).toBeNull();
  });
});

describe('of a source that diverts packets', () => {
  const PAIRS = ['HANDOVER_DROPPED', 'INLINE_SENT', 'INLINE_DENIED', 'INLINE_QUARANTINED', 'INLINE_FAILED'] as const;
  const inline = () => {
    const input = structuredClone(snapshot);
    const { engine } = input;
    input.live = true;
    engine[Counter.DIVERTED_KNOWN] = engine[Counter.INLINE_KNOWN] = 1;
    for (const bytes of [0, 1]) {
      engine[Counter.HANDOVER_DROPPED + bytes] = 5 + bytes;
      const diverted =
        engine[Counter.FRAMES_READ + bytes] + engine[Counter.HANDOVER_DROPPED + bytes] + engine[Counter.BEYOND_COUNT + bytes];
      engine[Counter.DIVERTED + bytes] = diverted;
      engine[Counter.INLINE_DENIED + bytes] = 11;
      engine[Counter.INLINE_QUARANTINED + bytes] = 13;
      engine[Counter.INLINE_FAILED + bytes] = 7;
      engine[Counter.INLINE_SENT + bytes] = diverted - 31;
    }
    return input;
  };
  it.each([1, -1])('every packet and byte is put back, denied or failed, and copied or lost; off by %i is noticed', (by) => {
    expect(buildLedger(inline()).holds).toBe(true);
    const slots = ['DIVERTED' as const, ...PAIRS].flatMap((name) => [Counter[name], Counter[name] + 1]);
    for (const slot of slots) {
      const input = inline();
      input.engine[slot] += by;
      expect([slot, buildLedger(input).holds]).toEqual([slot, false]);
    }
  });
  it('that only looks at copies owes nothing', () => {
    const input = inline();
    input.engine[Counter.INLINE_KNOWN] = 0;
    input.engine[Counter.INLINE_SENT] = 0;
    const ledger = buildLedger(input);
    expect([ledger.holds, ledger.stages.divert.sent]).toEqual([true, null]);
  });
});
