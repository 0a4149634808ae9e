import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceDetail } from '../../src/api/contract.ts';
import { Inventory } from '../../src/discovery/inventory.ts';
import { Vendors } from '../../src/enrich/vendor.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { type Started, until } from '../support/command.ts';
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

const missing = liveUnavailable(...services.DISCOVERY_COMMANDS);

describe.skipIf(missing !== null)(`devices that make themselves known${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  const folder = new TemporaryFolder('discovery');
  const capture = folder.file('seen.pcap');
  let network: Network;
  let vendors: Vendors;
  let devices = new Map<string, DeviceDetail>();

  /** The inventory after what has been captured so far. */
  function look(): Map<string, DeviceDetail> {
    const inventory = new Inventory({ vendor: (mac) => vendors.vendor(mac) });
    const { frames } = existsSync(capture) ? readCapture(capture) : { frames: [] };
    for (const [index, { bytes, linkType, wireLength, sec, nsec }] of frames.entries()) {
      const frame = {
        ordinal: index + 1,
        sec,
        nsec,
        streamNs: 0,
        source: 0,
        linkType,
        wireLength,
        capturedLength: bytes.length,
        frame: bytes,
      };
      inventory.observeFrame(frame);
    }
    expect(Object.entries(inventory.counters.malformed).filter(([, count]) => count > 0)).toEqual([]);
    return new Map(inventory.devices().map((device) => [device.mac, device]));
  }

  function isComplete(found: Map<string, DeviceDetail>): boolean {
    const of = (host: Host) => found.get(MACS[host]);
    return (
      of('gateway')?.kind === 'router' &&
      of('client')?.hostname === 'living-room-pc' &&
      (of('player')?.services.length ?? 0) > 0 &&
      of('player')?.hostname_source === 'mdns' &&
      of('office')?.names.some(({ source }) => source === 'netbios_workgroup') === true &&
      of('office')?.services.some(({ name }) => name === 'browser') === true &&
      (of('media')?.services.length ?? 0) > 0 &&
      of('switch')?.names.length === 2
    );
  }

  beforeAll(async () => {
    vendors = await Vendors.load();
    network = await switchedNetwork(HOSTS, 'gateway');
    for (const host of Object.keys(HOSTS) as (keyof typeof HOSTS)[]) {
      await network.ip(host, 'link', 'set', 'dev', HOST_DEVICE, 'address', MACS[host]);
    }
    await network.ip('switch', 'link', 'set', 'dev', 'copy', 'address', MACS.switch);
    await network.ip('client', 'address', 'flush', 'dev', HOST_DEVICE);
    const dump = network.start(MONITOR.space, 'tcpdump', ['-i', MONITOR.device, '-n', '-U', '-w', capture]);
    await until('the capture', () => dump.stderr.includes('listening on'));
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
      () => {
        const dead = started.find(({ running }) => !running);
        if (dead !== undefined) throw new Error(`${dead.label} ended: ${dead.stdout}${dead.stderr}`);
        devices = look();
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
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const device = (host: Host) => {
    const found = devices.get(MACS[host]);
    if (found === undefined) throw new Error(`${host} is not among ${[...devices.keys()].join(', ')}`);
    return found;
  };

  it('dnsmasq and its client: name, class, fingerprint, lease and vendor; the server is the router', () => {
    const client = device('client');
    expect(client).toMatchObject({
      hostname: 'living-room-pc',
      hostname_source: 'dhcp',
      os: 'Android 13',
      vendor: 'Raspberry Pi Foundation',
    });
    expect(client.ips).toEqual([expect.stringMatching(/^10\.66\.0\.1[012]\d$/)]);
    expect(client.dhcp).toMatchObject({ vendor_class: 'android-dhcp-13', server: HOSTS.gateway });
    expect(client.dhcp?.fingerprint).toMatch(/^1,3,/);
    expect(device('gateway')).toMatchObject({
      kind: 'router',
      ips: [HOSTS.gateway],
      services: [{ name: 'dhcp', port: 67, protocol: 'udp' }],
    });
  });

  it('avahi: name, services and model', () => {
    const player = device('player');
    expect(player).toMatchObject({
      hostname: 'tv-player',
      hostname_source: 'mdns',
      ips: [HOSTS.player],
      model: 'Example Jet 5',
      os: 'Linux',
    });
    expect(player.services).toContainEqual({ name: 'ipp', port: 6310, protocol: 'tcp', source: 'mdns' });
  });

  it('lldpd: the switch, its port towards the sensor, its system', () => {
    const bridge = device('switch');
    expect(bridge).toMatchObject({ hostname: 'core-switch-7', kind: 'switch', vendor: expect.stringContaining('Cisco') });
    expect(bridge.names.map(({ source }) => source).toSorted()).toEqual(['cdp', 'lldp']);
    expect(bridge.switch_port).toMatchObject({ switch: 'core-switch-7', port: 'copy', protocol: 'lldp' });
    expect(bridge.os).toContain('Linux');
  });

  it('nmbd: name, workgroup and file server', () => {
    const office = device('office');
    expect(office).toMatchObject({ hostname: 'OFFICE-PC', hostname_source: 'netbios', ips: [HOSTS.office], kind: 'device' });
    expect(office.names).toContainEqual(expect.objectContaining({ name: 'ACCOUNTS', source: 'netbios_workgroup' }));
    const names = office.services.map(({ name }) => name);
    expect(names).toContain('file_server');
    expect(names).toContain('browser');
  });

  it('minidlna: its services with their port, and the product', () => {
    const media = device('media');
    expect(media.services).toContainEqual({ name: 'MediaServer', port: 8200, protocol: 'tcp', source: 'ssdp' });
    expect(media).toMatchObject({ ips: [HOSTS.media], model: expect.stringContaining('MiniDLNA') });
  });

  it('nothing was sent by the one who listens', async () => {
    const { stdout } = await network.mustRun(MONITOR.space, 'cat', [`/sys/class/net/${MONITOR.device}/statistics/tx_packets`]);
    expect(stdout.trim()).toBe('0');
    const own = await network.mustRun(MONITOR.space, 'cat', [`/sys/class/net/${MONITOR.device}/address`]);
    expect(devices.has(own.stdout.trim())).toBe(false);
  });
});
