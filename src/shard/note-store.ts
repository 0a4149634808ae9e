/**
 * The notes of flows that are done with, until their records are written: as bytes beside the heap. As strings they would be most of
 * what the garbage collector has to move and to look through.
 *
 *   slab of 1 MiB │ block of n × 128 bytes │ block │ …      a slot knows its block; free blocks wait in a list by size
 */
const UNIT_BYTES = 128;
const SLAB_BYTES = 1 << 20;
const UNITS_PER_SLAB = SLAB_BYTES / UNIT_BYTES;
/** Longer notes, 4 KiB, are few: they stay strings. */
const MOST_UNITS = 32;

const encoder = new TextEncoder();
const scratch = new Uint8Array(MOST_UNITS * UNIT_BYTES);

export class NoteStore {
  /** Bytes of all notes together. */
  bytes = 0;
  private readonly mostSlabs: number;
  /** By slot: number of the first unit + 1, 0 = none; and length. */
  private readonly blocks: Int32Array;
  private readonly lengths: Int32Array;
  private readonly slabs: Buffer[] = [];
  private readonly free: number[][] = Array.from({ length: MOST_UNITS + 1 }, () => []);
  private nextUnit = 0;
  private readonly strings = new Map<number, string>();

  /** `rows`: slots there are; `mostBytes`: of slabs. What finds no room in them is kept as a string. */
  constructor(rows: number, mostBytes: number) {
    this.mostSlabs = Math.floor(mostBytes / SLAB_BYTES);
    this.blocks = new Int32Array(rows);
    this.lengths = new Int32Array(rows);
  }

  /** The slot must have no note. */
  set(slot: number, text: string): void {
    if (text === '') return;
    const { read, written } = encoder.encodeInto(text, scratch);
    const units = Math.ceil(written / UNIT_BYTES);
    const unit = read === text.length ? this.take(units) : -1;
    if (unit < 0) {
      this.strings.set(slot, text);
      this.bytes += text.length;
      return;
    }
    const at = (unit % UNITS_PER_SLAB) * UNIT_BYTES;
    this.slabs[Math.floor(unit / UNITS_PER_SLAB)].set(scratch.subarray(0, written), at);
    this.blocks[slot] = unit + 1;
    this.lengths[slot] = written;
    this.bytes += written;
  }

  /** '' when there is none. */
  get(slot: number): string {
    const unit = this.blocks[slot] - 1;
    if (unit < 0) return this.strings.get(slot) ?? '';
    const at = (unit % UNITS_PER_SLAB) * UNIT_BYTES;
    return this.slabs[Math.floor(unit / UNITS_PER_SLAB)].toString('utf8', at, at + this.lengths[slot]);
  }

  delete(slot: number): void {
    const unit = this.blocks[slot] - 1;
    if (unit < 0) {
      this.bytes -= this.strings.get(slot)?.length ?? 0;
      this.strings.delete(slot);
      return;
    }
    this.blocks[slot] = 0;
    this.bytes -= this.lengths[slot];
    this.free[Math.ceil(this.lengths[slot] / UNIT_BYTES)].push(unit);
  }

  /** The first of so many units in a row, -1 when there is no room. */
  private take(units: number): number {
    const found = this.free[units].pop();
    if (found !== undefined) return found;
    let unit = this.nextUnit;
    if ((unit % UNITS_PER_SLAB) + units > UNITS_PER_SLAB) unit += UNITS_PER_SLAB - (unit % UNITS_PER_SLAB);
    if (unit >= this.slabs.length * UNITS_PER_SLAB) {
      if (this.slabs.length === this.mostSlabs) return -1;
      this.slabs.push(Buffer.alloc(SLAB_BYTES));
    }
    this.nextUnit = unit + units;
    return unit;
  }
}
