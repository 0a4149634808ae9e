/**
 * Attempts per (protocol, address, port) in one tick: the first ones are told one by one, the others only counted, with a
 * sketch of their sources. A flood thus costs a place here and not an event per packet.
 */
import type { SurgeCount } from '../detect/batch.ts';
import { OPENS_TOLD } from '../detect/events.ts';
import { HyperLogLog, hashText } from '../detect/state/hyperloglog.ts';
import type { RecordWords } from '../flow/record-words.ts';
import { addressKey } from './address-key.ts';

const PLACES = 4096;
const PROBES = 16;
/** Services with more than `OPENS_TOLD` attempts in one tick, 1 KiB each. */
const MOST_SURGES = 256;
/** Four words of address, then port and protocol, then the count. */
const WORDS = 6;

interface Surge {
  opens: number;
  sources: HyperLogLog;
}

export class OpenCounts {
  private readonly keys = new Int32Array(PLACES * WORDS);
  private readonly surges = new Map<number, Surge>();
  private readonly used: number[] = [];

  /**
   * Counts an attempt. True = tell it by itself; false = it is part of a surge. `target` and `source` are byte offsets of
   * addresses of 4 or 16 bytes, whose rest is 0.
   */
  add(rec: RecordWords, source: number, target: number, isV6: boolean, port: number, protocol: number): boolean {
    const place = this.find(rec.i32, target >> 2, (port << 9) | (protocol << 1) | (isV6 ? 1 : 0));
    // No place: rather too many events than an attempt that nobody hears of.
    if (place < 0) return true;
    const at = place * WORDS + 5;
    this.keys[at] = this.keys[at] + 1;
    if (this.keys[at] <= OPENS_TOLD) return true;
    let surge = this.surges.get(place);
    if (surge === undefined) {
      if (this.surges.size === MOST_SURGES) return true;
      surge = { opens: 0, sources: new HyperLogLog() };
      this.surges.set(place, surge);
    }
    surge.opens++;
    surge.sources.addHash(hashText(addressKey(rec.u8, source, isV6)));
    return false;
  }

  /** The surges since the last call; begins anew. */
  take(): SurgeCount[] {
    const counts: SurgeCount[] = [];
    for (const [place, { opens, sources }] of this.surges) {
      const at = place * WORDS;
      const key = this.keys[at + 4];
      const address = new Uint8Array(this.keys.buffer, at * 4, 16);
      counts.push({
        protocol: (key >> 1) & 0xff,
        target: addressKey(address, 0, (key & 1) !== 0),
        targetPort: key >>> 9,
        opens,
        registers: sources.registers,
      });
    }
    for (const place of this.used) this.keys.fill(0, place * WORDS, (place + 1) * WORDS);
    this.used.length = 0;
    this.surges.clear();
    return counts;
  }

  /** The place of the key, taken when it is new; -1 when its neighbourhood is full. */
  private find(words: Int32Array, target: number, key: number): number {
    const { keys } = this;
    const a = words[target];
    const b = words[target + 1];
    const c = words[target + 2];
    const d = words[target + 3];
    let hash = Math.imul(a ^ Math.imul(b, 31) ^ Math.imul(c, 37) ^ Math.imul(d, 41), 0x9e37_79b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ key, 0x85eb_ca6b);
    for (let probe = 0; probe < PROBES; probe++) {
      const place = ((hash >>> 12) + probe) & (PLACES - 1);
      const at = place * WORDS;
      if (keys[at + 5] === 0) {
        keys[at] = a;
        keys[at + 1] = b;
        keys[at + 2] = c;
        keys[at + 3] = d;
        keys[at + 4] = key;
        this.used.push(place);
        return place;
      }
      if (keys[at + 4] === key && keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) return place;
    }
    return -1;
  }
}
