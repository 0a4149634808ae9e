/**
 * A router whose far link takes smaller packets than its near one, and says so to nobody: what does not fit vanishes, as
 * behind WinDivert 2.2.2. Connections work when the sensor lowers what their SYNs offer.
 */
import { statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingCommands, mustRun, until } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { CaptureRun } from './capture-run.ts';
import { liveUnavailable, Network } from './namespaces.ts';
import { startTcpdump } from './referee.ts';

const lacking = missingCommands(['iptables', 'ip6tables', 'socat', 'tcpdump', 'tshark', 'timeout']);
const missing = lacking.length > 0 ? `needs ${lacking.join(', ')}` : liveUnavailable();
const QUEUE = '23';
const FAR_MTU = 1300;
/** Fits IPv6, and IPv4 with 20 bytes to spare. */
const MSS = FAR_MTU - 60;
const SERVER = { ipv4: '10.67.2.2', ipv6: '[fd67:2::2]' };
const BYTES = 100_000;

describe.skipIf(missing !== null)(`clamping the MSS on Linux${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let network: Network;
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = new TemporaryFolder('mss-clamp');
    const names = ['client', 'router', 'server'];
    network = await Network.create(names, names);
    await network.join({ space: 'client', device: 'c0' }, { space: 'router', device: 'r0' });
    await network.join({ space: 'router', device: 'r1' }, { space: 'server', device: 's0' });
    await network.ip('router', 'link', 'set', 'r1', 'mtu', String(FAR_MTU));
    const ports = [
      ['client', 'c0', '1', '1'],
      ['router', 'r0', '1', '2'],
      ['router', 'r1', '2', '1'],
      ['server', 's0', '2', '2'],
    ];
    for (const [space, device, net, host] of ports) {
      await network.address(space, device, `10.67.${net}.${host}/24`);
      await network.address(space, device, `fd67:${net}::${host}/64`);
    }
    for (const [space, net, host] of [ports[0], ports[3]].map(([name, , of]) => [name, of, of === '1' ? '2' : '1'])) {
      await network.ip(space, 'route', 'add', 'default', 'via', `10.67.${net}.${host}`);
      await network.ip(space, '-6', 'route', 'add', 'default', 'via', `fd67:${net}::${host}`);
    }
    // What a router asks for its neighbours from.
    for (const device of ['r0', 'r1']) await network.address('router', device, 'fe80::1/64');
    await network.mustRun('router', 'sysctl', ['-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
    await network.mustRun('router', 'iptables', ['-A', 'OUTPUT', '-p', 'icmp', '--icmp-type', 'fragmentation-needed', '-j', 'DROP']);
    await network.mustRun('router', 'ip6tables', ['-A', 'OUTPUT', '-p', 'icmpv6', '--icmpv6-type', 'packet-too-big', '-j', 'DROP']);
    for (const command of ['iptables', 'ip6tables']) {
      for (const chain of ['FORWARD', 'INPUT', 'OUTPUT']) {
        await network.mustRun('router', command, ['-A', chain, '-p', 'tcp', '-j', 'NFQUEUE', '--queue-num', QUEUE, '--queue-bypass']);
      }
    }
  });
  afterEach(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function start(...args: string[]): Promise<CaptureRun> {
    const run = await CaptureRun.start(network, 'router', folder, ['--active', '--nfqueue', QUEUE, '--dpi', 'builtin', ...args], 0);
    const queues = () => network.mustRun('router', 'cat', ['/proc/net/netfilter/nfnetlink_queue']);
    await until('the queue is bound', async () => (await queues()).stdout.includes(` ${QUEUE} `));
    return run;
  }
  /** Bytes that arrive of those that `from` sends to the server, within that time. */
  async function upload(from: string, family: 'ipv4' | 'ipv6', port: number, seconds = 25): Promise<number> {
    const into = folder.file(`arrived-${port}`);
    const listen = `TCP${family === 'ipv6' ? '6' : '4'}-LISTEN:${port},reuseaddr`;
    const server = network.start('server', 'timeout', [String(seconds), 'socat', '-u', listen, `CREATE:${into}`]);
    const listening = () => network.mustRun('server', 'ss', ['-Hltn', `sport = :${port}`]);
    await until('the server listens', async () => (await listening()).stdout !== '');
    // From standard input: a child that ends would interrupt socat while it connects.
    const client = ['socat', '-u', '-', `TCP:${SERVER[family]}:${port}`];
    await network.run(from, 'timeout', [String(seconds), ...client], { input: 'x'.repeat(BYTES) });
    await server.wait(30_000);
    return statSync(into).size;
  }
  async function tshark(path: string, filter: string, ...fields: string[]): Promise<string[]> {
    const checks = ['-o', 'ip.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE'];
    const { stdout } = await mustRun('tshark', [
      '-nr',
      path,
      ...checks,
      '-Y',
      filter,
      '-T',
      'fields',
      ...fields.flatMap((name) => ['-e', name]),
    ]);
    return stdout.split('\n').filter((line) => line !== '');
  }
  const divert = (run: CaptureRun) => run.summary().ledger.stages.divert as Record<string, number>;

  it('without it, what is too large for the far link vanishes', async () => {
    const run = await start();
    expect(await upload('client', 'ipv4', 7001, 8)).toBe(0);
    await run.stop();
    expect(divert(run)).toMatchObject({ modified: 0, failed: 0 });
  });

  it('with it everything arrives, and the far side sees lower SYNs, no wrong checksum and no large segment', async () => {
    const near = await startTcpdump(network, 'client', 'c0', folder, 'near');
    const far = await startTcpdump(network, 'server', 's0', folder, 'far');
    const run = await start('--clamp-mss', String(MSS));
    expect(await upload('client', 'ipv4', 7001)).toBe(BYTES);
    expect(await upload('client', 'ipv6', 7002)).toBe(BYTES);
    // From this host itself: the checksum is not there yet when the kernel asks.
    expect(await upload('router', 'ipv4', 7003)).toBe(BYTES);
    await run.stop();
    const [nearPcap, farPcap] = await Promise.all([near.stop(), far.stop()]);

    for (const path of [nearPcap, farPcap]) {
      expect(await tshark(path, 'tcp.checksum.status != 1 || ip.checksum.status == 0', 'frame.number')).toEqual([]);
    }
    const offers = (path: string, flags: string) => tshark(path, `tcp.flags & 0x12 == ${flags}`, 'tcp.options.mss_val');
    expect(await offers(nearPcap, '2')).toEqual(['1460', '1440']);
    expect(await offers(farPcap, '2')).toEqual([MSS, MSS, MSS].map(String));
    expect(await offers(nearPcap, '0x12')).toEqual([MSS, MSS].map(String));
    expect(await offers(farPcap, '0x12')).toEqual(['1460', '1440', '1460']);
    expect(await tshark(farPcap, `tcp.len > ${MSS}`, 'frame.number')).toEqual([]);

    const { diverted, sent, modified, denied, failed } = divert(run);
    // Three SYNs and their answers.
    expect([sent, modified, denied, failed]).toEqual([diverted, 6, 0, 0]);
    expect(run.flows().filter(({ protocol }) => protocol === 'tcp')).toHaveLength(3);
  });
});
