/** Answered contacts as the addon keeps them against those in TypeScript, beyond every bound of theirs. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ADDRESS_PLACES } from '../../../src/detect/address-cache.ts';
import type { Address } from '../../../src/detect/events.ts';
import { AnsweredSources, type AnsweredStore } from '../../../src/detect/state/answered-contacts.ts';
import { WANTS_MEMORY_WORDS } from '../../../src/detect/state/contact-wants.ts';
import { NativeAnswered } from '../../../src/detect/state/native-answered.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { Random } from './random-batches.ts';

const SECOND = 1_000_000_000;
const START = 1_700_000_000 * SECOND;
const PROTOCOL = 6;

function nativeStore(): AnsweredStore {
  const walk = new (loadAddon().TickWalk)({
    cursor: new Float64Array(10),
    lanes: new Uint8Array(256),
    wants: new Uint32Array(WANTS_MEMORY_WORDS),
    networks: null,
    waiting: new Float64Array(256),
    marks: new Uint8Array(ADDRESS_PLACES),
    held: new Float64Array(9),
    places: new Int32Array(ADDRESS_PLACES * 5),
    classes: new Uint8Array(ADDRESS_PLACES),
    secret: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    wait: SECOND,
  });
  return new NativeAnswered(walk, PROTOCOL);
}

const v4 = (first: number, number: number): Address => String.fromCharCode(first, number >> 16, (number >> 8) & 0xff, number & 0xff);
/** What differs stands in every word. */
const v6 = (first: number, number: number): Address => v4(0x20, first) + v4(1, number >> 4) + v4(2, number & 7) + v4(3, number);

/** All that can be asked about a source. */
function about(store: AnsweredStore, source: Address, at: number, target: Address): unknown {
  const known = store.peek(source);
  if (known === undefined) return undefined;
  const window = { at, windowNs: 100 * SECOND };
  return [
    known.size,
    known.lastAt,
    known.count({ ...window, most: 5000 }),
    known.count({ ...window, most: 3 }),
    known.count({ ...window, most: 50, target }),
    known.count({ ...window, most: 50, port: 80 }),
    known.latest(at, 100 * SECOND, 20),
  ];
}

describe.each([
  ['IPv4', v4],
  ['IPv6', v6],
])('answered contacts of %s', (_, address) => {
  let both: readonly [AnsweredStore, AnsweredStore];
  beforeEach(() => {
    both = [nativeStore(), new AnsweredSources()];
  });

  function add(source: Address, target: Address, targetPort: number, at: number): void {
    for (const store of both) store.add({ source, target, targetPort }, at);
  }

  function areSame(sources: number, at: number): number {
    let known = 0;
    for (let number = 0; number < sources; number++) {
      const [native, plain] = both.map((store) => about(store, address(10, number), at, address(20, 1)));
      expect(native).toEqual(plain);
      if (plain !== undefined) known++;
    }
    return known;
  }

  it('forget the source that was not used for the longest time', () => {
    const random = new Random(1);
    for (let i = 0; i < 40_000; i++) {
      // A few come again, the others once.
      const source = random.below(3) === 0 ? random.below(50) : i % 18_000;
      add(address(10, source), address(20, random.below(4)), random.of([80, 443]), START + i * 1000);
    }
    const known = areSame(18_000, START + SECOND);
    expect(known).toBeLessThanOrEqual(16_384);
    expect(known).toBeGreaterThan(16_000);
  });

  it('keep the latest contacts of a source', () => {
    const random = new Random(2);
    for (let i = 0; i < 12_000; i++)
      add(address(10, 0), address(20, random.below(3000)), random.of([80, 443]), START + random.below(500) * SECOND);
    expect(areSame(1, START + 500 * SECOND)).toBe(1);
    expect(both[0].peek(address(10, 0))?.size).toBeGreaterThan(2047);
  });

  it('hold so many contacts together', () => {
    for (let i = 0; i < 300_000; i++) add(address(10, i % 300), address(20, Math.floor(i / 300)), 80, START + i);
    areSame(300, START + SECOND);
    const sizes = Array.from({ length: 300 }, (_, source) => both[0].peek(address(10, source))?.size ?? 0);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(262_144);
  });

  it('forget what is old', () => {
    for (let i = 0; i < 1000; i++) add(address(10, i % 100), address(20, i), 80, START + i * SECOND);
    for (const store of both) store.expire(START + 1000 * SECOND, 50 * SECOND);
    expect(areSame(100, START + 1000 * SECOND)).toBe(49);
  });
});
