/** Whether a service does what it should, and what its operator can do about losses. */
import type { Health, Stats } from '../api/contract.ts';
import type { Sensor } from '../sensor.ts';
import type { LossSnapshot } from '../telemetry/loss/counters.ts';
import { diagnoseLoss } from '../telemetry/loss/diagnose.ts';

/** Losses are told of the last minute or two: older ones have been dealt with, or show in the totals. */
const WINDOW_MS = 60_000;

export class HealthWatch {
  readonly #sensor: Sensor;
  #before: LossSnapshot | null = null;
  #middle: LossSnapshot | null = null;
  /** Of performance.now(): a replay's snapshots have packet time. */
  #middleAt = 0;
  /** Records given up, and when that was last seen to grow. */
  #lost = { count: 0, at: 0 };

  constructor(sensor: Sensor) {
    this.#sensor = sensor;
  }

  /** Once per tick. */
  observe(): void {
    const now = performance.now();
    if (this.#middle !== null && now - this.#middleAt < WINDOW_MS) return;
    this.#before = this.#middle;
    this.#middleAt = now;
    this.#middle = this.#sensor.lossSnapshot();
  }

  health({ sensor, store }: Stats, holds: boolean, threads: { name: string; lost: boolean }[]): Health {
    const checks = [
      { name: 'sensor', ok: sensor.state !== 'failed', detail: sensor.state },
      { name: 'store', ok: store.error === null, detail: store.error ?? 'every tick is in the database' },
      this.#records(store.dropped_records),
      { name: 'ledger', ok: holds, detail: holds ? 'every packet is accounted for' : 'an identity fails' },
      ...threads.map(({ name, lost }) => ({ name, ok: !lost, detail: lost ? 'the thread has ended' : 'running' })),
    ];
    const down = sensor.state === 'failed' || threads.some(({ lost }) => lost);
    const status = down ? 'down' : checks.every(({ ok }) => ok) ? 'up' : 'degraded';
    return { status, checks, advice: this.#advice() };
  }

  /** Lost a while ago is told, and no reason to call somebody any more. */
  #records(lost: number): Health['checks'][number] {
    const now = performance.now();
    if (lost > this.#lost.count) this.#lost = { count: lost, at: now };
    const ok = lost === 0 || now - this.#lost.at > WINDOW_MS;
    return { name: 'records', ok, detail: `${lost} records were given up since the start` };
  }

  #advice(): Health['advice'] {
    const before = this.#before ?? this.#middle;
    const after = this.#sensor.lossSnapshot();
    return before === null || after === null ? [] : diagnoseLoss(before, after);
  }
}
