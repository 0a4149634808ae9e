import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { mustRun } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const STEP_MS = 120_000;
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
  { timeout: 2 * STEP_MS },
  async (sanitizer) => {
    const program = folder.file(`divert_test_${sanitizer.length}`);
    const tests = ['divert_test.cc', 'mss_clamp_test.cc', 'receiver_test.cc'].map((name) => join(here, name));
    const sources = [join(here, '../decode/main.cc'), ...tests, ...SOURCES.map((name) => join(native, `${name}.cc`))];
    const flags = [
      '-std=c++17',
      '-O1',
      '-g',
      '-pthread',
      '-Wall',
      '-Wextra',
      '-Wshadow',
      '-Werror',
      `-fsanitize=${sanitizer}`,
      '-fno-sanitize-recover=all',
    ];
    await mustRun(process.env.CXX ?? 'c++', [...flags, ...sources, '-o', program], { timeoutMs: STEP_MS });
    const { stdout } = await mustRun(program, [], { timeoutMs: STEP_MS });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([expect.stringMatching(/^18 tests, 0 failed$/)]);
  },
);
