import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sleep, until } from '../../support/command.ts';
import { cpuSeconds } from '../../support/processes.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { CaptureRun } from '../capture-run.ts';
import { liveUnavailable, type Network } from '../namespaces.ts';
import { NOBODY, silentLinks } from '../topology.ts';
import { sendDatagrams } from '../traffic.ts';

const missing = liveUnavailable();

describe.skipIf(missing !== null)(`a live run${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let network: Network;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    network = await silentLinks();
    folder = new TemporaryFolder('lifetime');
  });
  afterAll(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });
  const capture = (...args: string[]) => CaptureRun.start(network, 'sensor', folder, ['-i', 'rx0', ...args]);

  it('ends an idle flow on a silent link at its timeout, within a second', async () => {
    const run = await capture('--flow-timeout-s', '3');
    await sendDatagrams(network, 'sender', { to: NOBODY, count: 5 });
    const lastFrame = Date.now() / 1000;
    const [record] = await until('the record of the idle flow', () => (run.flowLines().length > 0 ? run.flowLines() : null), 8000, 50);
    const after = Date.now() / 1000 - lastFrame;
    await run.stop();
    expect(record).toMatchObject({ end_reason: 'idle', packets_total: 5 });
    expect(after).toBeGreaterThan(2);
    expect(after).toBeLessThan(4.5);
  });

  it('with timeout 0 keeps an idle flow until the end', async () => {
    const run = await capture('--flow-timeout-s', '0');
    await sendDatagrams(network, 'sender', { to: NOBODY, count: 5 });
    await sleep(2500);
    expect(run.flowLines()).toEqual([]);
    await run.stop();
    expect(run.flowLines()).toMatchObject([{ end_reason: 'shutdown', packets_total: 5 }]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('exports every open flow on %s while traffic goes on', async (signal) => {
    const run = await capture('--shards', '2');
    const traffic = sendDatagrams(network, 'sender', { to: NOBODY, count: 6000, perSecond: 4000, sources: 100 });
    await sleep(900);
    await run.stop(signal, 5000);
    await traffic;
    const summary = run.summary();
    expect(summary.frames_read).toBeGreaterThan(0);
    expect(summary.ended_by).toBe('stop');
    expect(summary.ledger.holds).toBe(true);
    for (const flows of [run.flows(), run.flowLines()]) {
      expect(flows.length).toBe(summary.flows_created);
      expect(flows.every((flow) => flow.end_reason === 'shutdown')).toBe(true);
      expect(flows.reduce((sum, flow) => sum + flow.packets_total, 0)).toBe(summary.frames_read);
    }
  });

  it('survives its interface going down and up again', async () => {
    const run = await capture();
    await sendDatagrams(network, 'sender', { to: NOBODY, port: 1000, count: 100 });
    await sleep(300);
    await network.ip('sensor', 'link', 'set', 'rx0', 'down');
    await sleep(1200);
    await network.ip('sensor', 'link', 'set', 'rx0', 'up');
    // The sender's end lost its carrier, and with it the neighbour.
    await network.silentNeighbour('sender', 'tx0', NOBODY);
    await sleep(300);
    expect(run.process.running).toBe(true);
    await sendDatagrams(network, 'sender', { to: NOBODY, port: 2000, count: 200 });
    await sleep(300);
    await run.stop();
    const flows = run.flows().map((flow) => [flow.endpoint_b.port, flow.packets_total]);
    expect(flows).toEqual([
      [2000, 200],
      [1000, 100],
    ]);
    expect(run.summary().frames_read).toBe(300);
  });

  it('on a silent interface takes less than 1 % of a core with two shards', { timeout: 60_000 }, async () => {
    const run = await capture('--shards', '2');
    await sleep(2000);
    const before = cpuSeconds(run.process.pid);
    await sleep(10_000);
    const used = cpuSeconds(run.process.pid) - before;
    await run.stop();
    console.log(`idle: ${(used * 10).toFixed(2)} % of a core`);
    expect(used).toBeLessThan(0.1);
  });
});
