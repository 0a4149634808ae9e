/** One frame of each discovery protocol, as a device announces itself with it. */
import { describe, expect, it } from 'vitest';
import { Inventory } from '../../../src/discovery/inventory.ts';
import { Vendors } from '../../../src/enrich/vendor.ts';
import { browserAnnouncement } from '../../support/app/datagrams.ts';
import { a, dnsMessage, dnsName } from '../../support/app/dns.ts';
import { be, join } from '../../support/app/steady.ts';
import * as F from '../../support/discovery/frames.ts';

const vendors = await Vendors.load();
const newInventory = () => new Inventory({ vendor: (mac) => vendors.vendor(mac) });

/** What these frames tell about a device. */
function seen(frames: readonly (readonly number[])[], mac = F.PI) {
  const inventory = newInventory();
  for (const frame of frames) inventory.observeFrame(F.tapFrame(frame));
  const device = inventory.device(mac);
  if (device === null) throw new Error(`${mac} is not there`);
  return device;
}

const unreadable = (inventory: Inventory) => Object.values(inventory.counters.malformed).reduce((sum, count) => sum + count, 0);

describe('ARP', () => {
  it('gives an address, and the vendor comes with the link address', () => {
    expect(seen([F.arpFrame(1, F.PI, '192.168.1.10', '192.168.1.1', 30)])).toMatchObject({
      mac: F.PI,
      ips: ['192.168.1.10'],
      vendor: 'Raspberry Pi Foundation',
      local_address: false,
      kind: 'device',
      first_seen: F.AT,
      last_seen: F.AT,
      vlans: [30],
      addresses: [{ ip: '192.168.1.10', source: 'arp', first_seen: F.AT, last_seen: F.AT }],
    });
  });

  it('takes announcements of oneself, and no probes', () => {
    expect(seen([F.arpFrame(2, F.PI, '192.168.1.10', '192.168.1.10')]).ips).toEqual(['192.168.1.10']);
    const inventory = newInventory();
    inventory.observeFrame(F.tapFrame(F.arpFrame(1, F.PI, '0.0.0.0', '192.168.1.10')));
    expect(inventory.devices()).toEqual([]);
  });

  it('knows a random address', () => {
    expect(seen([F.arpFrame(1, '02:11:22:33:44:55', '192.168.1.10')], '02:11:22:33:44:55')).toMatchObject({
      vendor: null,
      local_address: true,
    });
  });

  it('passes an address on to who claims it last, and remembers who had it', () => {
    const inventory = newInventory();
    inventory.observeFrame(F.tapFrame(F.arpFrame(1, F.PI, '192.168.1.10')));
    inventory.observeFrame(F.tapFrame(F.arpFrame(1, F.OTHER, '192.168.1.10'), F.AT + 60));
    expect(inventory.device(F.PI)).toMatchObject({ ips: [], addresses: [{ ip: '192.168.1.10' }] });
    expect(inventory.device(F.OTHER)).toMatchObject({ ips: ['192.168.1.10'] });
  });
});

describe('neighbour discovery', () => {
  const target = F.ip6('2001:db8:0:0:0:0:0:7');
  const advertisement = (flags: number) => F.ndpFrame(136, [flags, 0, 0, 0, ...target, ...F.linkOption(2, F.PI)], 'fe80:0:0:0:0:0:0:7');

  it('gives both addresses of an advertisement', () => {
    const device = seen([advertisement(0x60)]);
    expect(new Set(device.ips)).toEqual(new Set(['2001:db8::7', 'fe80::7']));
    expect(device.kind).toBe('device');
  });

  it('knows routers by their flag and by their advertisements', () => {
    expect(seen([advertisement(0xe0)]).kind).toBe('router');
    const router = [64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, ...F.linkOption(1, F.PI)];
    expect(seen([F.ndpFrame(134, router, 'fe80:0:0:0:0:0:0:7')])).toMatchObject({ kind: 'router', ips: ['fe80::7'] });
  });

  it('believes nothing that was forwarded, and takes no probe for an address', () => {
    const inventory = newInventory();
    const solicitation = [0, 0, 0, 0, ...target];
    inventory.observeFrame(F.tapFrame(F.ndpFrame(135, solicitation, '2001:db8:0:0:0:0:0:8', { hopLimit: 64 })));
    expect(inventory.devices()).toEqual([]);
    inventory.observeFrame(F.tapFrame(F.ndpFrame(135, solicitation, '0:0:0:0:0:0:0:0')));
    expect(inventory.device(F.PI)?.ips).toEqual([]);
  });
});

