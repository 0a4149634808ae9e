/** Rules whose plain rows are done natively against the same rules that are shown every row. */
import { describe, expect, it } from 'vitest';
import { addressText } from '../../../src/detect/address-text.ts';
import { type ActiveRule, DetectEngine, type NativeDetect } from '../../../src/detect/engine.ts';
import type { Address } from '../../../src/detect/events.ts';
import { type Exchange, firstExchangesFront, gateFront } from '../../../src/detect/row-front.ts';
import { beaconing } from '../../../src/detect/rules/beaconing.ts';
import { bruteForce } from '../../../src/detect/rules/brute-force.ts';
import { dataExfiltration } from '../../../src/detect/rules/exfiltration.ts';
import { icmpTunnel } from '../../../src/detect/rules/icmp-tunnel.ts';
import { lateralMovement } from '../../../src/detect/rules/lateral-movement.ts';
import { longConnection } from '../../../src/detect/rules/long-connection.ts';
import { newDevice } from '../../../src/detect/rules/new-device.ts';
import { newService } from '../../../src/detect/rules/new-service.ts';
import { trafficSpike } from '../../../src/detect/rules/traffic-spike.ts';
import { FirstFlows } from '../../../src/detect/state/first-flows.ts';
import { KeyTable } from '../../../src/detect/state/key-table.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { frontBatch, pingBatch } from './front-batches.ts';
import { Random } from './random-batches.ts';
import { rule } from './told-rules.ts';

const SECOND = 1_000_000_000;
const START = 1_700_000_000 * SECOND;
const tools = { isInternal: (address: Address) => [10, 0xfd].includes(address.charCodeAt(0)), text: addressText };

/** Settings low enough that random traffic finds something with each rule, and never with every row. */
const RULES: readonly { rule: ActiveRule['rule']; set: Record<string, number> }[] = [
  { rule: dataExfiltration, set: { upload_bytes: 1_500_000, ratio: 2, window_secs: 4 } },
  { rule: trafficSpike, set: { sigma: 1, floor: 1000, baseline_secs: 3 } },
  { rule: lateralMovement, set: { hosts: 2, window_secs: 3, learn_secs: 4 } },
  { rule: bruteForce, set: { attempts: 2, window_secs: 5, slow_attempts: 4, slow_window_secs: 9, variation: 1 } },
  { rule: beaconing, set: { connections: 4, score: 0.2 } },
  { rule: longConnection, set: {} },
  { rule: icmpTunnel, set: { bytes: 1000, packet_bytes: 10, unequal_bytes: 1000 } },
  { rule: newService, set: { learn_secs: 4 } },
  { rule: newDevice, set: { learn_secs: 4 } },
];

const active: ActiveRule[] = RULES.map(({ rule, set }) => {
  const usual = Object.entries(rule.settings).map(([name, { value }]) => [name, value]);
  return { rule, settings: { ...Object.fromEntries(usual), ...set } };
});

/** What is shown of how many rows. */
const seen = { rows: 0, shown: 0 };

const NATIVE: NativeDetect = {
  createWalk: (memory) => new (loadAddon().TickWalk)(memory),
  createFronts: (fronts, areEnds, mask) => {
    const made = new (loadAddon().RowFronts)(fronts, areEnds, mask);
    return {
      begin: (entries, rows, count) => {
        seen.rows += count;
        made.begin(entries, rows, count);
      },
      next: () => {
        const row = made.next();
        if (row >= 0) seen.shown++;
        return row;
      },
    };
  },
};

/** `flows`: per tick, of two shards. */
function found(seed: number, rules: readonly ActiveRule[], native: NativeDetect | null, flows = 900, batchOf = frontBatch): string[] {
  const random = new Random(seed);
  const broken: string[] = [];
  const engine = new DetectEngine(rules, tools, ({ kind }, error) => void broken.push(`${kind}: ${String(error)}`), native);
  const log: string[] = [];
  for (let tick = 1; tick <= 9; tick++) {
    const at = START + tick * SECOND;
    const batches = [batchOf(random, at, flows), batchOf(random, at, flows >> 2)];
    const sums = { at, ordinal: 0, final: tick === 9, packets: 1, bytes: 1, dropped: 0, clockSteps: 0 };
    log.push(...engine.tick(batches, sums).map(({ rule, finding }) => `${rule.kind} ${JSON.stringify(finding)}`));
  }
  return [...log, ...broken];
}

