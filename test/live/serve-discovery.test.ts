/** Devices that make themselves known to a service that only listens, asked for over its API. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceDetail, DevicePage } from '../../src/api/contract.ts';
import { type Started, until } from '../support/command.ts';
import { LiveServe } from '../support/live-serve.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import * as services from './discovery-services.ts';
import { liveUnavailable, type Network } from './namespaces.ts';
import { HOST_DEVICE, MONITOR, switchedNetwork } from './switched-network.ts';

const HOSTS = { gateway: '10.66.0.1', client: '10.66.0.2', player: '10.66.0.3', office: '10.66.0.4', media: '10.66.0.5' };
/** Prefixes of known vendors. */
const MACS = {
  gateway: '00:1b:54:00:00:01',
  client: 'b8:27:eb:00:00:02',
  player: '00:0d:4b:00:00:03',
  office: '00:0c:29:00:00:04',
  media: '00:11:32:00:00:05',
  switch: '00:1b:54:00:00:06',
};
type Host = keyof typeof MACS;

const missing = liveUnavailable('curl', ...services.DISCOVERY_COMMANDS);

function isComplete(found: Map<string, DeviceDetail>): boolean {
  const of = (host: Host) => found.get(MACS[host]);
  return (
    of('gateway')?.kind === 'router' &&
    of('client')?.hostname === 'living-room-pc' &&
    of('player')?.hostname_source === 'mdns' &&
    (of('player')?.services.length ?? 0) > 0 &&
    of('office')?.services.some(({ name }) => name === 'browser') === true &&
    (of('media')?.services.length ?? 0) > 0 &&
    of('switch')?.switch_port !== null &&
    of('switch')?.names.length === 2
  );
}