describe('DHCP', () => {
  it('tells name, class, fingerprint and wish of a client', () => {
    expect(seen([F.dhcpRequestFrame()])).toMatchObject({
      hostname: 'living-room',
      hostname_source: 'dhcp',
      os: 'Android 13',
      ips: [],
      dhcp: { vendor_class: 'android-dhcp-13', fingerprint: '1,3,6,15,26', requested_ip: '192.168.1.50', server: '192.168.1.1' },
    });
  });

  it('gives the address that the server gave, and knows server and router', () => {
    const frames = [F.dhcpRequestFrame(), F.dhcpAckFrame()];
    expect(seen(frames)).toMatchObject({ ips: ['192.168.1.50'], addresses: [{ source: 'dhcp' }], dhcp: { fingerprint: '1,3,6,15,26' } });
    expect(seen(frames, F.OTHER)).toMatchObject({
      ips: ['192.168.1.1'],
      kind: 'router',
      services: [{ name: 'dhcp', port: 67, protocol: 'udp', source: 'dhcp' }],
    });
  });

  it('replaces the lease before, and takes back what is released', () => {
    const second = F.dhcpPayload(2, join(F.DHCP_ACK.subarray(240)), { assigned: '192.168.1.51' });
    expect(seen([F.dhcpAckFrame(), F.dhcpAckFrame(second)]).ips).toEqual(['192.168.1.51']);
    const release = F.dhcpPayload(1, join([53, 1, 7]), { client: '192.168.1.50' });
    expect(seen([F.dhcpAckFrame(), F.dhcpRequestFrame(release)])).toMatchObject({ ips: [], addresses: [{ ip: '192.168.1.50' }] });
  });

  it('knows who is a router when the router shows itself later', () => {
    const ack = F.dhcpPayload(2, join([53, 1, 5, 54, 4, 192, 168, 1, 1, 3, 4, 192, 168, 1, 254]), { assigned: '192.168.1.50' });
    const gateway = '00:0c:29:00:00:fe';
    expect(seen([F.dhcpAckFrame(ack), F.arpFrame(2, gateway, '192.168.1.254')], gateway).kind).toBe('router');
    expect(seen([F.dhcpAckFrame(ack)], F.OTHER).kind).toBe('device');
  });
});

describe('DHCP for IPv6', () => {
  const client = 'fe80:0:0:0:0:0:0:5';

  it('tells name, class and fingerprint of the one who asks, whatever its identifier was made of', () => {
    const device = seen([F.udp6Frame(F.DHCPV6_REQUEST, client, 546, 547)]);
    expect(device).toMatchObject({ hostname: 'laptop.home', hostname_source: 'dhcp', os: 'Linux', dhcp: { fingerprint: '23,24' } });
    expect(device.dhcp?.vendor_class).toBe('dhcpcd-9.4:Linux-6.');
  });

  it('gives the address that the server gave', () => {
    const frame = F.udp6Frame(F.dhcpv6Reply('2001:db8:0:0:0:0:0:99'), 'fe80:0:0:0:0:0:0:1', 547, 546, { from: F.OTHER, to: F.PI });
    expect(seen([frame])).toMatchObject({ ips: ['2001:db8::99'], addresses: [{ source: 'dhcpv6' }] });
    expect(seen([frame], F.OTHER).services).toMatchObject([{ name: 'dhcpv6', port: 547 }]);
  });

  it('knows the client behind a relay by what the relay says, else by its identifier', () => {
    const relayed = (told: boolean) =>
      F.udp6Frame(F.dhcpv6Relayed(F.PI, told), 'fd00:0:0:0:0:0:0:1', 547, 547, { from: '00:0c:29:00:00:01' });
    expect(seen([relayed(true)]).hostname).toBe('laptop.home');
    expect(seen([relayed(false)], F.OTHER).hostname).toBe('laptop.home');
  });
});

