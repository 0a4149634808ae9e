/**
 * The consumer's end of the tap rings: one ring per capture thread, in which the selected frames stand with all their bytes.
 *
 *   capture thread ──release writePos──▶ drain ──▶ callback
 *                  ◀──release readPos──
 *
 * Positions run freely modulo 2^32. `writePos` is loaded (acquire) before records are read, `readPos` is stored
 * (release) when a batch has been left, so the producer never overwrites what is being read. Waking: `sleep` stores
 * `sleeping` and then loads `writePos` again; RingWriter.wake publishes, fences, and then loads `sleeping`. Every method
 * belongs to the thread that drains.
 */
import { SensorError } from '../errors.ts';
import {
  R_KIND,
  R_LAYER,
  R_LENGTH,
  R_RING_SEQ,
  R_STREAM_NS,
  RECORD_ALIGN,
  RECORD_BYTES,
  RecordKind,
  RING_AT_CAPACITY,
  RING_AT_CLOSED,
  RING_AT_READ_POS,
  RING_AT_SLEEPING,
  RING_AT_WAKER_ID,
  RING_AT_WRITE_POS,
  RING_HEADER_BYTES,
} from '../ring/layout.ts';
import { packetFromRecord, type TapFrame } from './tap-record.ts';

/** A frame taken from a tap; its bytes are a copy that the receiver may keep. */
export interface TapPacket extends TapFrame {
  /** Why it was taken: TapReason bits. */
  selected: number;
}

/** One ring, with a cached copy of the producer's position. */
class TapRing {
  readonly #bytes: Uint8Array;
  readonly #area: Uint8Array;
  readonly #records: DataView;
  readonly #words: Int32Array;
  readonly #mask: number;
  #write = 0;
  #read: number;
  #nextSeq: number | null = null;
  ended = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, RING_HEADER_BYTES >>> 2);
    const capacity = new DataView(bytes.buffer, bytes.byteOffset).getUint32(RING_AT_CAPACITY, true);
    this.#area = bytes.subarray(RING_HEADER_BYTES, RING_HEADER_BYTES + capacity);
    this.#records = new DataView(this.#area.buffer, this.#area.byteOffset, this.#area.byteLength);
    this.#mask = capacity - 1;
    this.#read = this.#load(RING_AT_READ_POS);
    this.#write = this.#read;
  }

  #load(at: number): number {
    return Atomics.load(this.#words, at >>> 2) >>> 0;
  }

  store(at: number, value: number): void {
    Atomics.store(this.#words, at >>> 2, value | 0);
  }

  /** Looks whether the producer has published more. `closed` first: it is stored after the last publish. */
  refresh(): void {
    const closed = this.#load(RING_AT_CLOSED) === 1;
    this.#write = this.#load(RING_AT_WRITE_POS);
    if (closed && this.#write === this.#read) this.ended = true;
  }

  get empty(): boolean {
    return this.#write === this.#read;
  }

  /** Stream time of the frame at the head; steps over records that hold no frame. NaN when there is none. */
  headTime(): number {
    while (!this.empty && !this.ended) {
      const at = this.#read & this.#mask;
      const kind = this.#records.getUint8(at + R_KIND);
      if (kind === RecordKind.PACKET || kind === RecordKind.FRAME) return this.#records.getFloat64(at + R_STREAM_NS, true);
      if (kind === RecordKind.END) this.ended = true;
      this.#step(at);
    }
    return Number.NaN;
  }

  /** The frame at the head, which `headTime` has found. */
  take(): TapPacket {
    const at = this.#read & this.#mask;
    const length = this.#step(at);
    const packet = packetFromRecord(this.#area.subarray(at, at + length), 0);
    return { ...packet, frame: packet.frame.slice(), selected: this.#area[at + R_LAYER] };
  }

  #step(at: number): number {
    const length = this.#records.getUint32(at + R_LENGTH, true);
    const sequence = this.#records.getUint32(at + R_RING_SEQ, true);
    const published = (this.#write - this.#read) >>> 0;
    const pad = this.#records.getUint8(at + R_KIND) === RecordKind.PAD;
    const sound = length % RECORD_ALIGN === 0 && length >= (pad ? RECORD_ALIGN : RECORD_BYTES) && length <= published;
    if (!sound || (this.#nextSeq !== null && sequence !== this.#nextSeq)) {
      throw new SensorError('INTERNAL', `tap ring is out of step at position ${this.#read}`, {
        detail: { length, published, sequence, expected: this.#nextSeq, ring: this.#bytes.length },
      });
    }
    this.#nextSeq = (sequence + 1) >>> 0;
    this.#read = (this.#read + length) >>> 0;
    return length;
  }

  /** Gives the bytes that were read back to the producer. */
  release(): void {
    this.store(RING_AT_READ_POS, this.#read);
  }
}

export class TapReader {
  readonly #rings: TapRing[];

  constructor(rings: readonly Uint8Array[]) {
    this.#rings = rings.map((ring) => new TapRing(ring));
  }

  /** True once every ring has delivered its END record and all before it. */
  get ended(): boolean {
    return this.#rings.every((ring) => ring.ended);
  }

  /** Names the waker (`Waker.id`) that the capture threads call when the reader sleeps. */
  attach(wakerId: number): void {
    for (const ring of this.#rings) ring.store(RING_AT_WAKER_ID, wakerId);
  }

  /**
   * Hands over at most `maxFrames` frames, the earliest head first among what the rings hold now; returns how many.
   * Ties go to the lower ring. What `onPacket` throws passes through; the frame counts as taken.
   */
  drain(maxFrames: number, onPacket: (packet: TapPacket) => void): number {
    for (const ring of this.#rings) ring.refresh();
    let taken = 0;
    try {
      while (taken < maxFrames) {
        const next = this.#earliest();
        if (next === null) break;
        taken++;
        onPacket(next.take());
      }
    } finally {
      for (const ring of this.#rings) ring.release();
    }
    for (const ring of this.#rings) ring.refresh();
    return taken;
  }

  #earliest(): TapRing | null {
    let first: TapRing | null = null;
    let firstTime = Number.POSITIVE_INFINITY;
    for (const ring of this.#rings) {
      const time = ring.headTime();
      if (time < firstTime || (first === null && time === firstTime)) {
        first = ring;
        firstTime = time;
      }
    }
    return first;
  }

  /**
   * Asks to be woken: true when there is nothing to do until then. False when something arrived meanwhile, or the rings
   * have ended: drain again.
   */
  sleep(): boolean {
    for (const ring of this.#rings) ring.store(RING_AT_SLEEPING, 1);
    for (const ring of this.#rings) ring.refresh();
    if (!this.ended && this.#rings.every((ring) => ring.empty)) return true;
    for (const ring of this.#rings) ring.store(RING_AT_SLEEPING, 0);
    return false;
  }
}
