import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const here = import.meta.dirname;
const native = join(here, '../../../native');
const folder = new TemporaryFolder('carry-gate');
afterAll(() => folder[Symbol.dispose]());

it('the carry gate, built with sanitizers, carries what it should and stops when it is told', { timeout: SANITIZED_MS }, async () => {
  const sources = [join(here, 'carry_gate_test.cc'), join(native, 'capture/carry_gate.cc')];
  const lines = await runSanitized(folder.file('carry_gate_test'), sources);
  expect(lines).toEqual([expect.stringMatching(/^\d+ tests, 0 failed$/)]);
});
