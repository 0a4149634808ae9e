/** SIGHUP to a service that captures: what changes from one packet to the next, and that nothing else does. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Accounting, Config, FlowPage, Health, Stats } from '../../../src/api/contract.ts';
import { sleep, until } from '../../support/command.ts';
import { LiveServe } from '../../support/live-serve.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { liveUnavailable, type Network } from '../namespaces.ts';
import { NOBODY, silentLinks } from '../topology.ts';
import { sendDatagrams } from '../traffic.ts';

const missing = liveUnavailable('curl');

/** Ports of datagrams: always let through, only by the first filter, only by the second. */
const ALWAYS = 7000;
const FIRST = 7001;
const SECOND = 7002;
const filterOf = (port: number): string => `udp dst port ${ALWAYS} or udp dst port ${port}`;

describe.skipIf(missing !== null)(`SIGHUP to weir serve${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let network: Network;
  const folder = new TemporaryFolder('serve-reload');
  const path = folder.file('weir.toml');
  beforeAll(async () => {
    network = await silentLinks();
  });
  afterAll(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const configure = (filter: string, ports: number | string): void =>
    writeFileSync(path, `[capture]\nfilter = "${filter}"\n[detect.rules.port_scan]\nports = ${ports}\n`);
  const start = (...args: string[]): Promise<LiveServe> => LiveServe.start(network, 'sensor', ['-i', 'rx0', '--config', path, ...args]);
  const send = (port: number, count: number, perSecond = 2000): Promise<void> =>
    sendDatagrams(network, 'sender', { to: NOBODY, port, count, perSecond });

  async function filterInForce(run: LiveServe): Promise<unknown> {
    return (await run.get<Config>('/config')).settings.find(({ key }) => key === 'capture.filter')?.value;
  }

  async function reload(run: LiveServe, filter: string, ports: number): Promise<void> {
    configure(filter, ports);
    run.process.child.kill('SIGHUP');
    await until('the new configuration', async () => (await filterInForce(run)) === filter, 10_000, 50);
    const { rules } = await run.get<Config>('/config');
    expect(rules.find(({ kind }) => kind === 'port_scan')?.settings.ports).toBe(ports);
  }

  async function steadyFlow(run: LiveServe): Promise<FlowPage['flows'][number] | undefined> {
    return (await run.get<FlowPage>('/flows?state=live&limit=100')).flows.find(({ responder }) => responder.port === ALWAYS);
  }

  /** Packets to each port, once `count` have been seen in all. */
  async function packets(run: LiveServe, count: number): Promise<Record<number, number>> {
    await until('all packets', async () => (await run.get<Stats>('/stats')).packets_total >= count, 10_000, 100).catch(() => {});
    const { flows } = await run.get<FlowPage>('/flows?state=live&limit=100');
    const byPort: Record<number, number> = {};
    for (const { responder, packets: seen } of flows) byPort[responder.port ?? 0] = (byPort[responder.port ?? 0] ?? 0) + seen;
    return byPort;
  }

  it('changes filter and thresholds, loses no packet and no flow, and refuses a bad file', async () => {
    configure(filterOf(FIRST), 40);
    await using run = await start();
    const steady = send(ALWAYS, 10_000, 2000);
    await Promise.all([send(FIRST, 500), send(SECOND, 500)]);
    await sleep(200);
    const before = await until('the steady flow', () => steadyFlow(run), 5000, 100);
    await reload(run, filterOf(SECOND), 41);
    await Promise.all([send(FIRST, 700), send(SECOND, 700)]);
    // A file that says something wrong changes nothing, not even what is right in it.
    configure(filterOf(FIRST), '"many"');
    run.process.child.kill('SIGHUP');
    await until('the complaint', () => run.process.stderr.includes('the configuration in force stays'));
    expect(run.process.stderr).toContain(`${path}:4:1`);
    writeFileSync(path, '[capture]\nfilter = "udp dst prt 1"\n[detect.rules.port_scan]\nports = 42\n');
    run.process.child.kill('SIGHUP');
    await until('the second complaint', () => run.process.stderr.split('the configuration in force stays').length === 3);
    expect(run.process.stderr).toMatch(/invalid filter/);
    await Promise.all([send(FIRST, 300), send(SECOND, 300)]);
    const during = await Promise.all(Array.from({ length: 3 }, () => run.get<Accounting>('/accounting')));
    expect(during.flatMap(({ identities }) => identities).filter(({ holds }) => holds === false)).toEqual([]);
    expect((await run.get<Health>('/health')).checks.filter(({ ok }) => !ok)).toEqual([]);
    await steady;
    expect(await packets(run, 10_000 + 500 + 1000)).toEqual({ [ALWAYS]: 10_000, [FIRST]: 500, [SECOND]: 1000 });
    const after = await steadyFlow(run);
    expect([after?.flow_id, after?.first_seen]).toEqual([before.flow_id, before.first_seen]);
    expect(after?.packets).toBeGreaterThan(before.packets);
    expect(await filterInForce(run)).toBe(filterOf(SECOND));
    const { rules } = await run.get<Config>('/config');
    expect(rules.find(({ kind }) => kind === 'port_scan')?.settings.ports).toBe(41);
    expect((await run.get<Stats>('/stats')).loss).toMatchObject({ kernel: 0, ring: 0 });
    await run.stop();
  });

  it('six times under load: every packet is there, in the flows that were there before', async () => {
    configure(filterOf(FIRST), 40);
    await using run = await start('--shards', '2');
    const count = 80_000;
    const traffic = sendDatagrams(network, 'sender', { to: NOBODY, port: ALWAYS, count, perSecond: 20_000, sources: 50 });
    await sleep(1000);
    for (let round = 0; round < 6; round++) await reload(run, filterOf(round % 2 === 0 ? SECOND : FIRST), 41 + round);
    await traffic;
    await until('all packets', async () => (await run.get<Stats>('/stats')).packets_total >= count, 10_000, 100).catch(() => {});
    const stats = await run.get<Stats>('/stats');
    expect(stats).toMatchObject({ packets_total: count, flows: { created: 50, live: 50 }, loss: { kernel: 0, ring: 0 } });
    const { flows } = await run.get<FlowPage>('/flows?state=live&limit=100');
    expect(flows.map(({ packets: seen }) => seen)).toEqual(Array.from({ length: 50 }, () => count / 50));
    expect((await run.get<Accounting>('/accounting')).holds).toBe(true);
    await run.stop();
  });
});