describe('fronts of rules', () => {
  it('find what rules find that are shown every row', () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 6; seed++) {
      const log = found(seed, active, NATIVE);
      expect(log).toEqual(found(seed, active, null));
      for (const line of log) kinds.add(line.slice(0, line.indexOf(' ')));
    }
    expect([...kinds].sort()).toEqual(RULES.map(({ rule }) => rule.kind).sort());
  });

  it('find the same when pairs and addresses make room for others', () => {
    // 4,096 of each are known, of those with ICMP 2,048; some of those that go have sums, and calls.
    const rules = active.filter(({ rule }) =>
      [dataExfiltration, trafficSpike, beaconing, icmpTunnel].some(({ kind }) => kind === rule.kind),
    );
    for (const seed of [21, 22]) {
      const log = found(seed, rules, NATIVE, 6000);
      expect(log.length).toBeGreaterThan(50);
      expect(log).toEqual(found(seed, rules, null, 6000));
    }
  });

  it.each([
    ['many first volumes are enough', 200_000, 1_000_000, 0.35],
    ['many first volumes may be enough for the difference', 1_900_000, 40_000, 0.4],
    ['few first volumes are enough', 3_800_000, 3_900_000, 0.2],
  ])('find the same in ICMP, whoever asks, when %s', (_, bytes, unequalBytes, mostShown) => {
    const usual = active.filter(({ rule }) => rule === icmpTunnel);
    const set = { bytes, packet_bytes: 10, unequal_bytes: unequalBytes, window_secs: 2, unequal_secs: 4 };
    const rules = usual.map(({ rule, settings }) => ({ rule, settings: { ...settings, ...set } }));
    for (const seed of [31, 32]) {
      Object.assign(seen, { rows: 0, shown: 0 });
      const log = found(seed, rules, NATIVE, 3000, pingBatch);
      expect(log).toEqual(found(seed, rules, null, 3000, pingBatch));
      expect(log.length).toBeGreaterThan(30);
      // Of all rows 0.44 had packets both ways.
      expect(seen.shown).toBeGreaterThan(log.length);
      expect(seen.shown / seen.rows).toBeLessThan(mostShown);
    }
  });

  it('keep most rows from the rules', () => {
    Object.assign(seen, { rows: 0, shown: 0 });
    found(1, active, NATIVE);
    expect(seen.rows).toBeGreaterThan(20_000);
    expect(seen.shown / seen.rows).toBeLessThan(0.6);
  });

  it('go on without a rule that throws', () => {
    const throwing = rule('throws', () => {
      let calls = 0;
      return {
        closeFront: gateFront({ protocols: [17] }),
        closeRow() {
          if (++calls === 50) throw new Error('on purpose');
        },
      };
    });
    const rules = [...active.slice(0, 3), { rule: throwing, settings: {} }, ...active.slice(3)];
    const log = found(7, rules, NATIVE);
    expect(log.at(-1)).toBe('throws: Error: on purpose');
    expect(log.slice(0, -1)).toEqual(found(7, active, null));
  });

  it('refuse what they cannot work on', () => {
    const { RowFronts } = loadAddon();
    const mask = new Uint32Array(1);
    const [gate] = [gateFront({})];
    expect(() => new RowFronts([{ ...gate, kind: 99 }], false, mask)).toThrow('RowFronts: wrong kind');
    expect(() => new RowFronts([{ ...gate, kind: 1 }], false, mask)).toThrow('RowFronts: wrong table');
    expect(() => new RowFronts([{ ...gate, kind: 3 }], false, mask)).toThrow('RowFronts: wrong kind');
    expect(() => new RowFronts([{ ...gate, ports: new Uint8Array(3) }], false, mask)).toThrow('RowFronts: wrong ports');
    expect(() => new RowFronts(new Array(32).fill(gate), false, mask)).toThrow('RowFronts: wrong number of fronts');
    expect(() => new RowFronts([gate], false, new Uint32Array(0))).toThrow('RowFronts: wrong mask');
    const first = { pairs: new KeyTable(9, 8, null, true), firsts: new FirstFlows<Exchange>(5, 8), heavy: new Uint8Array(8) };
    const exchanges = firstExchangesFront({}, first, 1);
    expect(() => new RowFronts([exchanges], true, mask)).not.toThrow();
    expect(() => new RowFronts([exchanges], false, mask)).toThrow('RowFronts: wrong kind');
    for (const numbers of [8 * 3, 8 * 5 - 1, 8 * 6]) {
      const other = { ...exchanges, numbers: new Float64Array(numbers) };
      expect(() => new RowFronts([other], true, mask)).toThrow('RowFronts: wrong numbers');
    }
    const rows = {
      offsets: Int32Array.of(72),
      times: new Float64Array(1),
      numbers: new Int32Array(1),
      sources: new Uint8Array(1),
      targets: new Uint8Array(1),
    };
    const fronts = new RowFronts([gate], false, mask);
    expect(() => fronts.begin(new Uint8Array(72), rows, 1)).toThrow('begin: rows of no entry');
    expect(fronts.next()).toBe(-1);
  });
});
