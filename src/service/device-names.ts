/** Names of devices by link address, to be put beside the ends of flows. Bounded: the one learned longest ago goes. */
const NAMES_LIMIT = 20_000;

export class DeviceNames {
  readonly #names = new Map<string, string>();

  learn(mac: string, hostname: string | null): void {
    if (hostname === null) return;
    this.#names.delete(mac);
    this.#names.set(mac, hostname);
    if (this.#names.size <= NAMES_LIMIT) return;
    for (const oldest of this.#names.keys()) {
      this.#names.delete(oldest);
      return;
    }
  }

  of(mac: string | null): string | null {
    return mac === null ? null : (this.#names.get(mac) ?? null);
  }
}
