import { describe, expect, it } from 'vitest';
import { Pacing } from '../../../src/shard/pacing.ts';
import { Control } from '../../../src/shard/protocol.ts';

const controlBlock = () => new SharedArrayBuffer(Control.WORDS * 4);

describe('waiting for the sensor', () => {
  it('ends at once where packets do not wait and would be lost', () => {
    const pacing = new Pacing(controlBlock(), true, () => true);
    expect(pacing.waitForRows(0)).toBe(false);
    expect(pacing.hasGivenUp(0)).toBe(true);
    expect(pacing.waits).toBe(0);
  });

  it('goes on while rings have room, until they have not', () => {
    let looks = 0;
    const pacing = new Pacing(controlBlock(), true, () => ++looks > 3);
    expect(pacing.waitForRows(0)).toBe(false);
    expect([looks, pacing.waits]).toEqual([4, 1]);
  });

  it('in a replay does not look at the rings: the reader waits', () => {
    const control = controlBlock();
    new Int32Array(control)[Control.ABORT] = 0;
    new Int32Array(control)[Control.ENTRIES_TAKEN] = 1;
    const pacing = new Pacing(control, false, () => {
      throw new Error('looked');
    });
    expect(pacing.waitForRows(0)).toBe(true);
    new Int32Array(control)[Control.ABORT] = 1;
    expect(pacing.waitForRows(1)).toBe(false);
  });
});
