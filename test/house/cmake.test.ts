/** The second build system, cmake-js, makes an addon that loads and was built from the same layout. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';
import type { Addon } from '../../src/native/engine.ts';
import { LAYOUT_VERSION, RECORD_BYTES } from '../../src/ring/layout.ts';

test('cmake-js builds the addon', async () => {
  await promisify(execFile)('bash', ['scripts/build-cmake.sh'], { cwd: projectRoot, maxBuffer: 1 << 26 });
  const addon = createRequire(import.meta.url)(join(projectRoot, '.cache/cmake-build/Release/weir.node')) as Addon;
  expect([addon.layoutVersion(), addon.recordBytes()]).toEqual([LAYOUT_VERSION, RECORD_BYTES]);
}, 400_000);
