import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetDetail } from '../../../src/packet/detail.ts';
import { type PacketStamp, packetLine } from '../../../src/packet/line.ts';
import { packetJson, packetRecord } from '../../../src/packet/record.ts';
import { MAX_LAYERS, viewPacket } from '../../../src/packet/view.ts';
import { HAND_BUILT } from '../../fixtures/hand-built.ts';

const PRINTABLE_LINE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u;
const LINK_TYPES = [0, 1, 9, 12, 14, 50, 101, 108, 113, 228, 229, 276];

const stamps = fc.record<PacketStamp>({
  ordinal: fc.integer({ min: 1 }),
  sec: fc.maxSafeInteger(),
  nsec: fc.integer({ min: 0, max: 999_999_999 }),
  interfaceName: fc.option(fc.string({ unit: 'binary' })),
});

function checkEverything(bytes: Uint8Array, linkType: number, wireLength: number, stamp: PacketStamp): void {
  const view = viewPacket(bytes, linkType, wireLength);
  expect(view.layers.length).toBeLessThanOrEqual(MAX_LAYERS + 1);
  for (const { offset, length } of view.layers) {
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(offset).toBeLessThanOrEqual(bytes.length);
    expect(length).toBeGreaterThanOrEqual(0);
  }
  expect(view.payload.length).toBeGreaterThanOrEqual(view.payload.capturedLength);
  expect(view.payload.capturedLength).toBeGreaterThanOrEqual(0);
  expect(view.payload.offset + view.payload.capturedLength).toBeLessThanOrEqual(Math.max(bytes.length, view.payload.offset));
  if (view.error?.reason === 'truncated') expect(view.error.available).toBeLessThan(view.error.required);
  expect(packetLine(view, stamp)).toMatch(PRINTABLE_LINE);
  for (const line of packetDetail(view, stamp, bytes).split('\n')) expect(line).toMatch(PRINTABLE_LINE);
  const json = packetJson(packetRecord(view, stamp));
  expect(json).toMatch(PRINTABLE_LINE);
  expect(JSON.parse(json)).toMatchObject({ captured: bytes.length });
}

describe('any bytes', () => {
  it('of any link type become a bounded view and printable text', () => {
    const linkTypes = fc.oneof(fc.constantFrom(...LINK_TYPES), fc.nat());
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), linkTypes, fc.nat(70_000), stamps, (bytes, linkType, wireLength, stamp) => {
        checkEverything(bytes, linkType, wireLength, stamp);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('mutated frames', () => {
  const mutation = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) });

  it('with changed bytes, cut, and with any bytes behind them', () => {
    const frames = fc.constantFrom(...HAND_BUILT);
    const mutations = fc.array(mutation, { maxLength: 6 });
    fc.assert(
      fc.property(frames, mutations, fc.nat(200), fc.uint8Array({ maxLength: 60 }), stamps, (frame, changes, length, tail, stamp) => {
        const bytes = Uint8Array.from([...frame.bytes.subarray(0, Math.max(20, length)), ...tail]);
        for (const { at, value } of changes) bytes[at % bytes.length] = value;
        checkEverything(bytes, frame.linkType, Math.max(frame.wireLength, bytes.length), stamp);
      }),
      { numRuns: 4000 },
    );
  });

  it('nested in themselves', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(4, 41, 47, 97, 0x11), { maxLength: 80 }),
        fc.uint8Array({ maxLength: 40 }),
        stamps,
        (chain, tail, stamp) => {
          const parts = chain.flatMap((protocol) => [0x45, 0, 0xff, 0xff, 0, 0, 0, 0, 9, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
          checkEverything(Uint8Array.from([...parts, ...tail]), 101, 65_535, stamp);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
