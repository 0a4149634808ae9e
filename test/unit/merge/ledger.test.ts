import { describe, expect, it } from 'vitest';
import { buildLedger, ledgerFailures } from '../../../src/merge/ledger.ts';
import type { LedgerInput } from '../../../src/merge/ledger-input.ts';
import { COUNTER_COUNT, Counter, NotFlow, Reject } from '../../../src/ring/layout.ts';
import { ShardCounter } from '../../../src/shard/protocol.ts';

/** A run in which every stage lost something, and every identity holds: counts by hand. */
function balanced(): LedgerInput {
  const engine = new Float64Array(COUNTER_COUNT);
  const set = (slot: number, packets: number, bytesSlot: number) => {
    engine[slot] = packets;
    engine[bytesSlot] = packets * 100;
  };
  engine[Counter.RECEIVED] = 1050;
  engine[Counter.RECEIVED_KNOWN] = 1;
  engine[Counter.KERNEL_DROPS] = 50;
  set(Counter.FRAMES_READ, 1000, Counter.FRAMES_READ_BYTES);
  set(Counter.FILTERED, 100, Counter.FILTERED_BYTES);
  set(Counter.DELIVERED, 900, Counter.DELIVERED_BYTES);
  set(Counter.REJECTED + Reject.IP_TRUNCATED, 10, Counter.REJECTED_BYTES + Reject.IP_TRUNCATED);
  set(Counter.NOT_FLOW + NotFlow.ARP, 20, Counter.NOT_FLOW_BYTES + NotFlow.ARP);
  set(Counter.SUPPRESSED, 5, Counter.SUPPRESSED_BYTES);
  set(Counter.FRAGMENT_LOST, 3, Counter.FRAGMENT_LOST_BYTES);
  set(Counter.FRAGMENT_HELD, 2, Counter.FRAGMENT_HELD_BYTES);
  set(Counter.ENQUEUED, 850, Counter.ENQUEUED_BYTES);
  set(Counter.RING_DROPPED, 10, Counter.RING_DROPPED_BYTES);
  engine[Counter.CARRIED_OUTER] = 7;
  engine[Counter.CARRIED_ICMP_INNER] = 4;
  engine[Counter.CARRIED_ARP] = 5;
  engine[Counter.ANNOTATIONS_DROPPED] = 1;
  engine[Counter.PCAP_FRAMES_WRITTEN] = 899;
  engine[Counter.PCAP_WRITE_ERRORS] = 1;
  engine[Counter.RECALL_STORED] = 890;
  engine[Counter.RECALL_SKIPPED] = 10;
  engine[Counter.TAP_SELECTED] = 900;
  engine[Counter.TAP_PASSED_BY] = 0;
  engine[Counter.TAP_WRITTEN] = 890;
  engine[Counter.TAP_DROPPED] = 10;
  const shard = new Float64Array(ShardCounter.SLOTS);
  const both = (slot: number, packets: number) => {
    shard[slot] = packets;
    shard[slot + 1] = packets * 100;
  };
  both(ShardCounter.DEQUEUED, 840);
  both(ShardCounter.ACCOUNTED, 830);
  both(ShardCounter.REFUSED_PROBE, 1);
  both(ShardCounter.REFUSED_EMERGENCY, 4);
  both(ShardCounter.REFUSED_LIMIT, 5);
  both(ShardCounter.ENDED_PACKETS, 700);
  both(ShardCounter.LIVE_PACKETS, 100);
  shard[ShardCounter.FLOWS_CREATED] = 100;
  shard[ShardCounter.FLOWS_LIVE] = 20;
  for (let reason = 0; reason < 7; reason++) shard[ShardCounter.FLOWS_ENDED + reason] = 10;
  shard[ShardCounter.OUTER_DEQUEUED] = 6;
  shard[ShardCounter.ICMP_INNER_DEQUEUED] = 3;
  shard[ShardCounter.ARP_DEQUEUED] = 5;
  shard[ShardCounter.ICMP_INNER_MATCHED] = 2;
  shard[ShardCounter.ICMP_INNER_UNMATCHED] = 1;
  shard[ShardCounter.OUTER_PACKETS] = 4;
  shard[ShardCounter.OUTER_REFUSED] = 2;
  shard[ShardCounter.OUTER_CREATED] = 6;
  shard[ShardCounter.OUTER_ENDED] = 3;
  shard[ShardCounter.OUTER_LIVE] = 2;
  shard[ShardCounter.INTERIM_RECORDS] = 9;
  shard[ShardCounter.ROWS_WRITTEN] = 77;
  shard[ShardCounter.ENTRIES_WRITTEN] = 90;
  shard[ShardCounter.APP_FLOWS] = 7;
  shard[ShardCounter.APP_CLOSED] = 4;
  shard[ShardCounter.APP_OPEN] = 3;
  shard[ShardCounter.ROWS_DROPPED] = 5;
  shard[ShardCounter.HOLES_ASKED] = 8;
  shard[ShardCounter.HOLES_GIVEN] = 5;
  shard[ShardCounter.HOLES_EXHAUSTED] = 3;
  const lost = { packets: 10, bytes: 1000, annotations: 1, flows: 10, outerFlows: 1, flowPackets: 30, flowBytes: 3000 };
  return {
    live: true,
    pcap: true,
    records: true,
    tap: true,
    recall: true,
    engine,
    shards: [shard],
    lost,
    rowsTaken: 77,
    entriesTaken: 90,
    tapTaken: 890,
  };
}

