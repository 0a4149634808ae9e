/** Engines without a sensor: plain options, the events, and what the rings held, read on this thread. */
import type { Engine, EngineEvent, EngineOptions } from '../../../src/native/engine.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { ONE_PASS } from '../../../src/native/one-pass.ts';
import { createRing } from '../../../src/ring/create.ts';
import {
  COUNTER_COUNT,
  Counter,
  R_CARRIED,
  R_KIND,
  R_LENGTH,
  R_LINK_TYPE,
  R_ORDINAL,
  R_RAW_NSEC,
  R_RAW_SEC,
  R_RING_SEQ,
  R_SACK_COUNT,
  R_SEQ,
  R_SOURCE,
  R_STREAM_NS,
  RECORD_BYTES,
  RecordKind,
  RING_AT_READ_POS,
  RING_AT_WRITE_POS,
} from '../../../src/ring/layout.ts';
import { RingReader } from '../../../src/ring/reader.ts';

export const RING_BYTES = 1 << 18;

/** An empty ring whose positions stand at `position`, as after that many bytes. */
export function ringAt(position: number, bytes: number): Uint8Array<SharedArrayBuffer> {
  const ring = createRing(bytes);
  const words = new Uint32Array(ring.buffer);
  words[RING_AT_WRITE_POS >> 2] = position;
  words[RING_AT_READ_POS >> 2] = position;
  return ring;
}

/** One shard, one pass at full speed, and a tap that gets the bytes of every frame. */
export function engineOptions(sources: EngineOptions['sources'], changes: Partial<EngineOptions> = {}): EngineOptions {
  return {
    ...ONE_PASS,
    sources,
    rings: [[createRing(RING_BYTES)]],
    tap: [createRing(RING_BYTES)],
    tapSelect: { all: true, every: 0, discovery: false },
    ...changes,
  };
}

export const fileSource = (path: string): EngineOptions['sources'][number] => ({ kind: 'file', path });

/** What a record says that these tests ask for. */
export interface Taken {
  kind: number;
  ordinal: number;
  streamNs: number;
  source: number;
  linkType: number;
  sec: number;
  nsec: number;
  /** The tick's number. */
  seq: number;
  /** Of the whole frame, in a tap. */
  bytes: Buffer;
}

/** The consumer of one ring: follows every record, and throws when one is out of step. */
export class RecordReader {
  readonly ring: RingReader;
  /** Bytes of each PAD. */
  readonly pads: number[] = [];
  hasEnded = false;

  constructor(ring: Uint8Array) {
    this.ring = new RingReader(ring);
  }

  /** At most `most` records from what is published now, PADs left out; gives their space back. */
  take(most = Number.POSITIVE_INFINITY): Taken[] {
    const { ring } = this;
    const taken: Taken[] = [];
    ring.refresh();
    while (taken.length < most && ring.position !== ring.written) {
      const at = ring.offset();
      const length = ring.u32[(at + R_LENGTH) >> 2];
      const kind = ring.u8[at + R_KIND];
      if (ring.u32[(at + R_RING_SEQ) >> 2] !== ring.nextSeq) throw new Error(`record ${ring.nextSeq} is out of step`);
      ring.nextSeq++;
      ring.position = (ring.position + length) | 0;
      if (kind === RecordKind.PAD) this.pads.push(length);
      else taken.push(this.#read(at, kind));
      if (kind === RecordKind.END) this.hasEnded = true;
    }
    ring.release();
    return taken;
  }

  #read(at: number, kind: number): Taken {
    const { u8, u16, u32, f64 } = this.ring;
    const carriedAt = at + RECORD_BYTES + u8[at + R_SACK_COUNT] * 8;
    return {
      kind,
      ordinal: f64[(at + R_ORDINAL) >> 3],
      streamNs: f64[(at + R_STREAM_NS) >> 3],
      source: u16[(at + R_SOURCE) >> 1],
      linkType: u16[(at + R_LINK_TYPE) >> 1],
      // Times of tests are after 1970 and before 2106.
      sec: u32[(at + R_RAW_SEC) >> 2],
      nsec: u32[(at + R_RAW_NSEC) >> 2],
      seq: u32[(at + R_SEQ) >> 2],
      bytes: Buffer.from(u8.slice(carriedAt, carriedAt + u32[(at + R_CARRIED) >> 2])),
    };
  }
}

export type Finished = Extract<EngineEvent, { type: 'finished' }>['reason'];

/** An engine with the events that it sent. */
export class EngineRun {
  readonly options: EngineOptions;
  readonly engine: Engine;
  readonly events: EngineEvent[] = [];
  readonly finished: Promise<Finished>;

  constructor(options: EngineOptions) {
    const { promise, resolve } = Promise.withResolvers<Finished>();
    this.options = options;
    this.finished = promise;
    this.engine = new (loadAddon().Engine)(options, (event) => {
      this.events.push(event);
      if (event.type === 'finished') resolve(event.reason);
    });
  }

  get eventTypes(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** The failures, as code and path. */
  get errors(): { code: string; path?: string | undefined }[] {
    return this.events.flatMap((event) => (event.type === 'error' ? [{ code: event.code, path: event.path }] : []));
  }

  count(counter: keyof typeof Counter): number {
    const counters = new Float64Array(COUNTER_COUNT);
    this.engine.readCounters(counters);
    return counters[Counter[counter]];
  }
}

export interface Replayed {
  run: EngineRun;
  reason: Finished;
  /** What each shard's ring held, ticks and END included. */
  records: Taken[][];
  /** What the tap held of frames. */
  frames: Taken[];
}

/** Runs an engine to its end; this thread drains all rings whenever the engine wakes it. */
export async function replay(options: EngineOptions): Promise<Replayed> {
  const readers = [...options.rings[0], ...(options.tap ?? [])].map((ring) => new RecordReader(ring));
  const records: Taken[][] = readers.map(() => []);
  const drain = () => {
    let more = true;
    while (more) {
      for (const [index, reader] of readers.entries()) records[index].push(...reader.take());
      more = false;
      for (const { ring, hasEnded } of readers) more = (ring.announceSleep() && !hasEnded) || more;
    }
  };
  const waker = loadAddon().createWaker(drain);
  for (const { ring } of readers) ring.attachWaker(waker.id);
  drain();
  const run = new EngineRun(options);
  run.engine.start();
  const reason = await run.finished;
  drain();
  waker.close();
  const frames = records.slice(options.shards).flat();
  return {
    run,
    reason,
    records: records.slice(0, options.shards),
    frames: frames.filter(({ kind }) => kind === RecordKind.PACKET || kind === RecordKind.FRAME),
  };
}
