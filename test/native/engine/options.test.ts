/** Every wrong option is refused by the constructor, with a TypeError that names it; nothing is started. */
import { describe, expect, it } from 'vitest';
import type { Engine, EngineOptions } from '../../../src/native/engine.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { createRing } from '../../../src/ring/create.ts';
import {
  RING_AT_CAPACITY,
  RING_AT_CLOSED,
  RING_AT_MAGIC,
  RING_AT_RECORD_BYTES,
  RING_AT_VERSION,
  RING_AT_WRITE_POS,
} from '../../../src/ring/layout.ts';
import { engineOptions, fileSource, RING_BYTES, replay, ringAt } from './engine-run.ts';

const generator: EngineOptions['sources'][number] = { kind: 'generator', profile: 'imix', packets: 10, flows: 2, seed: 1, rate: 1000 };
const live = { kind: 'live', interface: 'lo', fanout: 1 };

function make(changes: Record<string, unknown>): Engine {
  const options: EngineOptions = { ...engineOptions([generator]), ...changes };
  return new (loadAddon().Engine)(options, () => {
    throw new Error('an engine that was not made sent an event');
  });
}

/** A ring of which one word of the header is another. */
function ringWith(at: number, value: number): Uint8Array {
  const ring = createRing(RING_BYTES);
  new Uint32Array(ring.buffer)[at >> 2] = value;
  return ring;
}

const oneRing = (ring: unknown) => ({ rings: [[ring]] });
const good = () => createRing(RING_BYTES);

describe('the constructor of an engine refuses', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['no sources', { sources: [] }, /^sources must be a list of 1 to 4096/],
    ['a source that is a string', { sources: ['a.pcap'] }, /^a source must be an object/],
    ['an unknown kind of source', { sources: [{ kind: 'tape' }] }, /^unknown kind of source: tape/],
    ['a file without path', { sources: [{ kind: 'file' }] }, /^path must be a string/],
    ['an unknown profile', { sources: [{ ...generator, profile: 'storm' }] }, /^unknown generator profile storm/],
    ['a file beside an interface', { sources: [fileSource('a.pcap'), live] }, /^live interfaces and files cannot be mixed/],
    ['no shards', { shards: 0 }, /^shards must be a number from 1 to 256/],
    ['shards as text', { shards: '1' }, /^shards must be /],
    ['NaN', { tickMs: Number.NaN }, /^tickMs must be a number/],
    ['a snaplen below 0', { snaplen: -1 }, /^snaplen must be /],
    ['a count that no double can hold exactly', { count: 2 ** 54 }, /^count must be /],
    ['a truth that is a number', { tunnels: 1 }, /^tunnels must be true or false/],
    ['a choice that is null', { arp: null }, /^arp must be true or false/],
    ['no filter at all', { filter: null }, /^filter must be a string/],
    ['an unknown speed', { speed: { mode: 'warp' } }, /^unknown speed mode: warp/],
    ['a speed of 0', { speed: { mode: 'time', factor: 0 } }, /^factor must be /],
    ['a short key', { hashKey: new Uint8Array(8) }, /^hashKey must be 16 bytes/],
    [
      'an endpoint that is no address',
      { ownEndpoints: [{ address: '10.0.0.256', port: 1, protocol: 6 }] },
      /^not an IP address: 10\.0\.0\.256/,
    ],
    ['an output without path', { writePcap: { rotateMb: 1, maxFiles: 1 } }, /^path must be a string/],
    ['a probability of 2', { fault: { seed: 1, corrupt: 2 } }, /^corrupt must be /],
    ['recall without room for some frames', { recall: { bytes: 1000, snaplen: 256 } }, /^bytes must be a number from /],
    ['recall of frames that are too long', { recall: { bytes: 1 << 30, snaplen: 65_536 } }, /^snaplen must be /],
    ['a tap that nobody may select from', { tapSelect: null }, /^tapSelect must be an object/],
    ['tags that no mask fits', { carryTags: new Uint8Array(new SharedArrayBuffer(12)) }, /^carryTags must be null or /],
    ['rings for no thread', { rings: [] }, /^rings must have one list per capture thread: 1/],
    ['rings for more shards', { rings: [[good(), good()]] }, /^each list of rings must have one ring per shard/],
    ['two taps for one thread', { tap: [good(), good()] }, /^tap must have one ring per capture thread/],
    ['a ring that is no view', oneRing(new SharedArrayBuffer(1 << 16)), /^a ring must be a Uint8Array/],
    ['a ring that a collector may move', oneRing(new Uint8Array(1 << 16)), /^a ring must be a view of a SharedArrayBuffer/],
    [
      'a ring that may grow',
      oneRing(new Uint8Array(new SharedArrayBuffer(1 << 16, { maxByteLength: 1 << 20 }))),
      /growable SharedArrayBuffer/,
    ],
    ['memory that nobody has laid out', oneRing(new Uint8Array(new SharedArrayBuffer(1 << 16))), /^ring memory has no magic number/],
    ['memory that is too small', oneRing(good().subarray(0, 1024)), /^ring memory is too small/],
    ['memory that is shorter than it says', oneRing(good().subarray(0, RING_BYTES)), /^ring memory is shorter than its capacity/],
    ['a view that begins at an odd byte', oneRing(new Uint8Array(good().buffer, 4)), /^ring memory is not aligned/],
    ['another magic number', oneRing(ringWith(RING_AT_MAGIC, 1)), /^ring memory has no magic number/],
    ['another layout', oneRing(ringWith(RING_AT_VERSION, 99)), /^ring has another layout version/],
    ['another record', oneRing(ringWith(RING_AT_RECORD_BYTES, 168)), /^ring has another record size/],
    ['a capacity of 3', oneRing(ringWith(RING_AT_CAPACITY, 3)), /^ring capacity is out of range/],
    ['a capacity that is no power of two', oneRing(ringWith(RING_AT_CAPACITY, 5000)), /^ring capacity is not a power of two/],
    ['a ring with something in it', oneRing(ringWith(RING_AT_WRITE_POS, 640)), /^ring is not empty/],
    ['a position that leaves a PAD no room', oneRing(ringAt(2 ** 32 - 8, RING_BYTES)), /^ring position is not aligned to 64 bytes/],
    ['a ring of an earlier run', oneRing(ringWith(RING_AT_CLOSED, 1)), /^ring has been used before/],
  ])('%s', (_name, changes, message) => {
    expect(() => make(changes)).toThrow(expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(message) }));
  });

  it('nothing, or no listener', () => {
    const { Engine } = loadAddon();
    const any = Engine as unknown as new (...given: unknown[]) => Engine;
    expect(() => new any()).toThrow(TypeError);
    expect(() => new any(engineOptions([generator]))).toThrow('Engine needs options and a listener');
    expect(() => new any('options', () => {})).toThrow('options must be an object');
  });

  it('what throws when it is asked, with what it threw', () => {
    const options = engineOptions([generator]);
    const get = () => {
      throw new RangeError('asked');
    };
    for (const name of Object.keys(options)) {
      const trap = Object.defineProperty({ ...options }, name, { get });
      expect(() => new (loadAddon().Engine)(trap, () => {}), name).toThrow(RangeError);
    }
  });
});

it('an engine is made of the same options with the last wrong one put right', async () => {
  expect(() => make({ filter: 7 })).toThrow(TypeError);
  const { reason, frames } = await replay(engineOptions([generator]));
  expect([reason, frames.length]).toEqual(['eof', 10]);
});
