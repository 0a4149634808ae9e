import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openOutput } from '../../../src/export/output-file.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const bytes = (size: number, value: number): Uint8Array => new Uint8Array(size).fill(value);

describe('output files', () => {
  it('hold pieces of any size in order', async () => {
    using folder = new TemporaryFolder('output');
    const path = folder.file('x');
    const output = await openOutput(path, 'stream', process.stdout);
    const pieces = [1, 300_000, 5, 200_000, 100_000, 262_144, 262_145, 7].map((size, index) => bytes(size, index + 1));
    for (const piece of pieces) await output.write(piece);
    await output.commit();
    expect(Buffer.compare(readFileSync(path), Buffer.concat(pieces))).toBe(0);
  });

  it('appear under their name only when they are whole', async () => {
    using folder = new TemporaryFolder('output');
    const path = folder.file('x');
    writeFileSync(path, 'before');
    const output = await openOutput(path, 'whole', process.stdout);
    await output.write(bytes(300_000, 1));
    expect(readFileSync(path, 'utf8')).toBe('before');
    await output.commit();
    expect(statSync(path).size).toBe(300_000);
    expect(existsSync(`${path}.partial`)).toBe(false);
  });

  it('keep what a partial file holds, and no empty one', async () => {
    using folder = new TemporaryFolder('output');
    const empty = await openOutput(folder.file('empty'), 'whole', process.stdout);
    await empty.abandon();
    expect(existsSync(folder.file('empty.partial'))).toBe(false);
    const some = await openOutput(folder.file('some'), 'whole', process.stdout);
    await some.write(bytes(10, 1));
    await some.abandon();
    expect(statSync(folder.file('some.partial')).size).toBe(10);
    expect(existsSync(folder.file('some'))).toBe(false);
  });

  it('refuse to write after their end', async () => {
    using folder = new TemporaryFolder('output');
    const output = await openOutput(folder.file('x'), 'stream', process.stdout);
    await output.commit();
    await expect(output.write(bytes(300_000, 1))).rejects.toMatchObject({ code: 'OUTPUT' });
  });
});

describe.skipIf(process.platform === 'win32')('a file that may not grow', () => {
  /** Exports 400 flows in a process whose files may hold 64 blocks of 1 KiB, and prints the failure. */
  const script = (path: string): string => {
    const source = (name: string): string => pathToFileURL(`${import.meta.dirname}/../../../${name}`).href;
    return `
      import { ExportSet } from '${source('src/export/export-set.ts')}';
      import { DEFAULT_OUTPUT } from '${source('src/config/options.ts')}';
      import { concat, context, entry } from '${source('test/unit/records/row-fixture.ts')}';
      const set = await ExportSet.prepare({ ...DEFAULT_OUTPUT, exportJson: ${JSON.stringify(path)} });
      await set.tick(concat(Array.from({ length: 400 }, (_, i) => entry({ portA: i, bytesA: i }))), context());
      await set.finish(context()).catch((e) => console.log(JSON.stringify({ code: e.code, message: e.message, hint: e.hint, detail: e.detail })));
    `;
  };

  it('is one error that says where the part is, and nothing stands under the final name', () => {
    using folder = new TemporaryFolder('output');
    const path = folder.file('flows.json');
    const run = spawnSync('bash', ['-c', 'ulimit -f 64; exec "$0" --input-type=module -e "$1"', process.execPath, script(path)], {
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    const failure = JSON.parse(run.stdout) as { code: string; message: string; hint: string; detail: object };
    expect(failure.code).toBe('OUTPUT');
    expect(failure.message).toBe(`cannot write ${path}: file too large (EFBIG)`);
    expect(failure.hint).toContain(`${path}.partial`);
    expect(failure.detail).toMatchObject({ path, errno: 'EFBIG', partial: `${path}.partial` });
    expect(existsSync(path)).toBe(false);
    expect(statSync(`${path}.partial`).size).toBe(65_536);
  });
});