describe.skipIf(missing !== null)(`devices of weir serve${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  const folder = new TemporaryFolder('serve-discovery');
  let network: Network;
  let run: LiveServe;
  let sent: Started;
  let devices = new Map<string, DeviceDetail>();

  async function look(): Promise<Map<string, DeviceDetail>> {
    const page = await run.get<DevicePage>('/devices?limit=100');
    const details = await Promise.all(page.devices.map(({ mac }) => run.get<DeviceDetail>(`/devices/${mac}`)));
    return new Map(details.map((device) => [device.mac, device]));
  }

  beforeAll(async () => {
    network = await switchedNetwork(HOSTS, 'gateway');
    for (const host of Object.keys(HOSTS) as (keyof typeof HOSTS)[]) {
      await network.ip(host, 'link', 'set', 'dev', HOST_DEVICE, 'address', MACS[host]);
    }
    await network.ip('switch', 'link', 'set', 'dev', 'copy', 'address', MACS.switch);
    await network.ip('client', 'address', 'flush', 'dev', HOST_DEVICE);
    // What comes in at the switch's end of the link to the sensor has been sent by the sensor.
    sent = network.start('switch', 'tcpdump', ['-i', 'copy', '-Q', 'in', '-n', '-e', '-l']);
    await until('tcpdump', () => sent.stderr.includes('listening on'));
    run = await LiveServe.start(network, MONITOR.space, ['-i', MONITOR.device, '--data-dir', folder.file('data')]);
    const place = { network, folder };
    const started: Started[] = [
      services.startDhcpServer(place, 'gateway', HOSTS.gateway, '10.66.0.100', '10.66.0.120'),
      services.startAvahi(place, 'player', 'tv-player', { type: '_ipp._tcp', port: 6310, text: 'ty=Example Jet 5' }),
      services.startLldp(place, 'switch', 'core-switch-7'),
      services.startNetbios(place, 'office', 'OFFICE-PC', 'ACCOUNTS', 'second floor'),
      services.startMedia(place, 'media', 'film-box'),
    ];
    await services.askForAddress(place, 'client', 'living-room-pc', 'android-dhcp-13');
    await network.mustRun('client', 'ping', ['-c', '1', '-W', '2', HOSTS.gateway]);
    await until(
      'all devices',
      async () => {
        const dead = started.find(({ running }) => !running);
        if (dead !== undefined) throw new Error(`${dead.label} ended: ${dead.stdout}${dead.stderr}`);
        devices = await look();
        return isComplete(devices);
      },
      40_000,
      500,
    ).catch((error: unknown) => {
      // What is missing is the failure of its own test, unless a program ended.
      if (!(error instanceof Error) || !error.message.startsWith('waited')) throw error;
    });
  }, 90_000);
  afterAll(async () => {
    await run?.[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const device = (host: Host): DeviceDetail => {
    const found = devices.get(MACS[host]);
    if (found === undefined) throw new Error(`${host} is not among ${[...devices.keys()].join(', ')}`);
    return found;
  };

  it('name, vendor class, fingerprint and vendor by DHCP; its server is the router', () => {
    expect(device('client')).toMatchObject({
      hostname: 'living-room-pc',
      hostname_source: 'dhcp',
      os: 'Android 13',
      vendor: 'Raspberry Pi Foundation',
      ips: [expect.stringMatching(/^10\.66\.0\.1[012]\d$/)],
      dhcp: { vendor_class: 'android-dhcp-13', server: HOSTS.gateway, fingerprint: expect.stringMatching(/^1,3,/) },
    });
    expect(device('gateway')).toMatchObject({ kind: 'router', ips: [HOSTS.gateway] });
    expect(device('gateway').services).toContainEqual(expect.objectContaining({ name: 'dhcp', port: 67, protocol: 'udp' }));
  });

  it('names, services and model by mDNS, NetBIOS and SSDP', () => {
    expect(device('player')).toMatchObject({ hostname: 'tv-player', hostname_source: 'mdns', ips: [HOSTS.player], model: 'Example Jet 5' });
    expect(device('player').services).toContainEqual({ name: 'ipp', port: 6310, protocol: 'tcp', source: 'mdns' });
    expect(device('office')).toMatchObject({ hostname: 'OFFICE-PC', hostname_source: 'netbios', ips: [HOSTS.office] });
    expect(device('office').services.map(({ name }) => name)).toEqual(expect.arrayContaining(['browser', 'file_server']));
    expect(device('media')).toMatchObject({ ips: [HOSTS.media], model: expect.stringContaining('MiniDLNA') });
    expect(device('media').services).toContainEqual({ name: 'MediaServer', port: 8200, protocol: 'tcp', source: 'ssdp' });
  });

  it('the switch and its port by LLDP and CDP', () => {
    expect(device('switch')).toMatchObject({ hostname: 'core-switch-7', kind: 'switch', vendor: expect.stringContaining('Cisco') });
    expect(device('switch').switch_port).toMatchObject({ switch: 'core-switch-7', port: 'copy', protocol: 'lldp' });
    expect(
      device('switch')
        .names.map(({ source }) => source)
        .toSorted(),
    ).toEqual(['cdp', 'lldp']);
  });

  it('weir devices shows them, and they are there after a restart', async () => {
    const asked = await run.ask('devices');
    expect([asked.code, asked.stderr]).toEqual([0, '']);
    const named: [Host, string][] = [
      ['client', 'living-room-pc'],
      ['player', 'tv-player'],
      ['office', 'OFFICE-PC'],
      ['switch', 'core-switch-7'],
    ];
    for (const [host, name] of named) expect(asked.stdout).toMatch(new RegExp(`${MACS[host]}.* ${name}`));
    await run.stop();
    run = await LiveServe.start(network, MONITOR.space, ['-i', MONITOR.device, '--data-dir', folder.file('data')]);
    const again = await look();
    for (const [host, name] of named) {
      expect([host, again.get(MACS[host])?.hostname]).toEqual([host, name]);
      // Not later than it was shown, so not the restart's: a flow that ends may tell of an earlier packet.
      expect(again.get(MACS[host])?.first_seen).toBeLessThanOrEqual(device(host).first_seen);
    }
  });

  it('the sensor has sent nothing', async () => {
    const { stdout } = await network.mustRun(MONITOR.space, 'cat', [`/sys/class/net/${MONITOR.device}/statistics/tx_packets`]);
    expect(stdout.trim()).toBe('0');
    const received = await network.mustRun(MONITOR.space, 'cat', [`/sys/class/net/${MONITOR.device}/statistics/rx_packets`]);
    expect(Number(received.stdout)).toBeGreaterThan(20);
    const { stdout: seen, stderr } = await sent.stop('SIGINT');
    expect(seen.trim()).toBe('');
    expect(stderr).toContain('0 packets captured');
    const own = await network.mustRun(MONITOR.space, 'cat', [`/sys/class/net/${MONITOR.device}/address`]);
    expect(devices.has(own.stdout.trim())).toBe(false);
  });
});
