/** The context in which the records of a run are read, brought up to date from its pipeline. */
import type { SensorOptions } from './config/options.ts';
import type { RecordContext } from './flow/materialise.ts';
import type { TunnelFacts } from './native/engine.ts';
import type { Pipeline } from './sensor-pipeline.ts';

export class RunContext {
  readonly value: RecordContext & { tunnels: Map<number, TunnelFacts> };
  readonly #pipeline: Pick<Pipeline, 'baseSeconds' | 'localAddresses' | 'tunnels'>;
  #lastTunnel = 0;

  constructor({ tracking, input }: SensorOptions, pipeline: Pick<Pipeline, 'baseSeconds' | 'localAddresses' | 'tunnels'>) {
    this.#pipeline = pipeline;
    this.value = {
      baseSeconds: 0,
      communityIdSeed: tracking.communityIdSeed,
      vlanAware: tracking.vlanAware,
      live: input.kind === 'capture',
      app: tracking.dpi !== 'off',
      processes: input.kind === 'capture' && input.processes,
      localAddresses: new Set(),
      tunnels: new Map(),
    };
  }

  /** `tunnels`: look them up in the engine as well. */
  refresh(tunnels: boolean): void {
    const { value } = this;
    value.baseSeconds = this.#pipeline.baseSeconds() ?? 0;
    if (value.live) value.localAddresses = this.#pipeline.localAddresses();
    if (!tunnels) return;
    for (const tunnel of this.#pipeline.tunnels(this.#lastTunnel)) {
      value.tunnels.set(tunnel.id, tunnel);
      this.#lastTunnel = tunnel.id;
    }
  }
}
