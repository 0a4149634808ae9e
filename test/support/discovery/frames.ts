/** Frames of the discovery protocols, put together by hand: one that says everything for each protocol. */
import type { TapFrame } from '../../../src/packet/tap-record.ts';
import { ascii, type Bytes, u16, u32, vlanTag, zeros } from '../../fixtures/headers.ts';
import { dhcpMessage, netbiosName, option } from '../app/datagrams.ts';
import { a, dnsMessage, dnsName } from '../app/dns.ts';
import { be, join } from '../app/steady.ts';

export const AT = 1_700_000_000;
/** A prefix of the Raspberry Pi Foundation. */
export const PI = 'b8:27:eb:01:02:03';
export const OTHER = 'b8:27:eb:0a:0b:0c';
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

export const macBytes = (mac: string): number[] => mac.split(':').map((byte) => Number.parseInt(byte, 16));
export const ip4 = (text: string): number[] => text.split('.').map(Number);
/** Eight groups, none left out. */
export const ip6 = (text: string): number[] => text.split(':').flatMap((group) => u16(Number.parseInt(group, 16)));

export function tapFrame(bytes: Bytes | Uint8Array, at = AT, linkType = 1): TapFrame {
  const frame = Uint8Array.from(bytes);
  const sec = Math.floor(at);
  const length = frame.length;
  return {
    ordinal: 1,
    sec,
    nsec: Math.round((at - sec) * 1e9),
    streamNs: 0,
    source: 0,
    linkType,
    wireLength: length,
    capturedLength: length,
    frame,
  };
}

export function ethernetFrame(type: number, payload: Bytes, { from = PI, to = BROADCAST, vlan = 0 } = {}): number[] {
  const content = vlan === 0 ? [...u16(type), ...payload] : [...u16(0x8100), ...vlanTag(vlan, type, payload)];
  return [...macBytes(to), ...macBytes(from), ...content];
}

/** `sourceIp:port → destinationIp:port`; what the frame does not name are the usual ones. */
export interface UdpPlace {
  from?: string;
  to?: string;
  sourceIp?: string;
  destinationIp?: string;
  sourcePort: number;
  destinationPort: number;
  ttl?: number;
}

export function udpFrame(payload: Bytes | Uint8Array, place: UdpPlace): number[] {
  const { sourceIp = '192.168.1.10', destinationIp = '224.0.0.251', sourcePort, destinationPort, ttl = 64, ...link } = place;
  const datagram = [...u16(sourcePort), ...u16(destinationPort), ...u16(payload.length + 8), 0, 0, ...payload];
  const header = [0x45, 0, ...u16(20 + datagram.length), 0, 0, 0, 0, ttl, 17, 0, 0, ...ip4(sourceIp), ...ip4(destinationIp)];
  return ethernetFrame(0x0800, [...header, ...datagram], link);
}

export function udp6Frame(payload: Bytes | Uint8Array, sourceIp: string, sourcePort: number, destinationPort: number, link = {}): number[] {
  const datagram = [...u16(sourcePort), ...u16(destinationPort), ...u16(payload.length + 8), 0, 0, ...payload];
  const header = [0x60, 0, 0, 0, ...u16(datagram.length), 17, 64, ...ip6(sourceIp), ...ip6('ff02:0:0:0:0:0:1:2')];
  return ethernetFrame(0x86dd, [...header, ...datagram], link);
}

export function arpFrame(operation: number, mac: string, ip: string, target = '192.168.1.1', vlan = 0): number[] {
  const message = [...u16(1), ...u16(0x0800), 6, 4, ...u16(operation), ...macBytes(mac), ...ip4(ip), ...zeros(6), ...ip4(target)];
  return ethernetFrame(0x0806, message, { from: mac, vlan });
}

/** A message of neighbour discovery; `rest` is what follows type, code and checksum. */
export function ndpFrame(type: number, rest: Bytes, sourceIp: string, { from = PI, hopLimit = 255 } = {}): number[] {
  const message = [type, 0, 0, 0, ...rest];
  const header = [0x60, 0, 0, 0, ...u16(message.length), 58, hopLimit, ...ip6(sourceIp), ...ip6('ff02:0:0:0:0:0:0:1')];
  return ethernetFrame(0x86dd, [...header, ...message], { from, to: '33:33:00:00:00:01' });
}

export const linkOption = (kind: number, mac: string): number[] => [kind, 1, ...macBytes(mac)];

