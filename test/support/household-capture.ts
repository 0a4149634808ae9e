/**
 * A capture in which every page of the dashboard has something to show: the bundled captures one after the other, a
 * household of devices that say who they are and talk to the world through a router, and one that scans another.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readCapture } from '../fixtures/read-capture.ts';
import { option } from './app/datagrams.ts';
import { a, dnsMessage, FIRST_NAME } from './app/dns.ts';
import { be, join } from './app/steady.ts';
import { alpnExtension, clientHelloBody, sniExtension, vector } from './app/tls.ts';
import { arpFrame, dhcpAckFrame, dhcpPayload, dhcpRequestFrame, lldpFrame, macBytes, mdnsFrame, ssdpFrame } from './discovery/frames.ts';
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type TimedFrame, tcpFrame, udpFrame, writeCaptureFile } from './frames.ts';

const START_US = 1_750_000_000_000_000;
const SECOND_US = 1e6;
const ROUTER = { mac: 'b8:27:eb:00:00:01', ip: '192.168.1.1' };
const PSH_ACK = 8 | TCP_ACK;

export interface Station {
  mac: string;
  ip: string;
}

interface Household extends Station {
  name: string;
  asks: string;
  server: string;
}

const household: readonly Household[] = [
  { mac: 'b8:27:eb:10:00:02', ip: '192.168.1.20', name: 'living-room', asks: 'video.example.com', server: '198.51.100.20' },
  { mac: '00:11:32:10:00:03', ip: '192.168.1.21', name: 'nas', asks: 'backup.example.net', server: '198.51.100.21' },
  { mac: '3c:22:fb:10:00:04', ip: '192.168.1.22', name: 'notebook', asks: 'mail.example.org', server: '203.0.113.22' },
  { mac: '00:80:77:10:00:05', ip: '192.168.1.23', name: 'printer', asks: 'ink.example.com', server: '203.0.113.23' },
  { mac: 'da:a1:19:10:00:06', ip: '192.168.1.24', name: 'phone', asks: 'chat.example.org', server: '203.0.113.24' },
  { mac: '02:00:5e:10:00:66', ip: '192.168.1.66', name: 'unknown-guest', asks: 'www.example.org', server: '203.0.113.66' },
];

/** The frame as it goes from one station to the other. */
export function linked(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const frame = Uint8Array.from(bytes);
  frame.set([...macBytes(to), ...macBytes(from)]);
  return frame;
}

const at = (seconds: number, bytes: Uint8Array | readonly number[]): TimedFrame => ({
  timeUs: START_US + Math.round(seconds * SECOND_US),
  bytes: Uint8Array.from(bytes),
});

export interface Talk {
  client: Station;
  /** `mac` is that of the next hop. */
  server: Station;
  clientPort: number;
  serverPort: number;
}

/** A TCP connection that says `request`, hears `response`, and closes. */
export function tcpTalk(seconds: number, talk: Talk, request: Uint8Array, response: Uint8Array): TimedFrame[] {
  const { client, server, clientPort, serverPort } = talk;
  let clientSeq = 1000;
  let serverSeq = 5000;
  let step = 0;
  const send = (isClient: boolean, flags: number, payload: Uint8Array = new Uint8Array(0)): TimedFrame => {
    const [from, to] = isClient ? [client, server] : [server, client];
    const ports = isClient
      ? { sourcePort: clientPort, destinationPort: serverPort }
      : { sourcePort: serverPort, destinationPort: clientPort };
    const [seq, ack] = isClient ? [clientSeq, serverSeq] : [serverSeq, clientSeq];
    const used = payload.length + ((flags & (TCP_SYN | TCP_FIN)) === 0 ? 0 : 1);
    if (isClient) clientSeq += used;
    else serverSeq += used;
    const segment = { source: from.ip, destination: to.ip, ...ports, flags, seq, ack: (flags & TCP_ACK) === 0 ? 0 : ack, payload };
    return at(seconds + step++ * 0.012, linked(tcpFrame(segment), from.mac, to.mac));
  };
  const chunks = Array.from({ length: Math.ceil(response.length / 1400) }, (_, index) => response.subarray(index * 1400, (index + 1) * 1400));
  return [
    send(true, TCP_SYN),
    send(false, TCP_SYN | TCP_ACK),
    send(true, TCP_ACK),
    send(true, PSH_ACK, request),
    ...chunks.flatMap((chunk) => [send(false, PSH_ACK, chunk), send(true, TCP_ACK)]),
    send(true, TCP_FIN | TCP_ACK),
    send(false, TCP_FIN | TCP_ACK),
    send(true, TCP_ACK),
  ];
}

