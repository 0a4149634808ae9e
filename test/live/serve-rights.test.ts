/** With which rights a service captures, and which of them it keeps. */
import { chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stats } from '../../src/api/contract.ts';
import { until } from '../support/command.ts';
import { LiveServe } from '../support/live-serve.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { cleanEnvironment, weirEntry } from '../support/weir-command.ts';
import { liveUnavailable, type Network } from './namespaces.ts';
import { NOBODY as NOWHERE, silentLinks } from './topology.ts';
import { sendDatagrams } from './traffic.ts';

const missing = liveUnavailable('curl', 'setpriv');
const NOBODY = 65_534;
const NO_CAPABILITIES = '0000000000000000';
/** cap_net_admin and cap_net_raw. */
const TWO_CAPABILITIES = '0000000000003000';
const capture = new URL('../fixtures/demo.pcap', import.meta.url).pathname;

const asNobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
const withNone = [...asNobody, '--inh-caps=-all', '--bounding-set=-all', '--no-new-privs'];
const withTwo = [...asNobody, '--no-new-privs'].concat(
  ['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=-all,+net_raw,+net_admin`),
);

describe.skipIf(missing !== null)(`rights of weir serve${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let network: Network;
  const folder = new TemporaryFolder('serve-rights');
  beforeAll(async () => {
    network = await silentLinks();
    // Those who are not root have to get to their own folders in it.
    chownSync(folder.path, NOBODY, NOBODY);
  });
  afterAll(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  /** Flows of `count` new sources, once they are seen. */
  async function seesFlows(run: LiveServe, count: number): Promise<void> {
    const before = await run.get<Stats>('/stats');
    await sendDatagrams(network, 'sender', { to: NOWHERE, count: count * 4, sources: count });
    const wanted = { packets: before.packets_total + count * 4, flows: before.flows.created + count };
    const after = await until('the packets', async () => {
      const stats = await run.get<Stats>('/stats');
      return stats.packets_total >= wanted.packets ? stats : null;
    });
    expect([after.packets_total, after.flows.created]).toEqual([wanted.packets, wanted.flows]);
  }

  function expectNobody(run: LiveServe, capabilities: string): void {
    const four = Array.from({ length: 4 }, () => NOBODY).join('\t');
    for (const name of ['Uid', 'Gid']) expect(run.threadStatus(name)).toEqual([four]);
    // Debian's setpriv and Node both leave the account's own group, or none.
    expect([['65534'], ['']]).toContainEqual(run.threadStatus('Groups'));
    for (const name of ['CapPrm', 'CapEff', 'CapAmb']) expect([name, run.threadStatus(name)]).toEqual([name, [capabilities]]);
  }

  function expectOwned(path: string): void {
    expect(statSync(path).uid).toBe(NOBODY);
    const files = readdirSync(path);
    expect(files).toContain('weir.db');
    for (const file of files) expect([file, lstatSync(`${path}/${file}`).uid]).toEqual([file, NOBODY]);
  }

  it('starts as root, becomes a user in every thread, and goes on capturing and storing', async () => {
    const dataDir = folder.file('dropped');
    // From a first try.
    rmSync(dataDir, { recursive: true, force: true });
    mkdirSync(dataDir, { mode: 0o700 });
    // What an earlier run as root has left; and two ways to have root change what is not the service's.
    writeFileSync(`${dataDir}/flows_20260101.csv`, 'left\n', { mode: 0o600 });
    const foreign = folder.file('foreign');
    writeFileSync(foreign, 'not ours\n');
    symlinkSync(foreign, `${dataDir}/link`);
    symlinkSync(foreign, `${dataDir}/weir.pid`);
    const args = ['-i', 'rx0', '--data-dir', dataDir, '--user', 'nobody', '--daily-csv', '--flow-timeout-s', '1'];
    await using run = await LiveServe.start(network, 'sensor', args);
    expectNobody(run, NO_CAPABILITIES);
    await seesFlows(run, 50);
    await until('ended flows in the database', async () => (await run.get<{ flows: unknown[] }>('/flows?state=ended')).flows.length === 50);
    // The service compresses it beside everything else; then nothing else comes or goes.
    await until('the compressed day of before', () => !readdirSync(dataDir).includes('flows_20260101.csv'));
    expectOwned(dataDir);
    expect([statSync(foreign).uid, readFileSync(foreign, 'utf8')]).toEqual([0, 'not ours\n']);
    expectNobody(run, NO_CAPABILITIES);
    await run.stop();
    expect(readdirSync(dataDir)).not.toContain('weir.pid');
  });

  it('captures as a user who has the two capabilities and nothing else', async () => {
    const dataDir = folder.file('two');
    await using run = await LiveServe.start(network, 'sensor', ['-i', 'rx0', '--data-dir', dataDir], { through: withTwo });
    expectNobody(run, TWO_CAPABILITIES);
    await seesFlows(run, 50);
    expectOwned(dataDir);
    await run.stop();
  });

  it('refuses to capture without rights, with exit code 3 and what to do', async () => {
    const command = [...withNone, process.execPath, weirEntry(), 'serve', '--port', '0', '-i', 'rx0'];
    const { code, stdout, stderr } = await network.run('sensor', command[0], command.slice(1), { cwd: '/', env: cleanEnvironment() });
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/setcap\s+'?cap_net_raw,cap_net_admin[=+]e?i?p'?\s+\S+/);
  });

  it('refuses to become somebody else without being root', async () => {
    const command = [...withTwo, process.execPath, weirEntry(), 'serve', '--port', '0', '-i', 'rx0', '--user', 'daemon'];
    const { code, stderr } = await network.run('sensor', command[0], command.slice(1), { cwd: '/', env: cleanEnvironment() });
    expect(code).toBe(2);
    expect(stderr).toContain('only root can become another user');
  });

  it('replays a capture without any right', async () => {
    const command = [...withNone, process.execPath, weirEntry(), 'serve', '--port', '0', '--replay', capture];
    const run = network.start('sensor', command[0], command.slice(1), { cwd: '/', env: cleanEnvironment() });
    const [, url] = await until('its address', () => /dashboard and API: (\S+)/.exec(run.stdout), 30_000);
    const stats = await until('the end of the input', async () => {
      const { stdout } = await network.mustRun('sensor', 'curl', ['-sS', '--fail', `${url}/api/v1/stats`]);
      const answer = JSON.parse(stdout) as Stats;
      return answer.sensor.state === 'ended' ? answer : null;
    });
    expect(stats.packets_total).toBe(350);
    expect((await run.stop('SIGTERM')).code).toBe(0);
  });
});
