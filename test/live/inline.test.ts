/** Inline captures on Linux: the kernel asks the sensor about packets of a host, and lets pass what nothing denies. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingCommands, until } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { weirEntry } from '../support/weir-command.ts';
import { CaptureRun } from './capture-run.ts';
import { liveUnavailable, Network } from './namespaces.ts';

const lacking = missingCommands(['iptables', 'ping', 'socat']);
const missing = lacking.length > 0 ? `needs ${lacking.join(', ')}` : liveUnavailable();
const HOST = '10.66.0.1';
const PEER = '10.66.0.2';
const QUEUE = '17';

describe.skipIf(missing !== null)(`inline on Linux${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let network: Network;
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = new TemporaryFolder('inline');
    network = await Network.create(['host', 'peer']);
    await network.join({ space: 'host', device: 'h0' }, { space: 'peer', device: 'p0' });
    await network.address('host', 'h0', `${HOST}/24`);
    await network.address('peer', 'p0', `${PEER}/24`);
    for (const chain of ['INPUT', 'OUTPUT']) {
      await network.mustRun('host', 'iptables', ['-A', chain, '-j', 'NFQUEUE', '--queue-num', QUEUE, '--queue-bypass']);
    }
  });
  afterEach(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const bound = () =>
    network.mustRun('host', 'cat', ['/proc/net/netfilter/nfnetlink_queue']).then(({ stdout }) => stdout.includes(` ${QUEUE} `));
  async function start(...args: string[]): Promise<CaptureRun> {
    const run = await CaptureRun.start(network, 'host', folder, ['--active', '--nfqueue', QUEUE, '--dpi', 'builtin', ...args], 0);
    await until('the queue is bound', bound);
    return run;
  }
  const ping = async (count = 5, space = 'host', to = PEER) =>
    (await network.run(space, 'ping', ['-q', '-c', String(count), '-i', '0.1', '-W', '1', to])).stdout;
  const fetch = (port: number) => network.run('host', 'socat', ['-T2', '-', `TCP:${PEER}:${port},connect-timeout=1`]);
  const divert = (run: CaptureRun) => run.summary().ledger.stages.divert as Record<string, number>;

  it('lets pass what nothing denies, and counts every packet', async () => {
    const server = network.start('peer', 'socat', ['-u', 'SYSTEM:head -c 3000000 /dev/zero', 'TCP-LISTEN:8080,reuseaddr']);
    const run = await start('--snaplen', '96');
    expect(await ping()).toContain('5 received');
    const { stdout } = await fetch(8080);
    expect(stdout.length).toBe(3_000_000);
    await server.wait(10_000);
    await run.stop();
    const { diverted, sent, denied, failed } = divert(run);
    expect([sent, denied, failed]).toEqual([diverted, 0, 0]);
    expect(diverted).toBeGreaterThan(50);
    const flows = run.flows();
    expect(flows.find(({ protocol }) => protocol === 'icmp')).toMatchObject({ packets_total: 10, dropped_count: 0 });
    const tcp = flows.find(({ protocol }) => protocol === 'tcp')!;
    expect(tcp).toMatchObject({ conn_state: 'SF', payload_bytes_a_to_b: 0, missed_bytes_b_to_a: 0 });
    // What the sender repeats, because the machine was busy, is payload as well.
    const isRepeated = tcp.retransmissions + tcp.fast_retransmissions + tcp.spurious_retransmissions > 0;
    if (isRepeated) expect(tcp.payload_bytes_b_to_a).toBeGreaterThan(3_000_000);
    else expect(tcp.payload_bytes_b_to_a).toBe(3_000_000);
  });

  it('denies an address, and counts what it stopped with the flow', async () => {
    const run = await start('--deny', PEER, '--events-jsonl', folder.file('events.jsonl'));
    expect(await ping(4)).toContain(' 0 received');
    await run.stop();
    expect(divert(run)).toMatchObject({ diverted: 4, denied: 4, sent: 0 });
    expect(run.flows()).toMatchObject([{ protocol: 'icmp', packets_total: 4, dropped_count: 4 }]);
    expect(readFileSync(folder.file('events.jsonl'), 'utf8')).toContain('"event":"drop"');
  });

  it('in quarantine lets in what comes, and out only to the management endpoint', async () => {
    const management = network.start('peer', 'socat', ['-u', 'SYSTEM:echo managed', 'TCP-LISTEN:6514,reuseaddr']);
    const other = network.start('peer', 'socat', ['-u', 'SYSTEM:echo other', 'TCP-LISTEN:8081,reuseaddr']);
    const run = await start('--quarantine', '--management', `${PEER}:6514`);
    expect(await ping(2)).toContain(' 0 received');
    // It comes in, and its answer does not go out.
    expect(await ping(2, 'peer', HOST)).toContain(' 0 received');
    expect((await fetch(6514)).stdout).toBe('managed\n');
    expect((await fetch(8081)).stdout).toBe('');
    await management.wait(5000);
    await other.stop('SIGTERM', 5000);
    await run.stop();
    const { diverted, sent, quarantined, failed } = divert(run);
    expect([failed, sent + quarantined]).toEqual([0, diverted]);
    expect(quarantined).toBeGreaterThan(4);
    const dropped = run.flows().reduce((sum, { dropped_count }) => sum + dropped_count, 0);
    expect(dropped).toBe(quarantined);
  });

  it('killed, leaves the path open', async () => {
    const run = await start('--deny', PEER);
    expect(await ping(2)).toContain(' 0 received');
    process.kill(run.process.pid, 'SIGKILL');
    await until('the queue is free', async () => !(await bound()));
    expect(await ping(3)).toContain('3 received');
  });

  it('a queue that another program reads is told, with what to do', async () => {
    const run = await start();
    const second = await network.run('host', process.execPath, [weirEntry(), 'capture', '--quiet', '--active', '--nfqueue', QUEUE]);
    expect([second.code, second.stderr]).toEqual([3, expect.stringContaining('--nfqueue')]);
    await run.stop();
  });
});
