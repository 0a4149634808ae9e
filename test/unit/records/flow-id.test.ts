import { describe, expect, it } from 'vitest';
import { flowIdOfRow, flowIdWords } from '../../../src/flow/flow-id.ts';
import * as R from '../../../src/flow/row.ts';
import { rowView } from '../../../src/flow/row-view.ts';
import { entry, type RowSpec } from './row-fixture.ts';

const plain = { baseSeconds: 1_700_000_000, vlanAware: false };
const id = (spec: RowSpec, context = plain): string => flowIdOfRow(rowView(entry(spec)), 0, context);

describe('flow id', () => {
  it('is 16 hexadecimal digits and fixed for ever', () => {
    expect(id({})).toMatch(/^[0-9a-f]{16}$/);
    expect(id({})).toBe(id({}));
    expect(id({ a: '10.0.0.1', b: '10.0.0.2', portA: 1, portB: 2, first: 5e8 })).toBe('488d6bc6d7c05bd3');
  });

  it('is the same for both directions', () => {
    const there = { a: '10.0.0.1', b: '192.0.2.10', portA: 51_514, portB: 443 };
    const back = { a: '192.0.2.10', b: '10.0.0.1', portA: 443, portB: 51_514 };
    expect(id(back)).toBe(id(there));
    const same = { a: '10.0.0.1', b: '10.0.0.1' };
    expect(id({ ...same, portA: 7, portB: 9 })).toBe(id({ ...same, portA: 9, portB: 7 }));
  });

  it('differs in every part of the key', () => {
    const variants: RowSpec[] = [
      {},
      { a: '10.0.0.2' },
      { b: '192.0.2.11' },
      { portA: 51_515 },
      { portB: 444 },
      { protocol: 17 },
      { scope: 1 },
      { role: R.RowRole.HAS_PORTS | R.RowRole.OUTER },
      { role: R.RowRole.HAS_PORTS | R.RowRole.INNER },
      { first: 1 },
      { first: 1e9 },
      { a: '::a00:1', b: '::c000:20a' },
    ];
    expect(new Set(variants.map((spec) => id(spec))).size).toBe(variants.length);
  });

  it('knows VLANs only where they are part of the key', () => {
    const aware = { ...plain, vlanAware: true };
    expect(id({ vlan: [7] })).toBe(id({}));
    expect(id({ vlan: [7] }, aware)).not.toBe(id({}, aware));
    expect(id({ vlan: [7] }, aware)).not.toBe(id({ vlan: [7, 7] }, aware));
    // Priority bits are no identity.
    expect(id({ vlan: [7 | 0xe000] }, aware)).toBe(id({ vlan: [7] }, aware));
  });

  it('uses absolute time, so that the base second does not matter', () => {
    expect(id({ first: 3_000_000_001 }, { ...plain, baseSeconds: 100 })).toBe(id({ first: 1_000_000_001 }, { ...plain, baseSeconds: 102 }));
  });

  it('uses the ordinal only for salted rows', () => {
    expect(id({ ordinal: 5 })).toBe(id({ ordinal: 6 }));
    expect(id({ ordinal: 5, salt: true })).not.toBe(id({ ordinal: 6, salt: true }));
    expect(id({ ordinal: 5, salt: true })).not.toBe(id({ ordinal: 5 }));
  });

  it('does not depend on the keyed hash or on counters', () => {
    const other: NonNullable<RowSpec['set']> = [
      [R.F_HASH_LO, 'u32', 12_345],
      [R.F_HASH_HI, 'u32', 678],
      [R.F_PACKETS_A, 'f64', 99],
      [R.F_LAST_SEEN, 'f64', 5e12],
    ];
    expect(id({ set: other })).toBe(id({}));
  });

  it('spreads a million neighbouring tuples like random numbers', () => {
    const count = 1_000_000;
    const row = rowView(entry({}));
    const high = new Uint32Array(count);
    const low = new Uint32Array(count);
    const whole = new BigUint64Array(count);
    const words = new Uint32Array(whole.buffer);
    for (let i = 0; i < count; i++) {
      row.view.setUint16(R.F_PORT_A, i & 0xffff, true);
      row.view.setUint8(R.F_ADDR_A + 3, (i >>> 16) & 0xff);
      const made = flowIdWords(row, 0, plain);
      high[i] = made.high;
      low[i] = made.low;
      words[i * 2] = made.low;
      words[i * 2 + 1] = made.high;
    }
    // 64 bits: n²/2^65 = 3e-8 collisions expected. 32 bits: n²/2^33 = 116, give or take 11.
    expect(duplicates(whole.sort())).toBe(0);
    for (const half of [high, low]) {
      const found = duplicates(half.sort());
      expect(found).toBeGreaterThan(60);
      expect(found).toBeLessThan(175);
    }
  });

  it('flips half of its bits when one bit of the key flips', () => {
    const fields = [R.F_ADDR_A, R.F_ADDR_A + 3, R.F_ADDR_B, R.F_PORT_A, R.F_PORT_B, R.F_SCOPE, R.F_PROTOCOL];
    for (const field of fields) {
      for (let bit = 0; bit < 8; bit++) {
        let flipped = 0;
        for (let sample = 0; sample < 64; sample++) {
          const row = rowView(entry({ a: `9.${sample}.7.8`, b: `11.1.${sample}.4`, first: sample * 1000 }));
          const before = flowIdWords(row, 0, plain);
          row.bytes[field] = row.bytes[field] ^ (1 << bit);
          const after = flowIdWords(row, 0, plain);
          flipped += ones(before.high ^ after.high) + ones(before.low ^ after.low);
        }
        // 64 samples of 64 bits: mean 32, standard deviation of the mean 0.5.
        expect(Math.abs(flipped / 64 - 32)).toBeLessThan(2.5);
      }
    }
  });
});

function duplicates(sorted: Uint32Array | BigUint64Array): number {
  let found = 0;
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) found++;
  return found;
}

function ones(word: number): number {
  let rest = word >>> 0;
  let count = 0;
  for (; rest !== 0; rest &= rest - 1) count++;
  return count;
}
