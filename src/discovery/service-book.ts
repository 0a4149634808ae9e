/** The services that one device offers, by what it announced and by what was seen in its flows. */
import type { DeviceDetail } from '../api/contract.ts';

type DeviceService = DeviceDetail['services'][number];

const MOST_SERVICES = 64;

function keyOf({ name, port, protocol, source }: DeviceService): string {
  return `${source}/${protocol ?? ''}/${name}/${port ?? ''}`;
}

export class ServiceBook {
  /** The least recently seen first; null until there is one, as most devices offer nothing. */
  #services: Map<string, DeviceService> | null = null;

  add(service: DeviceService): void {
    this.#services ??= new Map();
    const key = keyOf(service);
    // Once the port is known, the service without it says nothing more; and the other way round.
    if (service.port !== null) this.#services.delete(keyOf({ ...service, port: null }));
    else if (this.#hasPort(service)) return;
    this.#services.delete(key);
    this.#services.set(key, service);
    const oldest = this.#services.keys().next();
    if (this.#services.size > MOST_SERVICES && oldest.done !== true) this.#services.delete(oldest.value);
  }

  /** By port, name and source. */
  list(): DeviceService[] {
    const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
    return [...(this.#services?.values() ?? [])]
      .map((service) => ({ ...service }))
      .sort((a, b) => (a.port ?? 65_536) - (b.port ?? 65_536) || order(a.name, b.name) || order(keyOf(a), keyOf(b)));
  }

  #hasPort({ name, protocol, source }: DeviceService): boolean {
    for (const known of this.#services?.values() ?? []) {
      if (known.port !== null && known.name === name && known.protocol === protocol && known.source === source) return true;
    }
    return false;
  }
}
