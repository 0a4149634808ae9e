/** The second build system, cmake-js, makes an addon that loads and was built from the same layout. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';
import type { Addon } from '../../src/native/engine.ts';
import { LAYOUT_VERSION, RECORD_BYTES } from '../../src/ring/layout.ts';

const FOLDER = '.cache/cmake-unoptimized';

test('cmake-js builds the addon', async () => {
  const env = { ...process.env, CMAKE_CXX_COMPILER_LAUNCHER: join(import.meta.dirname, 'unoptimized.sh') };
  await promisify(execFile)('bash', ['scripts/build-cmake.sh', FOLDER], { cwd: projectRoot, env, maxBuffer: 1 << 26 });
  const addon = createRequire(import.meta.url)(join(projectRoot, FOLDER, 'Release/weir.node')) as Addon;
  expect([addon.layoutVersion(), addon.recordBytes()]).toEqual([LAYOUT_VERSION, RECORD_BYTES]);
}, 400_000);
