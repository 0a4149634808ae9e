import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const here = import.meta.dirname;
const native = join(here, '../../../native/capture');
const folder = new TemporaryFolder('divert');
afterAll(() => folder[Symbol.dispose]());

const SOURCES = [
  'mss_clamp',
  'packet_handover',
  'packet_queue',
  'verdict_packet',
  'verdict_table',
  'windivert_batch',
  'windivert_clock',
  'windivert_receiver',
];

it.each(['address,undefined', 'thread'])(
  'the portable parts of diverting captures, under -fsanitize=%s',
  { timeout: SANITIZED_MS },
  async (sanitizer) => {
    const tests = ['divert_test.cc', 'mss_clamp_test.cc', 'receiver_test.cc'].map((name) => join(here, name));
    const sources = [...tests, ...SOURCES.map((name) => join(native, `${name}.cc`))];
    const lines = await runSanitized(folder.file(`divert_test_${sanitizer.length}`), sources, sanitizer);
    expect(lines).toEqual([expect.stringMatching(/^18 tests, 0 failed$/)]);
  },
);
