/**
 * Writes the manual's table of settings into README.md, between its markers.
 * `--check` writes nothing and exits with 1 when the table there is not the one that the code gives.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { markdownTables, replaceTables } from '../src/config/manual.ts';

const readme = new URL('../README.md', import.meta.url);
const before = readFileSync(readme, 'utf8');
const after = replaceTables(before, markdownTables());
if (!process.argv.includes('--check')) writeFileSync(readme, after);
else if (after !== before) {
  console.error('README.md: the table of options is not up to date; run scripts/generate-cli-table.ts');
  process.exitCode = 1;
}
