/** Writes a shard's flow events of one tick into entries of `detect/batch.ts`, as many as a tick may have. */
import { MomentBound, MomentWord } from './moment-words.ts';

const FIRST_ENTRIES = 256;
/** What is outgrown was touched for nothing, which costs more than what is never used. */
const WIDER = 4;
const MOST_ENTRIES = MomentBound.ENTRIES;
const { ENTRIES, UNTOLD } = MomentWord;
/** Ticks whose memory the sensor may have; when it is further behind, it gets copies. */
const MOST_LENT = 3;
/** Memory that is this much larger than what is needed is not kept. */
const MOST_SPARE = 8;

/** Memory of one tick's entries, `room` of them. */
class Block {
  readonly f64: Float64Array;
  readonly i32: Int32Array;
  readonly u16: Uint16Array;
  readonly u8: Uint8Array;
  readonly room: number;
  /** The tick that it was lent for. */
  tick = 0;

  constructor(entryBytes: number, room: number) {
    const memory = new SharedArrayBuffer(room * entryBytes);
    this.f64 = new Float64Array(memory);
    this.i32 = new Int32Array(memory);
    this.u16 = new Uint16Array(memory);
    this.u8 = new Uint8Array(memory);
    this.room = room;
  }
}

/**
 * The memory is shared with the sensor and used again when it has merged the tick. It is not handed over: with the first
 * buffer that is detached from a thread V8 throws away the compiled code of every access to an array there, and checks
 * each of them from then on.
 */
export class DetectEntries {
  /** Views of the same memory; another one after `next` and `take`. */
  f64: Float64Array;
  i32: Int32Array;
  u16: Uint16Array;
  u8: Uint8Array;
  readonly words: Int32Array;
  private readonly entryBytes: number;
  private readonly mergedTick: () => number;
  private block: Block;
  /** Oldest first. */
  private readonly lent: Block[] = [];

  /** `entryBytes`: a multiple of 8. `mergedTick`: the last tick that the sensor has done with. `words`: of `MomentWord`. */
  constructor(entryBytes: number, mergedTick: () => number, words: Int32Array = new Int32Array(MomentWord.COUNT)) {
    this.words = words;
    this.entryBytes = entryBytes;
    this.mergedTick = mergedTick;
    this.block = new Block(entryBytes, FIRST_ENTRIES);
    ({ f64: this.f64, i32: this.i32, u16: this.u16, u8: this.u8 } = this.block);
  }

  get count(): number {
    return this.words[ENTRIES];
  }

  /** Events that found no room since the last `take`. */
  get untold(): number {
    return this.words[UNTOLD];
  }

  /** Byte offset of a fresh entry, all zeros; -1 when there is no room. */
  next(): number {
    const { words, block } = this;
    const count = words[ENTRIES];
    if (count === block.room) {
      if (count === MOST_ENTRIES) {
        words[UNTOLD]++;
        return -1;
      }
      const wider = new Block(this.entryBytes, Math.min(MOST_ENTRIES, count * WIDER));
      wider.f64.set(this.f64);
      this.use(wider);
    }
    words[ENTRIES] = count + 1;
    const at = count * this.entryBytes;
    this.f64.fill(0, at >> 3, (at + this.entryBytes) >> 3);
    return at;
  }

  /** What was written since the last call, for tick `tick`: the caller's until that is merged. */
  take(tick: number): Uint8Array {
    const { block, count, lent, words } = this;
    const bytes = count * this.entryBytes;
    words[ENTRIES] = words[UNTOLD] = 0;
    const isBehind = lent.length === MOST_LENT && !this.isMerged(lent[0]);
    if (isBehind) return block.u8.slice(0, bytes);
    block.tick = tick;
    const isOver = lent.length > 0 && this.isMerged(lent[0]);
    const back = isOver ? lent.shift() : undefined;
    lent.push(block);
    // The next tick is likely to be like this one.
    const room = Math.min(MOST_ENTRIES, Math.max(FIRST_ENTRIES, count + (count >> 2)));
    this.use(back === undefined || back.room > MOST_SPARE * room ? new Block(this.entryBytes, room) : back);
    return block.u8.subarray(0, bytes);
  }

  private isMerged({ tick }: Block): boolean {
    return ((tick - this.mergedTick()) | 0) <= 0;
  }

  private use(block: Block): void {
    this.block = block;
    ({ f64: this.f64, i32: this.i32, u16: this.u16, u8: this.u8 } = block);
  }
}
