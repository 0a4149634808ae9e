/** Devices whose names are script: what a page must show as text. */
import { a, dnsMessage, dnsName } from './app/dns.ts';
import { be, join } from './app/steady.ts';
import { arpFrame, mdnsFrame, ssdpFrame } from './discovery/frames.ts';
import type { TimedFrame } from './frames.ts';
import { clientHello, dhcpRequest, linked, tcpTalk, writeFrames } from './household-capture.ts';

const START_US = 1_750_000_000_000_000;

const ATTACKER = { mac: 'b8:27:eb:66:00:01', ip: '192.168.1.66' };
const ANNOUNCER = { mac: 'b8:27:eb:66:00:02', ip: '192.168.1.67' };
const SERVER = { mac: 'b8:27:eb:66:00:03', ip: '192.168.1.68' };

/** Marks the window when a browser takes it for markup; `id` says where it came from. No dot: it has to be one DNS label. */
export const scriptOf = (id: string): string => `<img src=x id=${id} onerror=pwned=1>`;

export const HOSTILE = { attacker: ATTACKER, announcer: ANNOUNCER, server: SERVER } as const;

function announcement(name: string): Uint8Array {
  const host = join(name.length, name, dnsName('local'));
  const service = join(name.length, name, dnsName('_http._tcp.local'));
  return dnsMessage({
    id: 0,
    flags: 0x8400,
    answers: [
      ['_http._tcp.local', 12, 120, service],
      [service, 33, 120, join(be(0, 4), be(80, 2), host), 0x8001],
      [host, 1, 120, a(ANNOUNCER.ip), 0x8001],
    ],
  });
}

export function writeHostile(path: string): void {
  const at = (seconds: number, bytes: Uint8Array | readonly number[]): TimedFrame => ({
    timeUs: START_US + seconds * 1e6,
    bytes: Uint8Array.from(bytes),
  });
  const to = { client: ATTACKER, server: SERVER };
  const request = join(`GET / HTTP/1.1\r\nHost: ${scriptOf('http')}\r\nUser-Agent: ${scriptOf('agent')}\r\n\r\n`);
  const response = join('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok');
  const ssdp = ssdpFrame(
    `NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nLOCATION: http://192.168.1.67/\r\nSERVER: ${scriptOf('ssdp')}\r\nNT: upnp:rootdevice\r\nUSN: uuid:1\r\nNTS: ssdp:alive\r\n\r\n`,
  );
  writeFrames(path, [
    at(0, arpFrame(1, ATTACKER.mac, ATTACKER.ip)),
    at(0.1, arpFrame(1, ANNOUNCER.mac, ANNOUNCER.ip)),
    at(0.2, arpFrame(1, SERVER.mac, SERVER.ip)),
    at(0.3, dhcpRequest(ATTACKER, Buffer.from(scriptOf('dhcp')))),
    at(0.4, linked(Uint8Array.from(mdnsFrame(announcement(scriptOf('mdns')), ANNOUNCER.ip)), ANNOUNCER.mac, '01:00:5e:00:00:fb')),
    at(0.5, linked(Uint8Array.from(ssdp), ANNOUNCER.mac, '01:00:5e:7f:ff:fa')),
    ...tcpTalk(1, { ...to, clientPort: 40_001, serverPort: 80 }, request, response),
    ...tcpTalk(2, { ...to, clientPort: 40_002, serverPort: 443 }, clientHello(scriptOf('sni')), join(23, 3, 3, be(4, 2), 1, 2, 3, 4)),
  ]);
}
