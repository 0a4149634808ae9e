/** The tap end to end: what the engine puts into tap rings, the reader gives back, frame by frame and byte by byte. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EngineEvent, EngineOptions } from '../../src/native/engine.ts';
import { loadAddon } from '../../src/native/load.ts';
import { ONE_PASS } from '../../src/native/one-pass.ts';
import { type TapPacket, TapReader } from '../../src/packet/tap-reader.ts';
import { createRing } from '../../src/ring/create.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { udpFrame, writeCaptureFile } from '../support/frames.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const RING_BYTES = 1 << 20;
/** Far smaller than the longest capture, so that the ring wraps and the engine waits for the reader. */
const TAP_BYTES = 1 << 16;

function options(path: string, tap: Uint8Array): EngineOptions {
  return {
    ...ONE_PASS,
    sources: [{ kind: 'file', path }],
    rings: [[createRing(RING_BYTES)]],
    tap: [tap],
    tapSelect: { all: true, every: 0, discovery: false },
    tickMs: 60_000,
    snaplen: 262_144,
  };
}

/** Replays a file, driven only by the waker, as the sensor does. */
async function replay(path: string): Promise<TapPacket[]> {
  const addon = loadAddon();
  const ring = createRing(TAP_BYTES);
  const reader = new TapReader([ring]);
  const packets: TapPacket[] = [];
  const ended = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<void>();
  const drain = () => {
    do reader.drain(7, (packet) => packets.push(packet));
    while (!reader.ended && !reader.sleep());
    if (reader.ended) ended.resolve();
  };
  const waker = addon.createWaker(drain);
  reader.attach(waker.id);
  const onEvent = (event: EngineEvent) => {
    if (event.type === 'finished') finished.resolve();
    else if (event.type === 'error') ended.reject(new Error(event.message));
  };
  const engine = new addon.Engine(options(path, ring), onEvent);
  drain();
  engine.start();
  await ended.promise;
  await finished.promise;
  waker.close();
  return packets;
}

async function compare(path: string): Promise<void> {
  const { frames } = readCapture(path);
  const packets = await replay(path);
  expect(packets.map(({ ordinal }) => ordinal)).toEqual(frames.map((_, index) => index + 1));
  const facts = packets.map(({ sec, nsec, linkType, wireLength, frame }) => ({
    linkType,
    wireLength,
    sec,
    nsec,
    bytes: Buffer.from(frame),
  }));
  expect(facts).toEqual(frames.map((frame) => ({ ...frame, bytes: Buffer.from(frame.bytes) })));
}

describe('tap', () => {
  it('through many wraps of its ring', async () => {
    using folder = new TemporaryFolder('tap');
    const path = folder.file('sizes.pcap');
    const talk = { source: '10.0.0.1', destination: '10.0.0.2', sourcePort: 1000, destinationPort: 2000 };
    const frames = Array.from({ length: 2000 }, (_, index) => udpFrame({ ...talk, payload: (index * 53) % 1400 }));
    writeCaptureFile(
      path,
      frames.map((bytes, index) => ({ timeUs: 1.7e15 + index * 10, bytes })),
    );
    await compare(path);
  });

  it.each([
    'small.pcap',
    'big-endian.pcap',
    'nanoseconds.pcap',
    'small.pcapng',
    'small.pcap.gz',
    'small.pcap.zst',
    'two-link-types.pcapng',
  ])('%s', async (file) => {
    await compare(join(FIXTURES, file));
  });
});
