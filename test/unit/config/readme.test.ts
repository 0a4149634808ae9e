import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { markdownTables, replaceTables } from '../../../src/config/manual.ts';

it('README.md holds the table of options that the code gives (scripts/generate-cli-table.ts writes it)', () => {
  const text = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  expect(replaceTables(text, markdownTables())).toBe(text);
});
