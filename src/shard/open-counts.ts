/**
 * Attempts per (protocol, address, port) in one tick: the first ones are told one by one, the others only counted, with a
 * sketch of their sources. A flood thus costs a place here and not an event per packet. `native/flow/open_counts.h` does the
 * same over the same memory.
 */
import type { SurgeCount } from '../detect/batch.ts';
import { HyperLogLog, hashText } from '../detect/state/hyperloglog.ts';
import type { RecordWords } from '../flow/record-words.ts';
import { addressKey } from './address-key.ts';
import { MomentBound, MomentWord, ServiceWord } from './moment-words.ts';

const { OPENS_TOLD, PROBES, REGISTERS, SERVICES, SURGES } = MomentBound;
const WORDS = ServiceWord.COUNT;
const { KEY, OPENS, SURGE } = ServiceWord;

export class OpenCounts {
  readonly services = new Int32Array(SERVICES * WORDS);
  readonly used = new Int32Array(SERVICES);
  readonly surges = new Int32Array(2 * SURGES);
  readonly registers = new Uint8Array(SURGES * REGISTERS);
  /** By number of the surge, over `registers`; made when first needed. */
  private readonly sketches: HyperLogLog[] = [];
  private readonly words: Int32Array;

  /** `words`: of `MomentWord`. */
  constructor(words: Int32Array) {
    this.words = words;
  }

  /**
   * Counts an attempt. True = tell it by itself; false = it is part of a surge. `target` and `source` are byte offsets of
   * addresses of 4 or 16 bytes, whose rest is 0.
   */
  add(rec: RecordWords, source: number, target: number, isV6: boolean, port: number, protocol: number): boolean {
    const { services } = this;
    const place = this.find(rec.i32, target >> 2, (port << 9) | (protocol << 1) | (isV6 ? 1 : 0));
    // No place: rather too many events than an attempt that nobody hears of.
    if (place < 0) return true;
    const at = place * WORDS;
    services[at + OPENS] = services[at + OPENS] + 1;
    if (services[at + OPENS] <= OPENS_TOLD) return true;
    const surge = services[at + SURGE] - 1;
    return !this.count(surge >= 0 ? surge : this.begin(place), hashText(addressKey(rec.u8, source, isV6)));
  }

  /** The surges since the last call; begins anew. */
  take(): SurgeCount[] {
    const { words, services, used } = this;
    const counts: SurgeCount[] = [];
    for (let surge = 0; surge < words[MomentWord.SURGES]; surge++) {
      const at = this.surges[2 * surge] * WORDS;
      const key = services[at + KEY];
      const address = new Uint8Array(services.buffer, at * 4, 16);
      counts.push({
        protocol: (key >> 1) & 0xff,
        target: addressKey(address, 0, (key & 1) !== 0),
        targetPort: key >>> 9,
        opens: this.surges[2 * surge + 1],
        registers: this.sketchOf(surge).registers.slice(),
      });
      this.sketchOf(surge).registers.fill(0);
    }
    // A place without attempts is free, whatever else stands there.
    for (let i = 0; i < words[MomentWord.SERVICES]; i++) {
      services[used[i] * WORDS + OPENS] = 0;
      services[used[i] * WORDS + SURGE] = 0;
    }
    words[MomentWord.SERVICES] = words[MomentWord.SURGES] = 0;
    return counts;
  }

  /** The number of a new surge at the service; -1 when there are too many. */
  private begin(place: number): number {
    const { words } = this;
    if (words[MomentWord.SURGES] === SURGES) return -1;
    const surge = words[MomentWord.SURGES]++;
    this.surges[2 * surge] = place;
    this.surges[2 * surge + 1] = 0;
    this.services[place * WORDS + SURGE] = surge + 1;
    return surge;
  }

  /** False when there is no such surge. */
  private count(surge: number, source: number): boolean {
    if (surge < 0) return false;
    this.surges[2 * surge + 1]++;
    this.sketchOf(surge).addHash(source);
    return true;
  }

  private sketchOf(surge: number): HyperLogLog {
    this.sketches[surge] ??= new HyperLogLog(this.registers.subarray(surge * REGISTERS, (surge + 1) * REGISTERS));
    return this.sketches[surge];
  }

  /** The place of the key, taken when it is new; -1 when its neighbourhood is full. */
  private find(words: Int32Array, target: number, key: number): number {
    const { services } = this;
    const a = words[target];
    const b = words[target + 1];
    const c = words[target + 2];
    const d = words[target + 3];
    let hash = Math.imul(a ^ Math.imul(b, 31) ^ Math.imul(c, 37) ^ Math.imul(d, 41), 0x9e37_79b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ key, 0x85eb_ca6b);
    for (let probe = 0; probe < PROBES; probe++) {
      const place = ((hash >>> 12) + probe) & (SERVICES - 1);
      const at = place * WORDS;
      if (services[at + OPENS] === 0) {
        services[at] = a;
        services[at + 1] = b;
        services[at + 2] = c;
        services[at + 3] = d;
        services[at + KEY] = key;
        this.used[this.words[MomentWord.SERVICES]++] = place;
        return place;
      }
      if (services[at + KEY] === key && services[at] === a && services[at + 1] === b && services[at + 2] === c && services[at + 3] === d)
        return place;
    }
    return -1;
  }
}
