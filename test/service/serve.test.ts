/** `weir serve` as people run it, on a replayed capture: what it answers, keeps, and refuses. */
import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { AlertPage, Config, DevicePage, FlowPage, Stats } from '../../src/api/contract.ts';
import type { FlowRecord } from '../../src/flow/record.ts';
import type { RunSummary } from '../../src/merge/summary.ts';
import { until } from '../support/command.ts';
import { writeScan } from '../support/scan-frames.ts';
import { ServeRun } from '../support/serve-run.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJson, readJsonLines, runWeir } from '../support/weir-command.ts';

const capture = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));

async function everyFlow(run: ServeRun): Promise<FlowPage['flows']> {
  const flows: FlowPage['flows'] = [];
  let cursor: string | null = null;
  do {
    const page: FlowPage = await run.get(`/flows?limit=7${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    flows.push(...page.flows);
    cursor = page.next;
  } while (cursor !== null);
  return flows;
}

describe('weir serve', () => {
  it('answers with what weir replay says of the same capture', async () => {
    using folder = new TemporaryFolder('serve');
    const outputs = ['--flows-jsonl', folder.file('flows.jsonl'), '--summary-json', folder.file('summary.json')];
    const replayed = await runWeir(['replay', capture, '--quiet', '--anomalies', ...outputs]);
    expect(replayed.code).toBe(0);
    const records = readJsonLines<FlowRecord>(folder.file('flows.jsonl'));
    const summary = readJson<RunSummary>(folder.file('summary.json'));
    await using run = await ServeRun.start(['--replay', capture]);
    await run.ended();
    const stats = await run.get<Stats>('/stats');
    expect(stats).toMatchObject({ packets_total: summary.packets_accounted, bytes_total: summary.bytes_accounted });
    expect(stats.flows).toMatchObject({ created: summary.flows_created, live: 0 });
    const flows = await everyFlow(run);
    expect(flows.map(({ flow_id, bytes }) => `${flow_id} ${bytes}`).sort()).toEqual(
      records.map(({ flow_id, bytes_total }) => `${flow_id} ${bytes_total}`).sort(),
    );
    const one = records.find(({ app }) => app?.protocol === 'http');
    expect((await run.get<{ record: FlowRecord }>(`/flows/${one?.flow_id}`)).record).toEqual(one);
    const ledger = await run.get<RunSummary['ledger']>('/accounting');
    expect(ledger.holds).toBe(true);
    // Packets for pages and recent packets are counted by the service alone.
    const traffic = ({ identities }: RunSummary['ledger']) => identities.filter(({ name }) => !/^(?:tap|recall)/.test(name));
    expect(traffic(ledger)).toEqual(traffic(summary.ledger));
    expect((await run.stop()).code).toBe(0);
  });

  it('gives the packets of a flow as a capture', async () => {
    using folder = new TemporaryFolder('serve');
    await using run = await ServeRun.start(['--replay', capture]);
    await run.ended();
    const { flows } = await run.get<FlowPage>('/flows?app=http&sort=bytes&limit=1');
    const response = await fetch(`${run.url}/api/v1/flows/${flows[0].flow_id}/pcap`);
    expect(response.status).toBe(200);
    writeFileSync(folder.file('flow.pcapng'), new Uint8Array(await response.arrayBuffer()));
    const again = await runWeir(['replay', folder.file('flow.pcapng'), '--quiet', '--export-json', folder.file('flow.json')]);
    expect(again.code).toBe(0);
    const [record] = readJson<FlowRecord[]>(folder.file('flow.json'));
    expect(record).toMatchObject({ community_id: flows[0].community_id, packets_total: flows[0].packets, bytes_total: flows[0].bytes });
  });

  it('keeps the packets that show an alert, which weir explain recomputes it from', async () => {
    using folder = new TemporaryFolder('serve');
    const scan = folder.file('scan.pcap');
    writeScan(scan, 40);
    await using run = await ServeRun.start([
      '--replay',
      scan,
      '--data-dir',
      folder.file('data'),
      '--alerts-jsonl',
      folder.file('alerts.jsonl'),
    ]);
    await run.ended();
    const { alerts } = await run.get<AlertPage>('/alerts?kind=vertical_scan');
    const [{ alert_id, evidence }] = alerts;
    expect(evidence).toEqual({ pcap: folder.file(`data/evidence/${alert_id}.pcapng`), packets: expect.any(Number), complete: true });
    const response = await fetch(`${run.url}/api/v1/alerts/${alert_id}/pcap`);
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(readFileSync(evidence!.pcap!));
    const explained = await runWeir(['explain', alert_id, '--alerts', folder.file('alerts.jsonl')]);
    expect([explained.code, explained.stdout]).toEqual([0, expect.stringContaining('fires again from its evidence, at the same packet')]);
  });

  it('goes on with devices and flows after a restart', async () => {
    using folder = new TemporaryFolder('serve');
    const args = ['--replay', capture, '--data-dir', folder.file('data')];
    const counts: number[][] = [];
    for (let round = 0; round < 2; round++) {
      await using run = await ServeRun.start(args);
      await run.ended();
      const { devices } = await run.get<DevicePage>('/devices');
      counts.push([(await everyFlow(run)).length, devices.length, devices.reduce((sum, { flows }) => sum + flows, 0)]);
      expect((await run.stop(round === 0 ? 'SIGTERM' : 'SIGINT')).code).toBe(0);
    }
    // The same flows again, under the same ids: a record takes the place of the one before. Devices add up.
    expect(counts[1][0]).toBe(counts[0][0]);
    expect(counts[1][1]).toBe(counts[0][1]);
    expect(counts[1][2]).toBe(2 * counts[0][2]);
    const db = new DatabaseSync(folder.file('data/weir.db'), { readOnly: true });
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    db.close();
  });

  it('lets one process write into a data folder, and copies it while that runs', async () => {
    using folder = new TemporaryFolder('serve');
    const args = ['--replay', capture, '--data-dir', folder.path];
    await using run = await ServeRun.start(args);
    await run.ended();
    const second = await runWeir(['serve', '--port', '0', ...args]);
    expect([second.code, second.stderr]).toEqual([
      2,
      `weir: data folder ${folder.path}: the process ${run.process.pid} writes into it\n  hint: stop that one, or name another folder\n`,
    ]);
    const copied = await runWeir(['backup', folder.file('copy.db'), '--data-dir', folder.path]);
    expect([copied.code, copied.stderr]).toEqual([0, '']);
    const db = new DatabaseSync(folder.file('copy.db'), { readOnly: true });
    expect(db.prepare('SELECT count(*) AS n FROM flows').get()).toEqual({ n: (await everyFlow(run)).length });
    db.close();
    expect((await runWeir(['prune', '--data-dir', folder.path])).code).toBe(2);
    await run.stop();
    const pruned = await runWeir(['prune', '--data-dir', folder.path, '--retention-days', '0.000001']);
    expect([pruned.code, pruned.stderr]).toEqual([0, '']);
    expect(pruned.stdout).toMatch(/^\d+ records removed\n$/);
  });

  it('asks for a token where there is a token file, and refuses to be open without one', async () => {
    using folder = new TemporaryFolder('serve');
    const made = await runWeir(['token', '--role', 'admin', '--name', 'alice']);
    writeFileSync(folder.file('tokens'), made.stdout, { mode: 0o600 });
    const token = /token \(shown once\): (\S+)/.exec(made.stderr)?.[1] ?? '';
    await using run = await ServeRun.start(['--replay', capture, '--token-file', folder.file('tokens')]);
    expect((await fetch(`${run.url}/api/v1/stats`)).status).toBe(401);
    expect((await fetch(`${run.url}/api/v1/stats`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    await run.get('/stats', { authorization: `Bearer ${token}` });
    const asked = await runWeir(['stats', '--json', '--url', run.url], { env: { WEIR_TOKEN: token } });
    expect((JSON.parse(asked.stdout) as Stats).sensor.version).toBe(
      (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version,
    );
    const refused = await runWeir(['flows', '--url', run.url]);
    expect([refused.code, refused.stdout]).toEqual([3, '']);
    const open = await runWeir(['serve', '--replay', capture, '--port', '0', '--bind', '0.0.0.0']);
    expect(open.code).toBe(2);
    expect(open.stderr).toContain('weir token');
  });

  it('answers weir flows, devices, alerts and stats as tables and as JSON lines', async () => {
    await using run = await ServeRun.start(['--replay', capture]);
    await run.ended();
    const flows = await runWeir(['flows', '--ended', '--limit', '1000', '--url', run.url]);
    expect(flows.stdout.split('\n')[0]).toMatch(/^Flow +State +Proto +App +From +To +Host +Packets +Bytes +Duration$/);
    // Whole ids and whole IPv6 addresses: what is printed can be asked for.
    for (const flow of await everyFlow(run)) {
      expect(flows.stdout).toContain(flow.flow_id);
      expect(flows.stdout).toContain(flow.initiator.ip);
    }
    expect((await runWeir(['flows', '--url', run.url])).stdout).toBe('no live flows; --ended shows those that have ended\n');
    const devices = await runWeir(['devices', '--json', '--url', run.url]);
    const known = (await run.get<DevicePage>('/devices')).devices;
    expect(
      devices.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { mac: string }).mac),
    ).toEqual(known.map(({ mac }) => mac));
    expect((await runWeir(['alerts', '--url', run.url])).stdout).toBe('no alerts\n');
    const nobody = await runWeir(['stats', '--url', 'http://127.0.0.1:9']);
    expect([nobody.code, nobody.stdout]).toEqual([3, '']);
    expect(nobody.stderr).toContain('no sensor answers at http://127.0.0.1:9');
  });

  it('reads its configuration again on SIGHUP, and keeps the old one when the new one is wrong', async () => {
    using folder = new TemporaryFolder('serve');
    const path = folder.file('weir.toml');
    const ports = async (run: ServeRun): Promise<unknown> =>
      (await run.get<Config>('/config')).rules.find(({ kind }) => kind === 'port_scan')?.settings.ports;
    const inNetwork = async (run: ServeRun): Promise<unknown> =>
      (await run.get<Config>('/config')).rules
        .find(({ kind }) => kind === 'port_scan')
        ?.networks.map(({ network, settings }) => [network, settings.ports]);
    writeFileSync(path, '[detect.rules.port_scan]\nports = 40\n');
    await using run = await ServeRun.start(['--config', path, '--replay', capture, '--speed', 'realtime', '--loop', '0']);
    expect(await ports(run)).toBe(40);
    expect(await inNetwork(run)).toEqual([]);
    writeFileSync(path, '[detect.rules.port_scan]\nports = 41\n[detect.networks."10.20.0.0/16".port_scan]\nports = 200\n');
    run.process.child.kill('SIGHUP');
    await until('the new threshold', async () => (await ports(run)) === 41, 10_000);
    expect(await inNetwork(run)).toEqual([['10.20.0.0/16', 200]]);
    writeFileSync(path, '[detect.networks."10.20.0.0/16".port_scan]\nports = "many"\n');
    run.process.child.kill('SIGHUP');
    await until('the complaint', () => run.process.stderr.includes('the configuration in force stays'), 10_000);
    expect(run.process.stderr).toContain(`${path}:2:1: detect.networks.10.20.0.0/16.port_scan.ports is "many"`);
    expect(await ports(run)).toBe(41);
    expect(await inNetwork(run)).toEqual([['10.20.0.0/16', 200]]);
    const before = await run.get<Stats>('/stats');
    await until('more packets', async () => (await run.get<Stats>('/stats')).packets_total > before.packets_total, 10_000);
    expect((await run.stop()).code).toBe(0);
  });

  it('says what is wrong before it starts', async () => {
    const cases: [string[], number, RegExp][] = [
      [['--replay', '/nowhere.pcap'], 3, /\/nowhere\.pcap/],
      [['--replay', capture, '-i', 'lo'], 2, /--replay and (?:-i|--interface) contradict each other/],
      [['--replay', capture, '--tls-cert', 'x.pem'], 2, /--tls-cert needs --tls-key/],
      [['--replay', capture, '--data-dir', '/proc/nowhere'], 1, /data folder \/proc\/nowhere/],
      [['--replay', capture, '--user', 'nobody-here'], 2, /there is no such account/],
      [['--replay', capture, '--token-file', '/nowhere'], 2, /\/nowhere: no such file/],
      [['--replay', capture, '--country-db', '/nowhere.mmdb'], 2, /\/nowhere\.mmdb/],
    ];
    for (const [args, code, message] of cases) {
      const result = await runWeir(['serve', '--port', '0', ...args]);
      expect([args, result.code]).toEqual([args, code]);
      expect(result.stderr).toMatch(message);
      expect(result.stdout).toBe('');
    }
  });
});
