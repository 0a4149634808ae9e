/**
 * Memory that each tick's work needs for a while, kept from one tick to the next: made anew it would lie about for a
 * second or more, 20 MB in a busy service, because the collector counts objects and these are few.
 */
const LEAST = 1024;

type Numbers = Float64Array<ArrayBuffer>;
type Places = Uint32Array<ArrayBuffer>;

/** How large memory is made that has to hold `length` elements: ticks vary. */
export const roomFor = (length: number): number => Math.max(LEAST, Math.ceil(length * 1.25));

export class Scratch {
  private readonly numbersOf = new Map<string, Numbers>();
  private readonly placesOf = new Map<string, Places>();

  /** `length` numbers, of any value, until the next call with that name. */
  numbers(name: string, length: number): Numbers {
    let kept = this.numbersOf.get(name);
    if (kept === undefined || kept.length < length) {
      kept = new Float64Array(roomFor(length));
      this.numbersOf.set(name, kept);
    }
    return kept.subarray(0, length);
  }

  /** The same for numbers of entries. */
  places(name: string, length: number): Places {
    let kept = this.placesOf.get(name);
    if (kept === undefined || kept.length < length) {
      kept = new Uint32Array(roomFor(length));
      this.placesOf.set(name, kept);
    }
    return kept.subarray(0, length);
  }
}
