/** One replay under faults, drawn by fast-check, and what can be known about it from outside. */
import * as fc from 'fast-check';
import type { FlowRecord } from '../../src/flow/record.ts';
import { type RunSummary, Sensor, type SensorSettings } from '../../src/index.ts';

/** The smallest ring: 64 records. */
export const TINY_RING_BYTES = 16_384;

export interface Faults {
  shards: number;
  ringBytes: number | null;
  slowShardMs: number;
  maxFlows: number;
  snaplen: number;
  tunnels: boolean;
  vlanAware: boolean;
  activeTimeoutSecs: number;
  flowTimeoutSecs: number | null;
  fault: {
    seed: number;
    failAfterFrames?: number | undefined;
    cutTo?: number | undefined;
    corrupt?: number | undefined;
    dropWhenFull?: boolean | undefined;
  };
}

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

export const faults: fc.Arbitrary<Faults> = fc.record({
  shards: fc.constantFrom(1, 2, 3, 4),
  ringBytes: fc.constantFrom(TINY_RING_BYTES, TINY_RING_BYTES, 65_536, null),
  slowShardMs: fc.constantFrom(0, 0, 1, 3),
  maxFlows: fc.constantFrom(1, 5, 64, 500_000),
  snaplen: fc.constantFrom(60, 60, 96, 65_535),
  tunnels: fc.boolean(),
  vlanAware: fc.boolean(),
  activeTimeoutSecs: fc.constantFrom(1, 300),
  flowTimeoutSecs: fc.constantFrom(null, 0, 1),
  fault: fc.record({
    seed: fc.nat(0xffff),
    failAfterFrames: optional(fc.nat(6000)),
    cutTo: optional(fc.constantFrom(0, 13, 14, 20, 34, 54, 60)),
    corrupt: optional(fc.double({ min: 0, max: 0.5, noNaN: true })),
    dropWhenFull: fc.boolean(),
  }),
});

/** fast-check's `undefined` as an absent key, as the options want it. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}

export interface FaultyRun {
  summary: RunSummary;
  records: FlowRecord[];
}

export async function runWithFaults(file: string, drawn: Faults, extra: Partial<SensorSettings> = {}): Promise<FaultyRun> {
  const { fault, snaplen, ringBytes, slowShardMs, ...tracking } = drawn;
  await using sensor = new Sensor({
    input: { kind: 'replay', files: [file] },
    fault: present(fault),
    snaplen,
    ringBytes,
    slowShardMs,
    tracking,
    ...extra,
  });
  const records: FlowRecord[] = [];
  const stream = sensor.flows();
  const collected = (async () => {
    for await (const record of stream) records.push(record);
  })();
  await sensor.start();
  const summary = await sensor.done;
  await collected;
  return { summary, records };
}
