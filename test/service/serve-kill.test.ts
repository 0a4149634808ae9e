/** kill -9 at any moment: what the service had said stays true, and it goes on from there. */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { DevicePage, FlowPage, Stats } from '../../src/api/contract.ts';
import { sleep, until } from '../support/command.ts';
import { roundsOf } from '../support/rounds.ts';
import { ServeRun } from '../support/serve-run.ts';
import { randomOf } from '../support/stored-ticks.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { startWeir } from '../support/weir-command.ts';

const capture = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));
const ROUNDS = roundsOf(3);
/** Packet time, and here wall time, between two ticks. */
const TICK_MS = 250;

interface Kept {
  ticks: number;
  packets: number;
  flows: number;
  devices: number;
}

const NOTHING: Kept = { ticks: 0, packets: 0, flows: 0, devices: 0 };

/** What the database holds, which must be whole. Rounds of the same packet time add up in its sums. */
function kept(dataDir: string): Kept {
  if (!existsSync(`${dataDir}/weir.db`)) return NOTHING;
  // Opened to be written, as the next service does it: a log that was left behind is worked off.
  const db = new DatabaseSync(`${dataDir}/weir.db`);
  try {
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'stats'").get() === undefined) return NOTHING;
    const sums = db.prepare('SELECT total(ticks) AS ticks, total(packets) AS packets FROM stats WHERE step_secs = 0').get();
    const flows = db.prepare('SELECT count(*) AS flows FROM flows').get();
    const devices = db.prepare('SELECT count(*) AS devices FROM devices').get();
    return { ...sums, ...flows, ...devices } as unknown as Kept;
  } finally {
    db.close();
  }
}

/** Asks as fast as it can until the process has gone; what it said last, and of the tick before that. */
async function asked(run: ServeRun): Promise<{ last: Stats; packetsBefore: number; flows: number } | null> {
  const heard = new Map<number, Stats>();
  let flows = 0;
  for (;;) {
    try {
      const stats = await run.get<Stats>('/stats');
      if (stats.time !== null) heard.set(stats.tick, stats);
      flows = (await run.get<FlowPage>('/flows?state=ended&limit=1000')).flows.length;
    } catch {
      const last = heard.get(Math.max(...heard.keys()));
      return last === undefined ? null : { last, packetsBefore: heard.get(last.tick - 1)?.packets_total ?? 0, flows };
    }
  }
}

describe('weir serve killed with kill -9', () => {
  it(`at ${ROUNDS} random moments: the database is whole, lacks one tick at most, and goes on`, {
    timeout: 30_000 * (ROUNDS + 1),
  }, async () => {
    using folder = new TemporaryFolder('kill');
    const dataDir = folder.file('data');
    const args = ['--replay', capture, '--loop', '0', '--speed', 'realtime', '--tick-ms', String(TICK_MS), '--data-dir', dataDir];
    const seed = Date.now() % 1_000_000;
    const random = randomOf(seed);
    let before = NOTHING;
    for (let round = 0; round < ROUNDS; round++) {
      const where = { seed, round };
      if (round % 4 === 0) {
        // Anywhere in its start, where the database is made or taken up again.
        const process = startWeir(['serve', '--port', '0', ...args]);
        await sleep(random() * 2500);
        await process.stop('SIGKILL');
        before = kept(dataDir);
        continue;
      }
      await using run = await ServeRun.start(args);
      const answers = asked(run);
      await sleep(200 + random() * 2500);
      await run.stop('SIGKILL');
      const said = await answers;
      const after = kept(dataDir);
      expect({ ...where, flows: after.flows >= Math.max(before.flows, said?.flows ?? 0) }).toEqual({ ...where, flows: true });
      if (said !== null) {
        // Ticks are told before they are stored: the one that was being written may be missing, and no other.
        expect({ ...where, missing: said.last.tick - (after.ticks - before.ticks) }).toEqual({
          ...where,
          missing: expect.toSatisfy((count: number) => count <= 1),
        });
        expect(after.packets - before.packets).toBeGreaterThanOrEqual(said.packetsBefore);
      }
      before = after;
    }
    await using run = await ServeRun.start(args);
    await until('new ticks', async () => (await run.get<Stats>('/stats')).tick > 4);
    expect(before.devices).toBeGreaterThan(0);
    expect((await run.get<DevicePage>('/devices')).devices.length).toBeGreaterThanOrEqual(before.devices);
    expect((await run.stop()).code).toBe(0);
    expect(kept(dataDir).ticks).toBeGreaterThan(before.ticks + 3);
  });
});
