import { readFileSync } from 'node:fs';

let cached: string | null = null;

/** The package's version; package.json stands one folder above both src/ and dist/. */
export function version(): string {
  cached ??= (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
  return cached;
}
