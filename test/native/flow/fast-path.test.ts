import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const here = import.meta.dirname;
const native = join(here, '../../../native');
const folder = new TemporaryFolder('fast-path');
afterAll(() => folder[Symbol.dispose]());

it('the fast path, built with sanitizers, takes what is usual and stays in its memory', { timeout: SANITIZED_MS }, async () => {
  const parts = [
    'flow/endpoints.cc',
    'flow/ends.cc',
    'flow/fast_path.cc',
    'flow/history.cc',
    'flow/lookahead.cc',
    'flow/moments.cc',
    'flow/open_counts.cc',
    'flow/openings.cc',
    'flow/segments.cc',
    'flow/syn_watch.cc',
    'ring/ring_view.cc',
    ...readdirSync(join(native, 'app'))
      .filter((file) => file.endsWith('.cc') && file !== 'libcrypto_windows.cc')
      .map((file) => `app/${file}`),
  ].map((file) => join(native, file));
  const lines = await runSanitized(folder.file('fast_path_test'), [
    join(here, 'fast_path_test.cc'),
    join(here, 'datagrams_test.cc'),
    join(here, 'ends_test.cc'),
    join(here, 'moments_test.cc'),
    join(here, 'syn_watch_test.cc'),
    ...parts,
  ]);
  expect(lines).toEqual(['37 tests, 0 failed']);
});