/** A TLS ClientHello in its record. */
export function clientHello(sni: string): Uint8Array {
  const body = clientHelloBody({ extensions: [sniExtension(sni), alpnExtension('h2', 'http/1.1')] });
  const message = join(1, be(body.length, 3), body);
  return join(22, 3, 1, vector(2, message));
}

/** A device asks for its address, saying its name. */
export function dhcpRequest({ mac, ip }: Station, name: string | Uint8Array): number[] {
  const options = join(option(53, 3), option(12, name), option(60, 'dhcpcd-9.4.1:Linux'), option(55, [1, 3, 6, 15, 26]), option(50, a(ip)));
  return dhcpRequestFrame(dhcpPayload(1, options, { mac }), mac);
}

function dnsExchange(seconds: number, { mac, ip, asks, server }: Household, port: number): TimedFrame[] {
  const questions = [[asks, 1]] as const;
  const ask = { source: ip, destination: ROUTER.ip, sourcePort: port, destinationPort: 53 };
  const reply = { source: ROUTER.ip, destination: ip, sourcePort: 53, destinationPort: port };
  const answer = dnsMessage({ flags: 0x8180, questions, answers: [[FIRST_NAME, 1, 60, a(server)]] });
  return [
    at(seconds, linked(udpFrame({ ...ask, payload: dnsMessage({ questions }) }), mac, ROUTER.mac)),
    at(seconds + 0.004, linked(udpFrame({ ...reply, payload: answer }), ROUTER.mac, mac)),
  ];
}

/** Noise of a TLS server: a record of application data. */
const sealed = (bytes: number) => join(23, 3, 3, be(bytes, 2), Uint8Array.from({ length: bytes }, (_, index) => (index * 131 + 7) & 255));

function daily(device: Household, index: number): TimedFrame[] {
  const away = { mac: ROUTER.mac, ip: device.server };
  const frames = [at(index * 0.5, arpFrame(1, device.mac, device.ip)), at(index * 0.5 + 0.2, dhcpRequest(device, device.name))];
  for (let round = 0; round < 6; round++) {
    const seconds = 5 + index * 3 + round * 31;
    const port = 50_000 + index * 100 + round;
    frames.push(...dnsExchange(seconds, device, port));
    const talk = { client: device, server: away, clientPort: port, serverPort: 443 };
    frames.push(...tcpTalk(seconds + 0.1, talk, clientHello(device.asks), sealed(2000 + 9000 * index)));
  }
  return frames;
}

function scan(seconds: number): TimedFrame[] {
  const [scanner, victim] = [household[5], household[1]];
  return Array.from({ length: 60 }, (_, index) => {
    const to = { source: scanner.ip, destination: victim.ip, sourcePort: 41_000, destinationPort: 1000 + index };
    const back = { source: victim.ip, destination: scanner.ip, sourcePort: 1000 + index, destinationPort: 41_000 };
    return [
      at(seconds + index * 0.1, linked(tcpFrame({ ...to, seq: 1, flags: TCP_SYN }), scanner.mac, victim.mac)),
      at(seconds + index * 0.1 + 0.001, linked(tcpFrame({ ...back, ack: 2, flags: TCP_RST | TCP_ACK }), victim.mac, scanner.mac)),
    ];
  }).flat();
}

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));

function bundled(): TimedFrame[] {
  const files = readdirSync(`${fixtures}captures`).filter((name) => name.endsWith('.pcap'));
  const paths = ['demo.pcap', ...files.toSorted().map((name) => `captures/${name}`)];
  return paths.flatMap((path, index) => {
    const { frames } = readCapture(`${fixtures}${path}`);
    const first = frames[0];
    return frames.map(({ sec, nsec, bytes }) => at(2 + index * 2.5 + (sec - first.sec) + (nsec - first.nsec) / 1e9, bytes));
  });
}

export function writeHousehold(path: string): void {
  const frames = [
    ...household.flatMap(daily),
    ...bundled(),
    ...scan(80),
    at(0, arpFrame(1, ROUTER.mac, ROUTER.ip, '192.168.1.20')),
    at(0.3, linked(Uint8Array.from(dhcpAckFrame()), ROUTER.mac, household[0].mac)),
    at(1, lldpFrame({ from: '00:1b:54:00:00:07' })),
    at(1.5, mdnsFrame()),
    at(1.7, ssdpFrame()),
  ];
  writeFrames(path, frames);
}

/** In order of time. */
export function writeFrames(path: string, frames: readonly TimedFrame[]): void {
  writeCaptureFile(
    path,
    frames.toSorted((left, right) => left.timeUs - right.timeUs),
  );
}
