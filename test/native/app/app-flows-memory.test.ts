import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const here = import.meta.dirname;
const native = join(here, '../../../native/app');
const folder = new TemporaryFolder('app-flows');
afterAll(() => folder[Symbol.dispose]());

it('the notes and the flows, built with sanitizers, stay in their memory', { timeout: SANITIZED_MS }, async () => {
  const parts = readdirSync(native).filter((file) => file.endsWith('.cc') && file !== 'libcrypto_windows.cc');
  const lines = await runSanitized(folder.file('app_flows_test'), [
    ...['app_flows_hostile_test.cc', 'app_flows_limits_test.cc', 'app_flows_test.cc', 'note_store_test.cc'].map((file) => join(here, file)),
    ...parts.map((file) => join(native, file)),
  ]);
  expect(lines).toEqual(['35 tests, 0 failed']);
});
