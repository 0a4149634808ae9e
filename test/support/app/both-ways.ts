/** The applications of a capture's flows, found out by native readers and by the parsers alone: for tests that compare both. */
import { createRegistry } from '../../../src/app/dissectors.ts';
import type { CreateFastPath } from '../../../src/flow/fast-path.ts';
import type { AppFlows } from '../../../src/native/app-flows.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { createRing } from '../../../src/ring/create.ts';
import { type FlowOptions, ShardCounter } from '../../../src/shard/protocol.ts';
import { EngineRun, engineOptions, fileSource } from '../../native/engine/engine-run.ts';
import { FLOW, Rig } from '../../unit/shard/rig.ts';
import { withToldNames } from './told-names.ts';

const addon = loadAddon();
/** Tags of flows. */
const TAGS = 4096;
/** Bytes that a packet brings, as in the sensor. */
const CARRIED = 16_896;

/** The ring of a capture as the capture thread leaves it, with every packet's bytes. */
export async function carriedRing(path: string, ringBytes: number): Promise<Uint8Array<SharedArrayBuffer>> {
  const ring = createRing(ringBytes);
  const carryTags = new Uint8Array(new SharedArrayBuffer(4 * TAGS));
  const options = { rings: [[ring]], tap: null, tickMs: 250, carryBytes: CARRIED, carryTags };
  const run = new EngineRun(engineOptions([fileSource(path)], options));
  run.engine.start();
  if ((await run.finished) !== 'eof') throw new Error(`${path} was not read to its end`);
  return ring;
}

export interface NativeCounts {
  /** Flows whose notes were written natively, and those that were given to the parsers. */
  closed: number;
  released: number;
}

/** The native readers, counted. */
export function countingFlows(counts: NativeCounts): (memory: ConstructorParameters<typeof addon.AppFlows>[0]) => AppFlows {
  return (memory) => {
    const flows = new addon.AppFlows(memory);
    const release = flows.release.bind(flows);
    const forget = flows.forget.bind(flows);
    // A fast path is given this very object, so it cannot be another one around it.
    Object.defineProperties(flows, {
      release: {
        value: (slot: number) => {
          const released = release(slot);
          if (released !== null) counts.released++;
          return released;
        },
      },
      forget: {
        value: (slot: number) => {
          counts.closed++;
          forget(slot);
        },
      },
    });
    return flows;
  };
}

export interface WayOptions {
  isNative: boolean;
  /** Who counts usual packets; natively unless another one is given. */
  createFastPath?: CreateFastPath;
  detect?: boolean;
  flow?: Partial<FlowOptions>;
  counts?: NativeCounts;
}

/** Rows with their notes, counters and ticks of a shard that reads the ring. */
export function shardOver(
  ring: Uint8Array,
  {
    isNative,
    createFastPath = (memory) => new addon.FastPath(memory),
    detect = false,
    flow = {},
    counts = { closed: 0, released: 0 },
  }: WayOptions,
) {
  const copy = new Uint8Array(new SharedArrayBuffer(ring.byteLength));
  copy.set(ring);
  const tags = new SharedArrayBuffer(4 * TAGS);
  const app = {
    options: { live: false, builtin: true, ndpi: false, tags, transactions: false, events: false },
    parts: { registry: createRegistry(), detector: null },
  };
  const rig = new Rig([copy], {
    flow: { ...FLOW, maxFlows: 60_000, ...flow },
    outboxRows: 65_536,
    summaryFlows: 5,
    topFlows: 5,
    detect,
    app,
    createFastPath,
    ...(isNative ? { createAppFlows: countingFlows(counts) } : {}),
  }).run();
  return {
    rows: rig.rows.map(({ view }) => Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('latin1')),
    counters: [...rig.counters].filter((_, slot) => slot !== ShardCounter.TABLE_BYTES),
    ticks: rig.ticks.map(withToldNames),
    tags: [...new Int32Array(tags)],
    failures: rig.failures(),
  };
}
