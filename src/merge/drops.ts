/** Turns the engine's running drop counters into those of each tick. `null` = no counter. */
import { Counter } from '../ring/layout.ts';

export interface DropReport {
  ringDropped: number;
  ringDroppedTotal: number;
  kernelDropped: number | null;
  kernelDroppedTotal: number | null;
  interfaceDropped: number | null;
  interfaceDroppedTotal: number | null;
}

export class DropWatch {
  readonly #live: boolean;
  #ring = 0;
  #kernel = 0;
  #interface = 0;

  constructor(live: boolean) {
    this.#live = live;
  }

  next(engine: Float64Array): DropReport {
    const at = (slot: number) => engine[slot];
    const ring = at(Counter.RING_DROPPED);
    // A file has no kernel behind it: nothing can be dropped there.
    const kernel = !this.#live ? 0 : at(Counter.RECEIVED_KNOWN) === 0 ? null : at(Counter.KERNEL_DROPS);
    const card = !this.#live ? 0 : at(Counter.INTERFACE_DROPS_KNOWN) === 0 ? null : at(Counter.INTERFACE_DROPS);
    const report: DropReport = {
      ringDropped: ring - this.#ring,
      ringDroppedTotal: ring,
      kernelDropped: kernel === null ? null : kernel - this.#kernel,
      kernelDroppedTotal: kernel,
      interfaceDropped: card === null ? null : card - this.#interface,
      interfaceDroppedTotal: card,
    };
    this.#ring = ring;
    this.#kernel = kernel ?? 0;
    this.#interface = card ?? 0;
    return report;
  }
}