/** `dhcpMessage` with the client's link address. */
export function dhcpPayload(op: 1 | 2, options: Uint8Array, { mac = PI, assigned = '0.0.0.0', client = '0.0.0.0' } = {}): Uint8Array {
  const message = Uint8Array.from(dhcpMessage(op, options, assigned));
  message.set(ip4(client), 12);
  message.set(macBytes(mac), 28);
  return message;
}

export const DHCP_REQUEST = dhcpPayload(
  1,
  join(
    option(53, 3),
    option(12, 'living-room'),
    option(60, 'android-dhcp-13'),
    option(55, [1, 3, 6, 15, 26]),
    option(50, a('192.168.1.50')),
    option(54, a('192.168.1.1')),
  ),
);
export const DHCP_ACK = dhcpPayload(2, join(option(53, 5), option(54, a('192.168.1.1')), option(3, a('192.168.1.1'))), {
  assigned: '192.168.1.50',
});
export const dhcpRequestFrame = (payload = DHCP_REQUEST, from = PI): number[] =>
  udpFrame(payload, { from, sourceIp: '0.0.0.0', destinationIp: '255.255.255.255', sourcePort: 68, destinationPort: 67 });
export const dhcpAckFrame = (payload = DHCP_ACK, from = OTHER): number[] =>
  udpFrame(payload, { from, to: PI, sourceIp: '192.168.1.1', destinationIp: '192.168.1.50', sourcePort: 67, destinationPort: 68 });

const dhcpv6Option = (code: number, value: Bytes): number[] => [...u16(code), ...u16(value.length), ...value];
/** A request with a DUID made of another link address and a time, name, class and wishes. */
export const DHCPV6_REQUEST: Bytes = [
  3,
  1,
  2,
  3,
  ...dhcpv6Option(1, [0, 1, 0, 1, ...u32(7), ...macBytes(OTHER)]),
  ...dhcpv6Option(6, [...u16(23), ...u16(24)]),
  ...dhcpv6Option(16, [...u32(40712), ...u16(19), ...ascii('dhcpcd-9.4:Linux-6.')]),
  ...dhcpv6Option(39, [0, 6, ...ascii('laptop'), 4, ...ascii('home'), 0]),
];
export const dhcpv6Reply = (address: string): number[] => [
  7,
  1,
  2,
  3,
  ...dhcpv6Option(1, [0, 3, 0, 1, ...macBytes(PI)]),
  ...dhcpv6Option(2, [0, 3, 0, 1, ...macBytes(OTHER)]),
  ...dhcpv6Option(3, [...zeros(12), ...dhcpv6Option(5, [...ip6(address), ...u32(600), ...u32(900)])]),
];
/** What a relay passes on: with the link address of the client when `told`. */
export const dhcpv6Relayed = (mac: string, told: boolean): number[] => [
  12,
  0,
  ...ip6('fd00:0:0:0:0:0:0:1'),
  ...ip6('fe80:0:0:0:0:0:0:9'),
  ...(told ? dhcpv6Option(79, [0, 1, ...macBytes(mac)]) : []),
  ...dhcpv6Option(9, DHCPV6_REQUEST),
];

const text = (...strings: string[]): Uint8Array =>
  join(...strings.map((string) => Buffer.from(string, 'utf8')).flatMap((bytes) => [bytes.length, bytes]));
/** A media player announces itself. */
export const MDNS_ANNOUNCEMENT = dnsMessage({
  id: 0,
  flags: 0x8400,
  answers: [
    ['_googlecast._tcp.local', 12, 120, dnsName('Player-1._googlecast._tcp.local')],
    ['Player-1._googlecast._tcp.local', 33, 120, join(be(0, 4), be(8009, 2), dnsName('player.local')), 0x8001],
    ['Player-1._googlecast._tcp.local', 16, 120, text('id=1', 'fn=Küche', 'md=Chromecast'), 0x8001],
    ['player.local', 1, 120, a('192.168.1.10'), 0x8001],
    ['_services._dns-sd._udp.local', 12, 120, dnsName('_airplay._tcp.local')],
  ],
});
export const mdnsFrame = (payload: Uint8Array = MDNS_ANNOUNCEMENT, sourceIp = '192.168.1.10'): number[] =>
  udpFrame(payload, { sourceIp, to: '01:00:5e:00:00:fb', sourcePort: 5353, destinationPort: 5353, ttl: 255 });

export const llmnrFrame = (): number[] =>
  udpFrame(dnsMessage({ flags: 0x8000, questions: [['DESKTOP-7', 1]], answers: [['DESKTOP-7', 1, 30, a('192.168.1.10')]] }), {
    to: OTHER,
    destinationIp: '192.168.1.20',
    sourcePort: 5355,
    destinationPort: 50_000,
  });

