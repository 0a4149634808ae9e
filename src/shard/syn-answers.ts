/**
 * What SYNs and SYN+ACKs have told, by `synKey`: systems look alike, so a few hundred answers serve a network. The native
 * fast path reads the same memory (`native/flow/syn_watch.h`).
 */
import type { SynMemory } from '../native/syn-memory.ts';

export const SynBound = {
  /** Room for answers, a power of two. A key stands at most so many places behind its own. */
  PLACES: 16_384,
  PROBES: 16,
  /** In the high word of every key that is there: above the 21 bits that `synKey` uses. */
  TAKEN: 0x20_0000,
  /** Bytes of a packet that are looked at: IP and TCP headers at their longest, and a little payload. */
  MOST_HEADER: 256,
} as const;

const { PLACES, PROBES, TAKEN } = SynBound;
const MASK = PLACES - 1;
const TWO_32 = 2 ** 32;

export class SynAnswers {
  readonly memory: SynMemory = { keys: new Uint32Array(2 * PLACES), answers: new Uint32Array(PLACES) };

  /** The answer to a key; -1 when there is none. */
  get(key: number): number {
    const place = this.find(key);
    return place >= 0 && this.memory.keys[2 * place + 1] !== 0 ? this.memory.answers[place] : -1;
  }

  /** `answer`: 32 bits. Where there is no place for it, all others are forgotten. */
  set(key: number, answer: number): void {
    const { keys, answers } = this.memory;
    let place = this.find(key);
    if (place < 0) {
      keys.fill(0);
      place = this.find(key);
    }
    keys[2 * place] = key >>> 0;
    keys[2 * place + 1] = (key / TWO_32) | TAKEN;
    answers[place] = answer;
  }

  /** Where the key stands, or could; -1 when every place that it may have is another's. */
  private find(key: number): number {
    const { keys } = this.memory;
    const low = key >>> 0;
    const high = (key / TWO_32) | TAKEN;
    let place = (low ^ high) & MASK;
    for (let probe = 0; probe < PROBES; probe++, place = (place + 1) & MASK) {
      const taken = keys[2 * place + 1];
      if (taken === 0 || (taken === high && keys[2 * place] === low)) return place;
    }
    return -1;
  }
}
