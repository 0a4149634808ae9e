/** The checks of style and types, as tests: one count for everything. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';

const run = promisify(execFile);

async function complaints(script: string, ...args: string[]): Promise<string> {
  try {
    await run(process.execPath, [script, ...args], { cwd: projectRoot, maxBuffer: 1 << 26 });
    return '';
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return `${stdout}${stderr}`.slice(-8000) || String(error);
  }
}

test('types check', async () => {
  expect(await complaints('node_modules/typescript/bin/tsc', '-p', '.')).toBe('');
  expect(await complaints('node_modules/typescript/bin/tsc', '-p', 'src/dashboard')).toBe('');
});

test('biome finds nothing', async () => {
  expect(await complaints('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.')).toBe('');
});

test('oxlint finds nothing, with type-aware rules', async () => {
  expect(await complaints('node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings')).toBe('');
});

test('generated files are those of their sources', async () => {
  expect(await complaints('scripts/generate-layout.ts', '--check')).toBe('');
  expect(await complaints('scripts/generate-app-tables.ts', '--check')).toBe('');
  expect(await complaints('scripts/generate-cli-table.ts', '--check')).toBe('');
});

test('no source switches a rule off', async () => {
  const marks = ['biome-ignore', 'oxlint-disable', 'eslint-disable', '@ts-ignore', '@ts-expect-error', '@ts-nocheck', 'TODO', 'FIXME'];
  const pattern = marks.map((mark) => `${mark.slice(0, 1)}[${mark.slice(1, 2)}]${mark.slice(2)}`).join('|');
  const folders = ['src', 'test', 'bench', 'scripts', 'native'];
  const { stdout } = await run('git', ['grep', '--untracked', '-nE', pattern, '--', ...folders], { cwd: projectRoot }).catch(
    (error: { code?: number }) => {
      if (error.code === 1) return { stdout: '' };
      throw error;
    },
  );
  const own = 'test/house/lint.test.ts:';
  expect(stdout.split('\n').filter((line) => line !== '' && !line.startsWith(own))).toEqual([]);
});