/** A registration, to everybody: `flags` 0x8000 for the name of a group. */
export function netbiosRegistration(name: string, suffix: number, flags = 0): number[] {
  const head = join(be(7, 2), be(0x2910, 2), be(1, 2), be(0, 4), be(1, 2), netbiosName(name, suffix), be(0x20, 2), be(1, 2));
  const record = join([0xc0, 12], be(0x20, 2), be(1, 2), be(300_000, 4), be(6, 2), be(flags, 2), a('192.168.1.10'));
  return udpFrame(join(head, record), { destinationIp: '192.168.1.255', sourcePort: 137, destinationPort: 137 });
}

/** The answer to a node status query. */
export function netbiosStatus(names: readonly (readonly [name: string, suffix: number, group: boolean])[]): number[] {
  const entries = names.map(([name, suffix, group]) => join(name.padEnd(15), suffix, be(group ? 0x8400 : 0x0400, 2)));
  const content = join(names.length, ...entries, macBytes(PI), zeros(40));
  const head = join(be(7, 2), be(0x8400, 2), be(0, 2), be(1, 2), be(0, 4), netbiosName('*', 0), be(0x21, 2), be(1, 2));
  const payload = join(head, be(0, 4), be(content.length, 2), content);
  return udpFrame(payload, { to: OTHER, destinationIp: '192.168.1.20', sourcePort: 137, destinationPort: 137 });
}

export const SSDP_ALIVE = [
  'NOTIFY * HTTP/1.1',
  'HOST: 239.255.255.250:1900',
  'LOCATION: http://192.168.1.10:8200/rootDesc.xml',
  'SERVER: Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0',
  'NT: urn:schemas-upnp-org:device:MediaServer:1',
  'USN: uuid:4d696e69-444c-164e-9d41-b827eb010203::urn:schemas-upnp-org:device:MediaServer:1',
  'NTS: ssdp:alive',
  '',
  '',
].join('\r\n');
export const ssdpFrame = (message = SSDP_ALIVE): number[] =>
  udpFrame(ascii(message), {
    to: '01:00:5e:7f:ff:fa',
    destinationIp: '239.255.255.250',
    sourcePort: 40_000,
    destinationPort: 1900,
    ttl: 4,
  });

const tlv = (type: number, value: Bytes): number[] => [...u16((type << 9) | value.length), ...value];
/** `capabilities`: bits of IEEE 802.1AB, 0x04 bridge, 0x10 router, 0x80 station. */
export function lldpFrame({ capabilities = 0x04, name = 'core-sw-1', from = PI } = {}): number[] {
  const message = [
    ...tlv(1, [4, ...macBytes(from)]),
    ...tlv(2, [5, ...ascii('Gi1/0/7')]),
    ...tlv(3, u16(120)),
    ...tlv(4, ascii('desk 7')),
    ...tlv(5, ascii(name)),
    ...tlv(6, ascii('ExampleOS 4.2 on a switch')),
    ...tlv(7, [...u16(0x14), ...u16(capabilities)]),
    ...tlv(8, [5, 1, ...ip4('192.168.1.2'), 2, ...u32(1), 0]),
    ...tlv(127, [0x00, 0x80, 0xc2, 1, ...u16(20)]),
    ...tlv(127, [0x00, 0x12, 0xbb, 10, ...ascii('EX-48P')]),
    ...tlv(0, []),
  ];
  return ethernetFrame(0x88cc, message, { from, to: '01:80:c2:00:00:0e' });
}

const cdpField = (type: number, value: Bytes): number[] => [...u16(type), ...u16(value.length + 4), ...value];
export function cdpFrame(capabilities = 0x28): number[] {
  const fields = [
    ...cdpField(1, ascii('access-3')),
    ...cdpField(2, [...u32(1), 1, 1, 0xcc, ...u16(4), ...ip4('192.168.1.3')]),
    ...cdpField(3, ascii('FastEthernet0/3')),
    ...cdpField(4, u32(capabilities)),
    ...cdpField(5, ascii('Cisco IOS Software, C2960 Software, Version 12.2')),
    ...cdpField(6, ascii('cisco WS-C2960-24TT-L')),
    ...cdpField(10, u16(30)),
  ];
  const content = [0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 2, 180, 0, 0, ...fields];
  return [...macBytes('01:00:0c:cc:cc:cc'), ...macBytes(PI), ...u16(content.length), ...content];
}
