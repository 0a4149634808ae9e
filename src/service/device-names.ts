/** Names of devices by link address, to be put beside the ends of flows. Bounded: the one learned longest ago goes. */
import { forgetOldest } from '../merge/forget-oldest.ts';

const NAMES_LIMIT = 20_000;

export class DeviceNames {
  readonly #names = new Map<string, string>();

  learn(mac: string, hostname: string | null): void {
    if (hostname === null) return;
    this.#names.delete(mac);
    this.#names.set(mac, hostname);
    forgetOldest(this.#names, NAMES_LIMIT);
  }

  of(mac: string | null): string | null {
    return mac === null ? null : (this.#names.get(mac) ?? null);
  }
}
