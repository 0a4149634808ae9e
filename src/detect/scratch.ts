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
    return kept(this.numbersOf, name, length, (room) => new Float64Array(room)).subarray(0, length);
  }

  /** The same for numbers of entries. */
  places(name: string, length: number): Places {
    return kept(this.placesOf, name, length, (room) => new Uint32Array(room)).subarray(0, length);
  }
}

function kept<T extends Numbers | Places>(of: Map<string, T>, name: string, length: number, make: (room: number) => T): T {
  const known = of.get(name);
  if (known !== undefined && known.length >= length) return known;
  const made = make(roomFor(length));
  of.set(name, made);
  return made;
}
