/** The context in which flow records are read, carried to another thread: what changed since the last time. */
import type { RecordContext } from '../flow/materialise.ts';
import type { TunnelFacts } from '../native/engine.ts';

export interface ContextChange {
  baseSeconds: number;
  communityIdSeed: number;
  vlanAware: boolean;
  live: boolean;
  app: boolean;
  processes: boolean;
  /** All of them; null = as before. */
  localAddresses: readonly string[] | null;
  /** Those that are new. */
  tunnels: TunnelFacts[];
}

/** The side that has the context. */
export class ContextSender {
  #addresses: ReadonlySet<string> | null = null;
  #tunnels = 0;

  change(context: RecordContext): ContextChange {
    const { baseSeconds, communityIdSeed, vlanAware, live, app, processes } = context;
    const moved = context.localAddresses !== this.#addresses;
    this.#addresses = context.localAddresses;
    const tunnels = [...context.tunnels.values()].slice(this.#tunnels);
    this.#tunnels = context.tunnels.size;
    const localAddresses = moved ? [...context.localAddresses] : null;
    return { baseSeconds, communityIdSeed, vlanAware, live, app, processes, localAddresses, tunnels };
  }
}

/** The side that rebuilds it. */
export class ContextReceiver {
  #addresses: ReadonlySet<string> = new Set();
  readonly #tunnels = new Map<number, TunnelFacts>();

  apply(change: ContextChange): RecordContext {
    if (change.localAddresses !== null) this.#addresses = new Set(change.localAddresses);
    for (const tunnel of change.tunnels) this.#tunnels.set(tunnel.id, tunnel);
    const { baseSeconds, communityIdSeed, vlanAware, live, app, processes } = change;
    const [localAddresses, tunnels] = [this.#addresses, this.#tunnels];
    return { baseSeconds, communityIdSeed, vlanAware, live, app, processes, localAddresses, tunnels };
  }
}
