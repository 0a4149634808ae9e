/**
 * The consuming end of a ring: one producer (a capture thread, C++), one consumer (this).
 *
 *      readPos ──────────────▶ writePos                 both free-running, mod 2^32
 *   ───┴──record──record──pad───┴───── free ─────       position & (capacity - 1) = offset in the data area
 *
 * A record never wraps: the producer fills the end of the data area with a PAD. The producer stores writePos with
 * release after the records, and this side loads it with Atomics (acquire) before it reads them; this side stores
 * readPos with Atomics (release) after its last read, and the producer loads it with acquire before it overwrites.
 */
import {
  LAYOUT_VERSION,
  R_RING_SEQ,
  RECORD_BYTES,
  RING_AT_CAPACITY,
  RING_AT_CLOSED,
  RING_AT_GENERATION,
  RING_AT_MAGIC,
  RING_AT_READ_POS,
  RING_AT_RECORD_BYTES,
  RING_AT_SLEEPING,
  RING_AT_VERSION,
  RING_AT_WAKER_ID,
  RING_AT_WATERMARK_NS,
  RING_AT_WRITE_POS,
  RING_HEADER_BYTES,
  RING_MAGIC,
} from './layout.ts';

const WRITE_POS = RING_AT_WRITE_POS >> 2;
const READ_POS = RING_AT_READ_POS >> 2;
const CLOSED = RING_AT_CLOSED >> 2;
const SLEEPING = RING_AT_SLEEPING >> 2;
const WATERMARK = RING_AT_WATERMARK_NS >> 3;

/** Views of the whole ring, header included; the offset of a record is in bytes from the start of these views. */
export class RingReader {
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly u16: Uint16Array;
  readonly u8: Uint8Array;
  readonly f64: Float64Array;
  /** Bytes of the data area. */
  readonly capacity: number;
  /** Sequence number that the next record must carry; the drain loop keeps it. */
  nextSeq = 0;
  /** This side's position (mod 2^32, as int32), published by `release`. */
  position: number;
  /** The producer's position as last seen by `refresh`. */
  written: number;
  /** This reader goes on where another left off, and has yet to learn from which sequence number. */
  private isResuming: boolean;

  /** Throws when the memory is not a ring of this layout: that is a bug of whoever made it. */
  constructor(ring: Uint8Array) {
    if (ring.byteOffset % 8 !== 0) throw new RangeError('ring is not aligned to 8 bytes');
    const words = ring.byteLength >> 2;
    this.i32 = new Int32Array(ring.buffer, ring.byteOffset, words);
    this.u32 = new Uint32Array(ring.buffer, ring.byteOffset, words);
    this.u16 = new Uint16Array(ring.buffer, ring.byteOffset, ring.byteLength >> 1);
    this.u8 = ring;
    this.f64 = new Float64Array(ring.buffer, ring.byteOffset, ring.byteLength >> 3);
    const { u32 } = this;
    this.capacity = u32[RING_AT_CAPACITY >> 2]!;
    if (u32[RING_AT_MAGIC >> 2] !== RING_MAGIC) throw new RangeError('not a ring: wrong magic');
    if (u32[RING_AT_VERSION >> 2] !== LAYOUT_VERSION || u32[RING_AT_RECORD_BYTES >> 2] !== RECORD_BYTES) {
      throw new RangeError('ring has another layout version');
    }
    if ((this.capacity & (this.capacity - 1)) !== 0 || ring.byteLength < RING_HEADER_BYTES + this.capacity) {
      throw new RangeError('ring is shorter than its capacity, or its capacity is not a power of two');
    }
    this.position = Atomics.load(this.i32, READ_POS);
    this.written = this.position;
    this.isResuming = this.position !== 0;
    Atomics.add(this.i32, RING_AT_GENERATION >> 2, 1);
  }

  /** Loads the producer's position (acquire); true when there is something to read. */
  refresh(): boolean {
    this.written = Atomics.load(this.i32, WRITE_POS);
    if (this.written === this.position) return false;
    if (this.isResuming) {
      this.isResuming = false;
      this.nextSeq = this.i32[(this.offset() + R_RING_SEQ) >> 2]!;
    }
    return true;
  }

  /** Bytes that the producer has published and this side has not given back, as of now. */
  backlog(): number {
    return (Atomics.load(this.i32, WRITE_POS) - this.position) >>> 0;
  }

  /** Byte offset, in the views, of the record at `position`. */
  offset(): number {
    return RING_HEADER_BYTES + (this.position & (this.capacity - 1));
  }

  /** Gives the space up to `position` back to the producer (release). */
  release(): void {
    Atomics.store(this.i32, READ_POS, this.position);
  }

  /**
   * Stream time up to which everything has been published. Read it before `refresh`, or it may run ahead of what
   * `refresh` shows. An aligned double is written and read whole on every processor that Node runs on.
   */
  watermarkNs(): number {
    return this.f64[WATERMARK];
  }

  /** True when the producer will write no more; what it wrote before may still be unread. */
  isClosed(): boolean {
    return Atomics.load(this.i32, CLOSED) !== 0;
  }

  /** Names the waker that the producer shall call when `sleeping` is set. */
  attachWaker(id: number): void {
    Atomics.store(this.i32, RING_AT_WAKER_ID >> 2, id);
  }

  /**
   * Announces that this side is about to sleep, and looks once more: true = there is something, do not sleep. Both
   * steps are sequentially consistent; the producer's half is the fence between its publish and its look at `sleeping`.
   */
  announceSleep(): boolean {
    Atomics.store(this.i32, SLEEPING, 1);
    return this.refresh() || this.isClosed();
  }

  awake(): void {
    Atomics.store(this.i32, SLEEPING, 0);
  }
}
