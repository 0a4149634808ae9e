/** Loads the addon: the only module that opens the .node file. Nothing is loaded before the first call. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SensorError } from '../errors.ts';
import { LAYOUT_VERSION, RECORD_BYTES } from '../ring/layout.ts';
import type { Addon } from './engine.ts';

interface AddonFinder {
  path(root: string): string;
}

const require = createRequire(import.meta.url);
const BUILD_HINT = 'run "npm run build" in the package, with a C++ compiler and the headers of libpcap, zlib and libzstd installed';

let loaded: Addon | undefined;

/** The package's folder, from `src/native` and from anywhere in `dist`: the nearest one above that holds binding.gyp. */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'binding.gyp'))) return folder;
    if (folder === dirname(folder)) throw new SensorError('ADDON', `no package folder above ${start}`, { hint: 'reinstall the package' });
  }
}

/** Where the addon is: build/Release of this package, or the prebuilt one for this platform. Throws SensorError ADDON. */
export function addonPath(): string {
  const root = packageRoot();
  const finder = require('node-gyp-build') as AddonFinder;
  try {
    return finder.path(root);
  } catch (cause) {
    throw new SensorError('ADDON', `the native addon for ${process.platform}-${process.arch} has not been built`, {
      hint: BUILD_HINT,
      detail: { root },
      cause,
    });
  }
}

/** Loads the addon once per thread and checks that it was built from this layout. Throws SensorError ADDON. */
export function loadAddon(path?: string): Addon {
  if (loaded !== undefined) return loaded;
  const file = path ?? addonPath();
  let addon: Addon;
  try {
    addon = require(file) as Addon;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new SensorError('ADDON', `cannot load ${file}: ${message}`, { hint: BUILD_HINT, detail: { path: file }, cause });
  }
  if (addon.layoutVersion() !== LAYOUT_VERSION || addon.recordBytes() !== RECORD_BYTES) {
    throw new SensorError('ADDON', `${file} was built from another version of this package`, { hint: BUILD_HINT, detail: { path: file } });
  }
  loaded = addon;
  return addon;
}
