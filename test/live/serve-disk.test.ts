/** What a service does when the disk takes nothing any more: it goes on capturing, says so, and stores again when it can. */
import { chownSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Accounting, FlowPage, Health, Stats } from '../../src/api/contract.ts';
import { type CommandResult, until } from '../support/command.ts';
import { LiveServe } from '../support/live-serve.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { cleanEnvironment, weirEntry } from '../support/weir-command.ts';
import { liveUnavailable, type Network } from './namespaces.ts';
import { NOBODY, silentLinks } from './topology.ts';
import { sendDatagrams } from './traffic.ts';

const missing = liveUnavailable('curl', 'mount', 'setpriv');
const capture = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));
const SOURCES = 100;

describe.skipIf(missing !== null)(`the disk of weir serve${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let network: Network;
  const folder = new TemporaryFolder('serve-disk');
  const dataDir = folder.file('data');
  beforeAll(async () => {
    network = await silentLinks();
    mkdirSync(dataDir);
  });
  afterAll(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  /** Puts an empty file system under the data folder, for this one process to see. */
  const mounted = (options: string): string[] => ['sh', '-c', `mount -t tmpfs -o ${options} none ${dataDir} && exec "$0" "$@"`];

  let sent = 0;
  async function sendFlows(run: LiveServe): Promise<void> {
    await sendDatagrams(network, 'sender', { to: NOBODY, count: SOURCES * 5, perSecond: 5000, sources: SOURCES });
    sent += SOURCES * 5;
    const stats = await until('the packets', async () => {
      const found = await run.get<Stats>('/stats');
      return found.packets_total >= sent && found.flows.live === 0 && found;
    });
    expect(stats).toMatchObject({ packets_total: sent, loss: { kernel: 0, ring: 0 } });
  }
  const stored = async (run: LiveServe): Promise<number> => (await run.get<FlowPage>('/flows?state=ended&limit=1000')).flows.length;
  const check = async (run: LiveServe, name: string): Promise<Health['checks'][number] | undefined> =>
    (await run.get<Health>('/health')).checks.find((found) => found.name === name);

  it('may be full: everything is captured, what is lost is counted, and later ticks are stored again', async () => {
    const args = ['-i', 'rx0', '--data-dir', dataDir, '--flow-timeout-s', '0.5', '--daily-csv', '--tick-ms', '250'];
    await using run = await LiveServe.start(network, 'sensor', args, { through: mounted('size=3m') });
    const inside = `/proc/${run.process.pid}/root${dataDir}`;
    const fill = (): void => {
      for (let file = 0, size = 1 << 20; size >= 512; file++) {
        const free = statfsSync(inside).bavail * 4096;
        if (free === 0) return;
        try {
          writeFileSync(`${inside}/filler${file}`, Buffer.alloc(Math.min(size, free)));
        } catch {
          size /= 2;
        }
      }
    };
    await sendFlows(run);
    await until('flows in the database', async () => (await stored(run)) === SOURCES);
    expect((await run.get<Health>('/health')).status).toBe('up');
    fill();
    await sendFlows(run);
    const lost = await until('what is lost', async () => {
      const { store } = await run.get<Stats>('/stats');
      return store.error !== null && store.dropped_records > 0 && store;
    });
    expect(lost.error).toContain('no space left on device');
    const health = await run.get<Health>('/health');
    expect(health.status).toBe('degraded');
    expect(health.checks.find(({ name }) => name === 'store')).toMatchObject({ ok: false, detail: lost.error });
    for (let file = 0; file < 100; file++) rmSync(`${inside}/filler${file}`, { force: true });
    await until('a tick that is stored', async () => (await check(run, 'store'))?.ok === true);
    await sendFlows(run);
    const { store } = await run.get<Stats>('/stats');
    await until('later flows in the database', async () => (await stored(run)) === 3 * SOURCES - store.dropped_records);
    expect(run.process.stderr).toContain('the database takes records again');
    for (let i = 0; i < 5; i++) {
      const a = await run.get<Accounting>('/accounting');
      console.log(JSON.stringify(a.identities.filter(({ holds }) => holds === false)), run.process.stderr);
    }
    expect((await run.get<Accounting>('/accounting')).holds).toBe(true);
    // A service that ends on a full disk ends in order, and what it had stored stays.
    fill();
    await sendFlows(run);
    await run.stop();
  });

  async function serve(through: string[], path: string): Promise<CommandResult> {
    const command = [...through, process.execPath, weirEntry(), 'serve', '--port', '0', '--replay', capture, '--data-dir', path];
    return network.run('sensor', command[0], command.slice(1), { cwd: '/', env: cleanEnvironment(), timeoutMs: 20_000 });
  }

  it('may be read-only: it does not start, and says what and where', async () => {
    const { code, stdout, stderr } = await serve(mounted('ro'), dataDir);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^weir: data folder ${dataDir}: .*\\n  hint: .*\\n$`));
    expect(stderr).toContain('read-only file system');
  });

  it('may have no room for a first database: it does not start, and says what and where', async () => {
    const { code, stdout, stderr } = await serve(mounted('size=20k'), dataDir);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^weir: .*no space left on device\n {2}hint: .*\n$/i);
    expect(stderr).toContain(dataDir);
  });

  it('may hold a database of somebody else: it does not start, and the file stays as it is', async () => {
    const path = folder.file('foreign');
    mkdirSync(path);
    for (const to of [folder.path, path]) chownSync(to, 65_534, 65_534);
    const db = new DatabaseSync(`${path}/weir.db`);
    db.exec('CREATE TABLE theirs (x)');
    db.close();
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
    const { code, stdout, stderr } = await serve(nobody, path);
    console.log(code, stdout, stderr);
    expect(code).not.toBe(0);
  });
});