describe('ledger', () => {
  it('holds on a balanced run, packets and bytes', () => {
    const ledger = buildLedger(balanced());
    expect(ledgerFailures(ledger)).toEqual([]);
    expect(ledger.holds).toBe(true);
    expect(ledger.identities.every((item) => item.holds === true)).toBe(true);
  });

  it('catches every single missing increment', () => {
    const input = balanced();
    const arrays: Float64Array[] = [input.engine, ...input.shards];
    let mutated = 0;
    for (const array of arrays) {
      for (let slot = 0; slot < array.length; slot++) {
        if (array[slot] === 0 || (array === input.engine && slot === Counter.RECEIVED_KNOWN)) continue;
        array[slot]--;
        expect(buildLedger(input).holds, `slot ${slot}`).toBe(false);
        array[slot]++;
        mutated++;
      }
    }
    expect(mutated).toBeGreaterThan(40);
    for (const key of Object.keys(input.lost) as (keyof LedgerInput['lost'])[]) {
      input.lost[key]--;
      expect(buildLedger(input).holds, key).toBe(false);
      input.lost[key]++;
    }
    input.rowsTaken--;
    expect(buildLedger(input).holds).toBe(false);
  });

  it('says unknown, not 0, where the kernel gives no numbers', () => {
    const input = balanced();
    input.engine[Counter.RECEIVED_KNOWN] = 0;
    const ledger = buildLedger(input);
    expect(ledger.stages.source).toMatchObject({ received: null, kernel_drops: null, interface_drops: null });
    expect(ledger.identities.find((item) => item.name === 'kernel')?.holds).toBeNull();
    expect(ledger.holds).toBe(true);
  });

  it('expects no record of a flow where none are written', () => {
    const input = balanced();
    input.records = false;
    input.shards[0][ShardCounter.ROWS_WRITTEN] = input.shards[0][ShardCounter.ROWS_DROPPED] = input.rowsTaken = 0;
    expect(ledgerFailures(buildLedger(input))).toEqual([]);
  });

  it('names the sides of an identity that fails', () => {
    const input = balanced();
    input.engine[Counter.DELIVERED] = 901;
    expect(ledgerFailures(buildLedger(input))[0]).toBe('read (packets): 1000 frames_read ≠ 100 filtered + 901 delivered');
  });
});
