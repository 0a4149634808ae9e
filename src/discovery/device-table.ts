/**
 * The devices, at most so many. When it is full, the least recently seen device goes of which nothing but traffic is
 * known; when there is none such, the least recently seen of all goes for one that made itself known, and one that only
 * sent traffic is refused.
 */
import type { DeviceState } from './device-state.ts';

export class DeviceTable {
  readonly #limit: number;
  /** The least recently seen first: those of which only traffic is known, and the others. */
  readonly #silent = new Map<string, DeviceState>();
  readonly #known = new Map<string, DeviceState>();
  evicted = 0;
  refused = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#silent.size + this.#known.size;
  }

  get(mac: string): DeviceState | undefined {
    return this.#known.get(mac) ?? this.#silent.get(mac);
  }

  /** Makes it the most recently seen of its kind. */
  touch(state: DeviceState): void {
    this.#silent.delete(state.mac);
    this.#known.delete(state.mac);
    (state.isKnown ? this.#known : this.#silent).set(state.mac, state);
  }

  /** Room for one more: undefined when there is, the device that had to go for it, or null when there is none. */
  makeRoom(isKnown: boolean): DeviceState | null | undefined {
    if (this.size < this.#limit) return undefined;
    const from = this.#silent.size > 0 ? this.#silent : isKnown ? this.#known : null;
    const oldest = from?.values().next();
    if (from === null || oldest === undefined || oldest.done === true) {
      this.refused++;
      return null;
    }
    from.delete(oldest.value.mac);
    this.evicted++;
    return oldest.value;
  }

  *values(): Generator<DeviceState> {
    yield* this.#known.values();
    yield* this.#silent.values();
  }
}
