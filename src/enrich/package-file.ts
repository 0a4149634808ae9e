/** Files of packages that are there only sometimes, or too large to be imported as modules. */
import { existsSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

/** Path of a file in an installed package; null when the package or the file is not there. */
export function packageFile(name: string, file: string): string | null {
  try {
    const manifest = findPackageJSON(name, import.meta.url);
    const path = manifest === undefined ? null : join(dirname(manifest), file);
    return path !== null && existsSync(path) ? path : null;
  } catch {
    return null;
  }
}
