/** A shard that dies while packets come: its flows are lost and counted, a successor goes on, and nothing else notices. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../src/merge/ledger.ts';
import { until } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { CaptureRun } from './capture-run.ts';
import { liveUnavailable, type Network } from './namespaces.ts';
import { NOBODY, silentLinks } from './topology.ts';
import { sendDatagrams } from './traffic.ts';

const missing = liveUnavailable();

/** A term of the identity of that name, in packets or flows. */
function term(ledger: Ledger, identity: string, name: string): number {
  const found = ledger.identities.find((item) => item.name === identity && item.unit !== 'bytes');
  return found!.right.find((each) => each.name === name)!.value!;
}

describe.skipIf(missing !== null)(`a shard that dies in a live capture${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let network: Network;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    network = await silentLinks();
  });
  afterAll(() => network[Symbol.asyncDispose]());
  beforeEach(() => {
    folder = new TemporaryFolder('dead-shard');
  });
  afterEach(() => folder[Symbol.dispose]());

  const capture = (...args: string[]) => CaptureRun.start(network, 'sensor', folder, ['-i', 'rx0', ...args], 1, 'kill-shard');
  /** Live flows as of the last stats line, once no packets come any more. */
  const flowsAtRest = (run: CaptureRun) => Number(/.*\| 0 pps \| (\d+) flows /s.exec(run.process.stdout)?.[1]);
  const deaths = (run: CaptureRun) => run.process.stderr.split('shard 0 died').length - 1;
  async function kill(run: CaptureRun): Promise<void> {
    const before = deaths(run);
    run.process.child.kill('SIGUSR2');
    await until('the shard to die', () => deaths(run) > before);
  }

  it('is replaced: later flows are whole, ticks go on, the flow limit is whole again, and every packet is accounted for', async () => {
    const run = await capture('--shards', '2', '--max-flows', '400', '--flow-timeout-s', '4', '--stats');
    await sendDatagrams(network, 'sender', { to: NOBODY, port: 1000, count: 1200, sources: 300 });
    await until('300 flows at rest', () => flowsAtRest(run) === 300, 3500);
    await kill(run);
    expect(run.process.stderr).toContain('it was replaced, its flows are lost');
    // Beside the survivors of the first 300 these fit only when the credits of the dead shard are free again.
    await sendDatagrams(network, 'sender', { to: NOBODY, port: 2000, count: 1200, sources: 120 });
    const later = () => run.flowLines().filter((flow) => flow.endpoint_b.port === 2000);
    await until('the later flows to time out', () => later().length === 120, 10_000);
    for (const flow of later()) expect(flow).toMatchObject({ packets_total: 10, end_reason: 'idle' });
    await run.stop();

    const summary = run.summary();
    expect(summary).toMatchObject({ frames_read: 2400, ring_drops: 0, shards_lost: 1, flows_created: 420, flows_evicted: 0, error: null });
    expect(summary.deterministic).toBe(false);
    const lostFlows = term(summary.ledger, 'flows', 'lost_with_shard');
    const lostPackets = term(summary.ledger, 'accounted', 'in_flows_lost_with_shard');
    expect(lostFlows).toBeGreaterThan(0);
    expect([lostPackets, term(summary.ledger, 'ring', 'lost_with_shard')]).toEqual([4 * lostFlows, 0]);
    for (const flows of [run.flows(), run.flowLines()]) {
      expect(flows.length).toBe(420 - lostFlows);
      expect(flows.reduce((sum, flow) => sum + flow.packets_total, 0)).toBe(2400 - lostPackets);
    }
  });

  it('is given up after three successors; with no shard left the capture ends with 1, and what it had is exported', async () => {
    const run = await capture('--shards', '1', '--flow-timeout-s', '2', '--stats');
    for (let death = 1; death <= 4; death++) {
      await sendDatagrams(network, 'sender', { to: NOBODY, port: death, count: 100, sources: 5 });
      // The last of them finds flows alive, the first three find none.
      if (death < 4) await until('the flows to end', () => run.flowLines().length === 5 * death, 5000);
      else await until('the last flows at rest', () => flowsAtRest(run) === 5, 3500);
      await kill(run);
    }
    const { code, stderr } = await run.process.wait(15_000);
    expect(stderr.match(/it was replaced/g)).toHaveLength(3);
    expect(stderr).toMatch(/^weir: shard 0 died: /m);
    expect(stderr).not.toContain('the ledger does not hold');
    expect(code).toBe(1);
    const summary = run.summary();
    expect(summary).toMatchObject({ frames_read: 400, shards_lost: 4, flows_created: 20, ended_by: 'error' });
    expect(term(summary.ledger, 'flows', 'lost_with_shard')).toBe(5);
    expect(run.flows().map((flow) => flow.packets_total)).toEqual(Array<number>(15).fill(20));
  });
});
