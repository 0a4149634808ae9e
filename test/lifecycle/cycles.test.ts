import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import type { Holdings } from './cycle-script.ts';
import { manyFlows } from './small-captures.ts';

const script = fileURLToPath(new URL('./cycle-script.ts', import.meta.url));
/** 50 in the suite; WEIR_TEST_CYCLES=1000 for the long form. */
const CYCLES = Number(process.env.WEIR_TEST_CYCLES ?? 50);

describe.skipIf(process.platform !== 'linux')(`${CYCLES} starts and stops`, () => {
  it('leave descriptors, threads, handles and memory as they were', { timeout: 120_000 + CYCLES * 600 }, async () => {
    using folder = new TemporaryFolder('cycles');
    const capture = manyFlows(folder.file('flows.pcap'), 500);
    const { code, stdout, stderr } = await runCommand(process.execPath, ['--expose-gc', script, capture, String(CYCLES)], {
      timeoutMs: 110_000 + CYCLES * 600,
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { before, after } = JSON.parse(stdout) as { before: Holdings; after: Holdings };
    console.log(`before ${JSON.stringify(before)}\nafter  ${JSON.stringify(after)}`);
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
    expect(after.threads).toBeLessThanOrEqual(before.threads);
    expect(after.resources).toEqual(before.resources);
    expect(after.heapMegabytes - before.heapMegabytes).toBeLessThan(10);
    expect(after.arrayBufferMegabytes - before.arrayBufferMegabytes).toBeLessThan(10);
    // Resident memory swings by 100 MB with what the allocators of ended threads keep; a ring and an outbox leaked per
    // cycle would be more than 200 MB after 50.
    expect(after.residentMegabytes - before.residentMegabytes).toBeLessThan(160);
  });
});
