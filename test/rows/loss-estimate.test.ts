import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { replay } from './replay.ts';

const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** Copies a classic capture without a share of its frames, chosen by a fixed sequence of pseudo-random numbers. */
function withoutShare(source: string, target: string, share: number): void {
  const bytes = readFileSync(source);
  const kept = [bytes.subarray(0, FILE_HEADER)];
  let state = 12_345;
  for (let at = FILE_HEADER; at < bytes.length; ) {
    const end = at + RECORD_HEADER + bytes.readUInt32LE(at + 8);
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    if (state / 0x8000_0000 >= share) kept.push(bytes.subarray(at, end));
    at = end;
  }
  writeFileSync(target, Buffer.concat(kept));
}

describe('the estimate of what a capture lost', () => {
  const folder = new TemporaryFolder('loss-estimate');
  afterAll(() => folder[Symbol.dispose]());
  const whole = folder.file('whole.pcap');
  writeGenerated(whole, { profile: 'apps', packets: 60_000, flows: 1500, seed: 3, rate: 50_000 });

  it('is nothing for a whole capture', async () => {
    const { summary } = await replay(whole, { tracking: { dpi: 'off' } });
    expect(summary.loss_estimate).toBe(0);
  });

  it.each([0.01, 0.05, 0.1])('is within a fifth of the truth when %f of the frames are missing', async (share) => {
    const cut = folder.file(`without-${share}.pcap`);
    withoutShare(whole, cut, share);
    const { summary } = await replay(cut, { tracking: { dpi: 'off' } });
    expect(Math.abs((summary.loss_estimate ?? 0) - share)).toBeLessThan(share / 5);
  });
});
