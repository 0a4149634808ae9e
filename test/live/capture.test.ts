import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mustRun } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { cleanEnvironment, weirEntry } from '../support/weir-command.ts';
import { CaptureRun } from './capture-run.ts';
import { liveUnavailable, type Network } from './namespaces.ts';
import { NOBODY, silentLinks } from './topology.ts';
import { sendDatagrams } from './traffic.ts';

const missing = liveUnavailable('tshark');

describe.skipIf(missing !== null)(`live capture${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let network: Network;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    network = await silentLinks(2);
  });
  afterAll(() => network[Symbol.asyncDispose]());
  beforeEach(() => {
    folder = new TemporaryFolder('live');
  });
  afterEach(() => folder[Symbol.dispose]());
  const capture = (args: string[], sockets = 1) => CaptureRun.start(network, 'sensor', folder, args, sockets);

  it('reads every frame of a named interface and ends with 0 on SIGINT', async () => {
    const run = await capture(['-i', 'rx0']);
    await sendDatagrams(network, 'sender', { to: NOBODY, count: 1000, bytes: 100 });
    await run.stop('SIGINT');
    const summary = run.summary();
    expect(summary).toMatchObject({
      frames_read: 1000,
      input_wire_bytes: 142_000,
      kernel_drops: 0,
      ring_drops: 0,
      packets_accounted: 1000,
    });
    expect(run.flows()).toMatchObject([{ protocol: 'udp', packets_total: 1000, bytes_total: 142_000, end_reason: 'shutdown' }]);
  });

  it('captures from two interfaces at once, each with a named thread', async () => {
    const run = await capture(['-i', 'rx0', '-i', 'rx1', '--packets-jsonl', folder.file('packets.jsonl')], 2);
    const threads = readdirSync(`/proc/${run.process.pid}/task`).map((id) =>
      readFileSync(`/proc/${run.process.pid}/task/${id}/comm`, 'utf8').trim(),
    );
    await sendDatagrams(network, 'sender', { to: NOBODY, port: 1111, count: 100 });
    await sendDatagrams(network, 'sender', { to: '10.89.0.9', port: 2222, count: 150 });
    await run.stop();
    expect(run.summary()).toMatchObject({ frames_read: 250, kernel_drops: 0 });
    expect(threads.filter((name) => /rx[01]/.test(name)).length).toBe(2);
    const lines = readFileSync(folder.file('packets.jsonl'), 'utf8').trim().split('\n');
    expect(lines.filter((line) => line.includes('"rx0"')).length).toBe(100);
    expect(lines.filter((line) => line.includes('"rx1"')).length).toBe(150);
  });

  it('shares one interface among the sockets of a fanout group', async () => {
    const run = await capture(['-i', 'rx0', '--fanout', '2', '--shards', '2'], 2);
    await sendDatagrams(network, 'sender', { to: NOBODY, count: 2000, sources: 50 });
    await run.stop();
    expect(run.summary()).toMatchObject({ frames_read: 2000, packets_accounted: 2000, flows_created: 50 });
    for (const flow of run.flows()) expect(flow.packets_total).toBe(40);
  });

  it('stores what the snap length leaves and counts what was on the wire', async () => {
    const run = await capture(['-i', 'rx0', '-s', '96', '--write-pcap', folder.file('cut.pcap')]);
    await sendDatagrams(network, 'sender', { to: NOBODY, count: 20, bytes: 1000 });
    await run.stop();
    const { stdout } = await mustRun('tshark', ['-r', folder.file('cut.pcap'), '-T', 'fields', '-e', 'frame.cap_len', '-e', 'frame.len']);
    expect(stdout.trim().split('\n')).toEqual(Array(20).fill('96\t1042'));
    expect(run.flows()).toMatchObject([{ packets_total: 20, bytes_total: 20_840, snaplen_cut: 20 }]);
  });

  it('counts only what the filter lets through', async () => {
    const run = await capture(['-i', 'rx0', '-f', 'udp port 5000']);
    await sendDatagrams(network, 'sender', { to: NOBODY, port: 5000, count: 40 });
    await sendDatagrams(network, 'sender', { to: NOBODY, port: 5001, count: 60 });
    await run.stop();
    expect(run.summary()).toMatchObject({ frames_read: 40, packets_accounted: 40 });
  });

  it('refuses a wrong filter with the message of the compiler', async () => {
    const result = await network.run('sensor', process.execPath, [weirEntry(), 'capture', '-i', 'rx0', '-f', 'udp porty 5'], {
      timeoutMs: 20_000,
      env: cleanEnvironment(),
    });
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/syntax error|porty/);
  });

  it('stops by itself after the packet limit', async () => {
    const run = await capture(['-i', 'rx0', '-c', '20']);
    await sendDatagrams(network, 'sender', { to: NOBODY, count: 50 });
    await run.finish();
    expect(run.summary()).toMatchObject({ frames_read: 20, ended_by: 'count' });
    expect(run.flows()).toMatchObject([{ packets_total: 20 }]);
  });

  it('echoes the read timeout, the buffer and immediate mode in the summary', async () => {
    const run = await capture(['-i', 'rx0', '-t', '250', '--buffer-mb', '8', '--immediate']);
    await run.stop('SIGTERM');
    expect(run.summary().effective).toMatchObject({ input: { timeoutMs: 250, bufferMb: 8, immediate: true, promiscuous: true } });
  });

  it('without a name takes the first interface that is up and has an address, and prints it', async () => {
    await network.ip('sensor', 'address', 'flush', 'dev', 'rx0');
    const run = await capture([]);
    await sendDatagrams(network, 'sender', { to: '10.89.0.9', count: 10 });
    const { stdout, stderr } = await run.stop();
    await network.address('sensor', 'rx0', '10.88.0.2/24');
    expect(stdout + stderr).toContain('rx1');
    expect(run.summary()).toMatchObject({ frames_read: 10, sources: ['rx1'] });
  });
});
