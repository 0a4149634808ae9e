import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const here = import.meta.dirname;
const native = join(here, '../../../native/detect');
const folder = new TemporaryFolder('detect');
afterAll(() => folder[Symbol.dispose]());

it('detection, built with sanitizers, goes through any entries and keeps its bounds', { timeout: SANITIZED_MS }, async () => {
  const parts = [
    'answered_contacts.cc',
    'contact_table.cc',
    'held_attempts.cc',
    'internal_networks.cc',
    'key_table.cc',
    'row_fronts.cc',
    'tick_walk.cc',
  ].map((file) => join(native, file));
  const lines = await runSanitized(folder.file('detect_test'), [join(here, 'detect_test.cc'), ...parts]);
  expect(lines).toEqual(['5 tests, 0 failed']);
});