describe('multicast DNS', () => {
  it('tells name, services, model and friendly name', () => {
    expect(seen([F.mdnsFrame()])).toMatchObject({
      ips: ['192.168.1.10'],
      hostname: 'player',
      hostname_source: 'mdns',
      model: 'Chromecast',
      names: expect.arrayContaining([expect.objectContaining({ name: 'Küche', source: 'cast' })]),
      services: [
        { name: 'googlecast', port: 8009, protocol: 'tcp', source: 'mdns' },
        { name: 'airplay', port: null, protocol: 'tcp', source: 'mdns' },
      ],
    });
  });

  it('knows machines of Apple by their device information', () => {
    const info = dnsMessage({
      id: 0,
      flags: 0x8400,
      answers: [
        ['Anna\u2019s Mac._device-info._tcp.local', 16, 120, join(20, 'model=MacBookPro18,3', 11, 'osxvers=22x')],
        ['annas-mac.local', 1, 120, a('192.168.1.10')],
      ],
    });
    expect(seen([F.mdnsFrame(info)])).toMatchObject({ hostname: 'annas-mac', model: 'MacBookPro18,3', os: 'macOS' });
  });

  it('leaves alone what a reflector repeats of others, and what is taken back', () => {
    const inventory = newInventory();
    inventory.observeFrame(F.tapFrame(F.mdnsFrame(F.MDNS_ANNOUNCEMENT, '192.168.1.1')));
    const goodbye = dnsMessage({ id: 0, flags: 0x8400, answers: [['_ipp._tcp.local', 12, 0, dnsName('P._ipp._tcp.local')]] });
    inventory.observeFrame(F.tapFrame(F.mdnsFrame(goodbye)));
    expect(inventory.devices()).toEqual([]);
    expect(unreadable(inventory)).toBe(0);
  });

  it('reads probes, which hold the records in the authority section', () => {
    const probe = dnsMessage({ id: 0, flags: 0, questions: [['nas.local', 255]], authority: [['nas.local', 1, 120, a('192.168.1.10')]] });
    expect(seen([F.mdnsFrame(probe)]).hostname).toBe('nas');
  });
});

it('LLMNR: whoever answers has the name', () => {
  expect(seen([F.llmnrFrame()])).toMatchObject({ hostname: 'DESKTOP-7', hostname_source: 'llmnr', ips: ['192.168.1.10'] });
});

describe('NetBIOS', () => {
  it('name service: registrations tell name, workgroup and file server', () => {
    const frames = [
      F.netbiosRegistration('FILESRV', 0),
      F.netbiosRegistration('OFFICE', 0, 0x8000),
      F.netbiosRegistration('FILESRV', 0x20),
    ];
    expect(seen(frames)).toMatchObject({
      hostname: 'FILESRV',
      hostname_source: 'netbios',
      ips: ['192.168.1.10'],
      names: expect.arrayContaining([expect.objectContaining({ name: 'OFFICE', source: 'netbios_workgroup' })]),
      services: [{ name: 'file_server', port: null, protocol: null, source: 'netbios' }],
    });
  });

  it('name service: a node lists its names', () => {
    const status = F.netbiosStatus([
      ['WS-12', 0, false],
      ['OFFICE', 0, true],
      ['WS-12', 0x20, false],
      ['\u0001\u0002__MSBROWSE__\u0002', 1, true],
    ]);
    expect(seen([status])).toMatchObject({ hostname: 'WS-12', services: [{ name: 'file_server' }] });
  });

  it('datagrams: a browser announces its host', () => {
    const place = { sourceIp: '192.0.2.9', destinationIp: '192.0.2.255', sourcePort: 138, destinationPort: 138 };
    const announced = seen([F.udpFrame(browserAnnouncement, place)]);
    expect(announced).toMatchObject({ hostname: 'FILESRV', hostname_source: 'netbios', ips: ['192.0.2.9'] });
    // A distribution server forwards what others say.
    const inventory = newInventory();
    inventory.observeFrame(F.tapFrame(F.udpFrame(browserAnnouncement, { ...place, sourceIp: '192.0.2.1' })));
    expect(inventory.devices()).toEqual([]);
  });
});

