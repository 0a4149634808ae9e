/** What the SYN or SYN+ACK of an endpoint tells of its system, kept in the flow's row. */
import { osOfSyn, osOfSynAck } from '../fingerprint/os.ts';
import { osNumber } from '../fingerprint/os-labels.ts';
import { readSynFeatures } from '../fingerprint/syn-features.ts';
import { synKey } from '../fingerprint/syn-key.ts';
import type { FlowLives } from '../flow/lives.ts';
import * as row from '../flow/row.ts';
import type { SynMemory } from '../native/syn-memory.ts';
import { SynAnswers, SynBound } from './syn-answers.ts';

const { MOST_HEADER } = SynBound;

export class SynWatch {
  private readonly lives: FlowLives;
  /** By key: MSS << 16 | confidence in percent << 8 | number of the system. */
  private readonly answers = new SynAnswers();
  /** Headers are copied here: a decoder must not see memory that changes. */
  private readonly scratch = new Uint8Array(MOST_HEADER);

  constructor(lives: FlowLives) {
    this.lives = lives;
  }

  /** What the native fast path needs to do the same (`native/flow/syn_watch.h`). */
  get memory(): SynMemory {
    return this.answers.memory;
  }

  /** `length` bytes from the IP header at `at` on. Not asked in an emergency: a flood of SYNs tells nothing. */
  note(slot: number, side: number, bytes: Uint8Array, at: number, length: number): void {
    const { store, pressure } = this.lives;
    if (pressure.emergency) return;
    const cold = slot * store.coldBytes - row.HOT_BYTES;
    const mssAt = (cold + row.F_MSS_A) >> 1;
    const count = Math.min(length, MOST_HEADER);
    const peerMss = store.coldH[mssAt + (side ^ 1)];
    const key = synKey(bytes, at, count, peerMss);
    if (key < 0) return;
    const known = this.answers.get(key);
    const answer = known >= 0 ? known : this.ask(key, bytes, at, count, peerMss);
    store.coldH[mssAt + side] = answer >>> 16;
    store.coldB[cold + row.F_OS_A + side] = answer & 0xff;
    store.coldB[cold + row.F_OS_CONFIDENCE_A + side] = (answer >>> 8) & 0xff;
  }

  private ask(key: number, bytes: Uint8Array, at: number, count: number, peerMss: number): number {
    this.scratch.set(bytes.subarray(at, at + count));
    const features = readSynFeatures(this.scratch.subarray(0, count), peerMss);
    const guess = features === null ? null : features.answer === true ? osOfSynAck(features) : osOfSyn(features);
    const system = guess === null ? 0 : (Math.round(guess.confidence * 100) << 8) | osNumber(guess.label);
    const answer = (((features?.mss ?? 0) << 16) | system) >>> 0;
    this.answers.set(key, answer);
    return answer;
  }
}
