/** The list of public suffixes takes longer to load than all the rules; traffic without names does without it. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SCRIPT = `
import { createRequire } from 'node:module';
const { RegisteredDomains } = await import('./registered-domain.ts');
await import('./rules.ts');
const domains = new RegisteredDomains();
const isLoaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('tldts'));
const seen = [];
for (const name of ['', 'localhost', 'printer.local', 'www.example.co.uk']) seen.push([domains.of(name), isLoaded()]);
process.stdout.write(JSON.stringify(seen));
`;

it('is loaded with the first name that needs it', () => {
  const cwd = fileURLToPath(new URL('../../../src/detect/', import.meta.url));
  const seen = execFileSync(process.execPath, ['--input-type=module', '--eval', SCRIPT], { cwd, encoding: 'utf8' });
  expect(JSON.parse(seen)).toEqual([
    [null, false],
    [null, false],
    [null, false],
    ['example.co.uk', true],
  ]);
});
