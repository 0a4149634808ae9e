import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { copyDatabase } from '../../src/store/copy.ts';
import { BASE } from '../support/stored-ticks.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const SCRIPT = fileURLToPath(new URL('write-ticks.ts', import.meta.url));

test('a copy beside a writer that never pauses is whole, of one moment', async () => {
  using folder = new TemporaryFolder('copy');
  const writer = spawn(process.execPath, [SCRIPT, folder.path, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(writer, 'close');
  let last = -1;
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    last = Number(text.trimEnd().split('\n').at(-1));
  });
  try {
    while (last < 20) await new Promise((resolve) => setTimeout(resolve, 20));
    const before = last;
    await copyDatabase(folder.path, folder.file('copy.db'));
    using copy = new DatabaseSync(folder.file('copy.db'), { readOnly: true });
    expect(copy.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    const { ticks, newest } = copy.prepare('SELECT count(*) AS ticks, max(time) AS newest FROM stats WHERE step_secs = 0').get() as Record<
      string,
      number
    >;
    expect(newest - BASE).toBeGreaterThanOrEqual(before);
    expect(ticks).toBe(newest - BASE + 1);
    const flows = copy.prepare('SELECT count(*) AS count FROM flows WHERE last_seen >= ?').get(newest);
    expect(flows).toEqual({ count: 401 });
  } finally {
    writer.kill('SIGKILL');
    await closed;
  }
}, 60_000);
