import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { HistoryReader } from '../../src/store/history-reader.ts';
import { Store } from '../../src/store/store.ts';
import { flowQuery } from '../support/flow-query.ts';
import { roundsOf } from '../support/rounds.ts';
import { alert, BASE, tick } from '../support/stored-ticks.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const ROUNDS = roundsOf(5);
const SCRIPT = fileURLToPath(new URL('write-ticks.ts', import.meta.url));
const FIRST_TICK_MS = 60_000;

/** Runs the writer from a tick on and kills it some time after its first one; the last tick that it said was taken. */
async function killedWriter(directory: string, from: number, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [SCRIPT, directory, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const closed = once(child, 'close');
  const deadline = Date.now() + FIRST_TICK_MS;
  while (text === '' && child.exitCode === null && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill('SIGKILL');
  await closed;
  expect(child.signalCode).toBe('SIGKILL');
  return Number(text.trimEnd().split('\n').at(-1));
}

function sqlite(path: string, sql: string): string {
  return execFileSync('sqlite3', ['-readonly', path, sql], { encoding: 'utf8' }).trim();
}

test(
  `a writer killed at ${ROUNDS} moments never damages the file, and loses the tick that it was writing at most`,
  async () => {
    using folder = new TemporaryFolder('kill');
    const path = folder.file('weir.db');
    let from = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const said = await killedWriter(folder.path, from, Math.random() * 300);
      expect(sqlite(path, 'PRAGMA integrity_check')).toBe('ok');
      expect(sqlite(path, 'PRAGMA foreign_key_check')).toBe('');
      const stored = Number(sqlite(path, `SELECT max(time) FROM stats WHERE step_secs = 0`)) - BASE;
      // Said after it was taken: it may have taken one more, and never one less.
      expect([said, said + 1]).toContain(stored);
      expect(sqlite(path, `SELECT count(*) FROM stats WHERE step_secs = 0 AND time > ${BASE + stored - 50}`)).toBe(
        String(Math.min(50, stored + 1)),
      );
      // All of that tick is there: its flows with their entries, its alert.
      expect(sqlite(path, `SELECT count(*) FROM alerts WHERE alert_id = '${alert(stored).alert_id}'`)).toBe('1');
      const flows = sqlite(path, `SELECT count(*) FROM flows WHERE last_seen >= ${BASE + stored}`);
      expect(flows).toBe(stored === 0 ? '400' : '401');
      for (const table of ['flow_ids', 'flow_bytes', 'flow_durations']) {
        expect(sqlite(path, `SELECT (SELECT count(*) FROM ${table}) = (SELECT count(*) FROM flows, flow_sorted WHERE id <= until)`)).toBe(
          '1',
        );
      }
      from = stored + 1;
    }
    const store = Store.open(folder.path);
    expect(store.restore().length).toBeGreaterThan(0);
    store.writeTick(tick(from));
    store.close();
  },
  ROUNDS * 30_000,
);

test('the sqlite3 command reads while ticks are written', async () => {
  using folder = new TemporaryFolder('beside');
  const path = folder.file('weir.db');
  const store = Store.open(folder.path);
  store.writeTick(tick(0, { alerts: [alert(1)] }));
  const writing = killedWriter(folder.path, 1, 1500);
  const counts: number[] = [];
  for (const until = Date.now() + 1500; Date.now() < until; ) {
    for (const table of ['devices', 'alerts', 'flows']) counts.push(Number(sqlite(path, `SELECT count(*) FROM ${table}`)));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await writing;
  expect(counts.every((count) => Number.isInteger(count))).toBe(true);
  expect(counts.at(-1)).toBeGreaterThan(400);
  const history = HistoryReader.open(folder.path);
  expect(history.flows(flowQuery({ limit: 10 })).flows).toHaveLength(10);
  history.close();
  store.close();
}, 90_000);
