import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { udpFrame, writeCaptureFile } from '../support/frames.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { cleanEnvironment, weirEntry } from '../support/weir-command.ts';
import { CaptureRun, receiving } from './capture-run.ts';
import { liveUnavailable, Network } from './namespaces.ts';
import { NOBODY, SENSOR_ADDRESS } from './topology.ts';
import { replayFrames } from './traffic.ts';

const missing = liveUnavailable('tcpreplay', 'setpriv', 'ping');

describe.skipIf(missing !== null)(`interfaces${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let network: Network;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    folder = new TemporaryFolder('live');
    network = await Network.create(['sender', 'sensor'], ['sensor']);
    await network.join({ space: 'sender', device: 'tx0' }, { space: 'sensor', device: 'rx0' });
    await network.address('sender', 'tx0', '10.88.0.1/24');
    await network.silentNeighbour('sender', 'tx0', NOBODY);
    await network.address('sensor', 'rx0', `${SENSOR_ADDRESS}/24`);
    await network.address('sensor', 'rx0', 'fd88::2/64');
    await network.ip('sensor', 'link', 'add', 'name', 'idle0', 'type', 'bridge');
  });
  afterAll(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });
  const weir = (...args: string[]) =>
    network.run('sensor', process.execPath, [weirEntry(), ...args], { cwd: folder.path, timeoutMs: 20_000, env: cleanEnvironment() });
  const promiscuity = async () => {
    const { stdout } = await network.mustRun('sensor', 'ip', ['-j', '-d', 'link', 'show', 'dev', 'rx0']);
    return (JSON.parse(stdout) as { promiscuity: number }[])[0].promiscuity;
  };

  it('are listed with state and addresses, as a table and as JSON, under every name of the command', async () => {
    for (const args of [['interfaces'], ['--list'], ['--list-interfaces'], ['-l']]) {
      const { code, stdout } = await weir(...args);
      expect(code, args.join(' ')).toBe(0);
      expect(stdout).toMatch(/\brx0\b/);
      expect(stdout).toContain(SENSOR_ADDRESS);
      expect(stdout).toContain('fd88::2');
    }
    const { code, stdout } = await weir('interfaces', '--json');
    expect(code).toBe(0);
    const list = JSON.parse(stdout) as { name: string; up: boolean; addresses: { address: string; prefix: number }[] }[];
    const rx0 = list.find((nic) => nic.name === 'rx0');
    expect(rx0).toMatchObject({ up: true, loopback: false });
    expect(rx0!.addresses.map(({ address, prefix }) => `${address}/${prefix}`).sort()).toEqual([`${SENSOR_ADDRESS}/24`, 'fd88::2/64']);
    expect(list.find((nic) => nic.name === 'idle0')).toMatchObject({ up: false, addresses: [] });
    expect(list.find((nic) => nic.name === 'lo')).toMatchObject({ loopback: true });
  });

  it('are listed even with a broken configuration file', async () => {
    writeFileSync(folder.file('weir.toml'), 'capture = [broken');
    expect((await weir('interfaces')).code).toBe(0);
    writeFileSync(folder.file('weir.toml'), '');
  });

  it('are promiscuous while a capture runs, and only then', async () => {
    const before = await promiscuity();
    const run = await CaptureRun.start(network, 'sensor', folder, ['-i', 'rx0']);
    const during = await promiscuity();
    await run.stop();
    expect(during).toBe(before + 1);
    expect(await promiscuity()).toBe(before);
  });

  it('stay as they are with --no-promiscuous, or when the environment says so', async () => {
    const before = await promiscuity();
    const run = await CaptureRun.start(network, 'sensor', folder, ['-i', 'rx0', '--no-promiscuous']);
    expect(await promiscuity()).toBe(before);
    await run.stop();
    const byEnvironment = network.start('sensor', 'env', [
      'AGENT_PROMISCUOUS=false',
      process.execPath,
      weirEntry(),
      'capture',
      '--quiet',
      '-i',
      'rx0',
    ]);
    await receiving(byEnvironment);
    expect(await promiscuity()).toBe(before);
    await byEnvironment.stop('SIGINT');
  });

  it('show flows between loopback addresses only when asked to', async () => {
    const capture = folder.file('loopback.pcap');
    const frames = [...Array(30).keys()].map((index) => {
      const source = index % 2 === 0 ? '127.0.0.1' : '10.88.0.1';
      return {
        timeUs: 1e15 + index * 1000,
        bytes: udpFrame({ source, destination: source, sourcePort: 1000, destinationPort: 2000, payload: 40 }),
      };
    });
    writeCaptureFile(capture, frames);
    const flowsWith = async (...args: string[]) => {
      const run = await CaptureRun.start(network, 'sensor', folder, ['-i', 'rx0', ...args]);
      await replayFrames(network, 'sender', 'tx0', capture, ['--pps=2000']);
      await run.stop();
      return {
        flows: run
          .flows()
          .map((flow) => flow.endpoint_a.ip)
          .sort(),
        summary: run.summary(),
      };
    };
    const byDefault = await flowsWith();
    expect(byDefault.flows).toEqual(['10.88.0.1']);
    expect(byDefault.summary.frames_read).toBe(30);
    expect(byDefault.summary.ledger.stages.decode.suppressed).toEqual({ loopback: 15 });
    expect((await flowsWith('--include-loopback')).flows).toEqual(['10.88.0.1', '127.0.0.1']);
  });

  it('always show loopback flows on the loopback interface', async () => {
    const run = await CaptureRun.start(network, 'sensor', folder, ['-i', 'lo']);
    await network.mustRun('sensor', 'ping', ['-c', '3', '-i', '0.05', '127.0.0.1']);
    await run.stop();
    expect(run.flows()).toMatchObject([{ protocol: 'icmp', endpoint_a: { ip: '127.0.0.1' }, endpoint_b: { ip: '127.0.0.1' } }]);
  });

  it('that do not exist are refused with the nearest names and exit code 3', async () => {
    const { code, stderr } = await weir('capture', '-i', 'rx9');
    expect(code).toBe(3);
    expect(stderr).toContain('rx0');
  });

  it('cannot be opened without the right to, and the message says what to do', async () => {
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
    const { code, stderr } = await network.run('sensor', 'setpriv', [...nobody, process.execPath, weirEntry(), 'capture', '-i', 'rx0'], {
      cwd: '/',
      timeoutMs: 20_000,
    });
    expect(stderr).toMatch(/setcap\s+'?cap_net_raw,cap_net_admin[=+]e?i?p'?\s+\S+/);
    expect(code).toBe(3);
  });
});
