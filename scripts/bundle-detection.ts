/**
 * Puts the modules of detection in a compiled `dist` into a few files: a sensor with rules would open some 80 of them at
 * every start. What the rest of the product imports stays a file of its own, so that there is one of everything.
 *
 *   node scripts/bundle-detection.ts DIST
 */
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const IMPORT = /\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g;

const [, , folder] = process.argv;
if (folder === undefined) {
  process.stderr.write('usage: node scripts/bundle-detection.ts DIST\n');
  process.exit(2);
}
const dist = resolve(folder);
const detect = join(dist, 'detect');

function modulesOf(root: string): string[] {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.js')).map((name) => join(root, name));
}

/** Modules of detection that others import, by their names without `.js`. */
function entries(own: ReadonlySet<string>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const module of modulesOf(dist)) {
    if (own.has(module)) continue;
    for (const [, path] of readFileSync(module, 'utf8').matchAll(IMPORT)) {
      const imported = resolve(dirname(module), path);
      if (own.has(imported)) found[relative(detect, imported).replace(/\.js$/, '')] = imported;
    }
  }
  return found;
}

const own = new Set(modulesOf(detect));
const bundle = await rolldown({
  input: entries(own),
  platform: 'node',
  external: (id, importer) => importer !== undefined && !own.has(resolve(dirname(importer), id)) && !own.has(id),
});
const next = join(dist, 'detect-next');
await bundle.write({ dir: next, format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'part-[name].js' });
await bundle.close();
for (const module of own) rmSync(module);
for (const module of modulesOf(next)) renameSync(module, join(detect, relative(next, module)));
rmSync(next, { recursive: true });
