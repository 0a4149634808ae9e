/**
 * Two decoders read packets: the C++ one, whose records the flow table is built from, and the views, which people read.
 * They must say the same about every frame: hand-built ones, damaged ones, and every public capture.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/native/load.ts';
import { viewPacket } from '../../src/packet/view.ts';
import { CORPUS_PCAPS } from '../fixtures/corpus.ts';
import { compareDecoders } from '../fixtures/decode-agreement.ts';
import { HAND_BUILT } from '../fixtures/hand-built.ts';
import { readCapture } from '../fixtures/read-capture.ts';

const HASH_KEY = new Uint8Array(16);
const MAX_REPORTED = 20;

function differences(bytes: Uint8Array, linkType: number, wireLength: number, tunnels = true): string[] {
  const wire = Math.max(wireLength, bytes.length);
  const records = loadAddon().decodeFrame(bytes, linkType, wire, { tunnels, vlanAware: false, hashKey: HASH_KEY, verifyChecksums: false });
  return compareDecoders(records, viewPacket(bytes, linkType, wire), tunnels);
}

describe('hand-built frames', () => {
  it.each(HAND_BUILT)('$name', ({ bytes, linkType, wireLength }) => {
    expect(differences(bytes, linkType, wireLength)).toEqual([]);
  });

  it.each(HAND_BUILT)('$name, tunnels off', ({ bytes, linkType, wireLength }) => {
    expect(differences(bytes, linkType, wireLength, false)).toEqual([]);
  });

  it('cut at every length', () => {
    for (const { name, bytes, linkType, wireLength } of HAND_BUILT) {
      for (let length = 0; length < bytes.length; length++) {
        const found = differences(bytes.slice(0, length), linkType, wireLength);
        expect(found, `${name} cut to ${length}`).toEqual([]);
      }
    }
  });

  it('with changed bytes', () => {
    const change = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) });
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...HAND_BUILT), changes, ({ bytes, linkType, wireLength }, edits) => {
        const changed = bytes.slice();
        for (const { at, value } of edits) changed[at % changed.length] = value;
        expect(differences(changed, linkType, wireLength)).toEqual([]);
      }),
      { numRuns: 4000 },
    );
  });
});

const absent = existsSync(CORPUS_PCAPS) ? '' : ` (skipped: no captures in ${CORPUS_PCAPS})`;

describe.skipIf(absent !== '')(`public captures${absent}`, () => {
  it('every frame of every capture', () => {
    const found: string[] = [];
    let frames = 0;
    for (const file of readdirSync(CORPUS_PCAPS)) {
      for (const [index, frame] of readCapture(join(CORPUS_PCAPS, file)).frames.entries()) {
        frames++;
        const list = differences(frame.bytes, frame.linkType, frame.wireLength);
        if (list.length > 0) found.push(`${file} #${index + 1}: ${list.join('; ')}`);
      }
    }
    expect(found.slice(0, MAX_REPORTED)).toEqual([]);
    expect(frames).toBeGreaterThan(0);
  });
});