describe('SSDP', () => {
  it('an announcement tells services, their port, the system and the product', () => {
    expect(seen([F.ssdpFrame()])).toMatchObject({
      ips: ['192.168.1.10'],
      os: 'Debian',
      model: 'MiniDLNA/1.3.0',
      services: [{ name: 'MediaServer', port: 8200, protocol: 'tcp', source: 'ssdp' }],
    });
  });

  it('an internet gateway is a router; what says goodbye is nothing', () => {
    const gateway = F.SSDP_ALIVE.replace(
      'NT: urn:schemas-upnp-org:device:MediaServer:1',
      'NT: urn:schemas-upnp-org:device:InternetGatewayDevice:2',
    );
    expect(seen([F.ssdpFrame(gateway)]).kind).toBe('router');
    const inventory = newInventory();
    inventory.observeFrame(F.tapFrame(F.ssdpFrame(F.SSDP_ALIVE.replace('ssdp:alive', 'ssdp:byebye'))));
    expect(inventory.devices()).toEqual([]);
  });

  it('a searcher tells its system', () => {
    const search =
      'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nST: ssdp:all\r\nUSER-AGENT: Microsoft-Windows/10.0 UPnP/1.0\r\n\r\n';
    expect(seen([F.ssdpFrame(search)])).toMatchObject({ os: 'Windows 10 or newer', ips: ['192.168.1.10'] });
  });
});

describe('LLDP', () => {
  it('a switch tells its name, its port towards the sensor, VLAN and model', () => {
    expect(seen([F.lldpFrame()])).toMatchObject({
      kind: 'switch',
      hostname: 'core-sw-1',
      hostname_source: 'lldp',
      model: 'EX-48P',
      os: 'ExampleOS 4.2 on a switch',
      ips: ['192.168.1.2'],
      switch_port: { switch: 'core-sw-1', port: 'Gi1/0/7', vlan: 20, protocol: 'lldp' },
    });
  });

  it('a station is no switch, and its own interface no switch port; a router without bridge is a router', () => {
    expect(seen([F.lldpFrame({ capabilities: 0x80 })])).toMatchObject({ kind: 'device', switch_port: null, hostname: 'core-sw-1' });
    expect(seen([F.lldpFrame({ capabilities: 0x10 })])).toMatchObject({ kind: 'router', switch_port: null });
  });
});

it('CDP: a switch tells its name, platform, system, port and VLAN', () => {
  expect(seen([F.cdpFrame()])).toMatchObject({
    kind: 'switch',
    hostname: 'access-3',
    hostname_source: 'cdp',
    model: 'cisco WS-C2960-24TT-L',
    os: 'Cisco IOS Software',
    ips: ['192.168.1.3'],
    switch_port: { switch: 'access-3', port: 'FastEthernet0/3', vlan: 30, protocol: 'cdp' },
  });
});

describe('names', () => {
  it('the surest source wins whatever the order', () => {
    const frames = [F.llmnrFrame(), F.dhcpRequestFrame(), F.mdnsFrame(), F.netbiosRegistration('FILESRV', 0)];
    for (const order of [frames, frames.toReversed()])
      expect(seen(order)).toMatchObject({ hostname: 'living-room', hostname_source: 'dhcp' });
    expect(seen(frames.filter((frame) => frame.length > 0 && frame !== frames[1])).hostname).toBe('player');
  });

  it('of equal sources the latest wins', () => {
    const named = (name: string) => F.dhcpRequestFrame(F.dhcpPayload(1, join([53, 1, 3, 12, name.length], name)));
    expect(seen([named('old-name'), named('new-name')]).hostname).toBe('new-name');
    expect(seen([named('old-name'), named('new-name')]).names.map(({ name }) => name)).toEqual(['new-name', 'old-name']);
  });

  it('lose control characters and nothing else', () => {
    const name = '<b>x\u001b[31m\u202e\u0000Ωmega</b>';
    const bytes = Buffer.from(name, 'utf8');
    const device = seen([F.dhcpRequestFrame(F.dhcpPayload(1, join([53, 1, 3, 12, bytes.length], bytes)))]);
    expect(device.hostname).toMatch(/^<b>x.{0,3}\[31m.{0,3}Ωmega<\/b>$/);
    expect(device.hostname).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

it('a trunk: the frame behind a tag counts the same', () => {
  const frame = F.mdnsFrame();
  const tagged = [...frame.slice(0, 12), 0x81, 0, ...be(40, 2), ...frame.slice(12)];
  expect(seen([tagged])).toMatchObject({ hostname: 'player', vlans: [40] });
});

it('Linux cooked captures name the sender too', () => {
  const inventory = newInventory();
  const arp = F.arpFrame(1, F.PI, '192.168.1.10').slice(14);
  const cooked = [0, 1, 0, 1, 0, 6, ...F.macBytes(F.PI), 0, 0, 0x08, 0x06, ...arp];
  inventory.observeFrame(F.tapFrame(cooked, F.AT, 113));
  expect(inventory.device(F.PI)?.ips).toEqual(['192.168.1.10']);
});
