import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const here = import.meta.dirname;
const native = join(here, '../../../native');
const folder = new TemporaryFolder('frame-path');
afterAll(() => folder[Symbol.dispose]());

/** What a frame meets on its way to the rings. */
const CAPTURE = [
  'capture_blocks',
  'carry_gate',
  'frame_filter',
  'frame_path',
  'frame_path_rings',
  'pcap_writer',
  'recall_ring',
  'run_state',
]
  .concat(['stream_clock', 'tap_selector', 'tick_line'])
  .map((name) => join(native, 'capture', `${name}.cc`));
const all = (room: string) => readdirSync(join(native, room)).filter((name) => name.endsWith('.cc') && !name.endsWith('_windows.cc'));
const OTHERS = ['decode', 'ring', 'base'].flatMap((room) => all(room).map((name) => join(native, room, name)));

it('frames that wait, with sanitizers, are settled before their bytes go', { timeout: SANITIZED_MS }, async () => {
  const sources = [join(here, 'frame_path_test.cc'), ...CAPTURE, ...OTHERS, '-lpcap'];
  const lines = await runSanitized(folder.file('frame_path_test'), sources);
  expect(lines).toEqual(['5 tests, 0 failed']);
});
