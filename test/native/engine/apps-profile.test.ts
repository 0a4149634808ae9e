/** The apps profile of the generator: what it promises of counts and headers, and whether its flows are what they say. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { initialKeys, unprotect } from '../../../src/app/quic-crypto.ts';
import { quicVersion } from '../../../src/app/quic-versions.ts';
import { readCapture } from '../../fixtures/read-capture.ts';
import { TSHARK_PRESENT, tsharkFields } from '../../fixtures/tshark.ts';
import { CLIENT_ID } from '../../support/app/quic.ts';
import { writeGenerated } from '../../support/generated-capture.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const folder = new TemporaryFolder('apps-profile');
afterAll(() => folder[Symbol.dispose]());

interface Packet {
  fromClient: boolean;
  flags: number;
  payload: Buffer;
}
interface Flow {
  /** Transport and the server's port, `tcp/443`. */
  service: string;
  packets: Packet[];
}

const TCP = 6;
const FIN = 1;
const SYN = 2;
const PROTOCOLS = { 'tcp/443': 'tls', 'tcp/80': 'http', 'udp/53': 'dns', 'udp/443': 'quic', 'tcp/22': 'ssh', 'tcp/25': 'smtp' } as const;
type Service = keyof typeof PROTOCOLS;

function generate(packets: number, flows: number, seed = 3): string {
  const path = folder.file(`${packets}-${flows}-${seed}.pcap`);
  writeGenerated(path, { profile: 'apps', packets, flows, seed, rate: 1000 });
  return path;
}

function flowsOf(path: string): Map<string, Flow> {
  const flows = new Map<string, Flow>();
  for (const { bytes } of readCapture(path).frames) {
    const ip = Buffer.from(bytes).subarray(14, 14 + Buffer.from(bytes).readUInt16BE(16));
    const transport = ip.subarray(20);
    const ports = [transport.readUInt16BE(0), transport.readUInt16BE(2)] as const;
    const fromClient = ports[1] < 1024;
    const [client, server] = fromClient ? ports : [ports[1], ports[0]];
    const tcp = ip[9] === TCP;
    const key = `${ip.subarray(fromClient ? 12 : 16, fromClient ? 16 : 20).toString('hex')}:${client}/${server}/${tcp}`;
    const flow = flows.get(key) ?? { service: `${tcp ? 'tcp' : 'udp'}/${server}`, packets: [] };
    flow.packets.push({ fromClient, flags: tcp ? transport[13] : 0, payload: transport.subarray(tcp ? (transport[12] >> 4) * 4 : 8) });
    flows.set(key, flow);
  }
  return flows;
}

const said = (flow: Flow, byClient: boolean) =>
  Buffer.concat(flow.packets.filter((packet) => packet.fromClient === byClient).map(({ payload }) => payload));

/** The sum of 16-bit words with carries folded in: 0xffff over anything that holds its own right checksum. */
function onesSum(...parts: Buffer[]): number {
  let sum = 0;
  for (const part of parts) for (let i = 0; i < part.length; i++) sum += part[i] << (i % 2 === 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}

const LARGE = generate(20_000, 500);
const large = [...flowsOf(LARGE).values()];
const ofService = (service: Service) => large.filter((flow) => flow.service === service);

describe('the apps profile', () => {
  it('is the same for a seed and another for another', () => {
    const once = readFileSync(generate(3000, 100, 5));
    writeGenerated(folder.file('again.pcap'), { profile: 'apps', packets: 3000, flows: 100, seed: 5, rate: 1000 });
    expect(readFileSync(folder.file('again.pcap')).equals(once)).toBe(true);
    expect(readFileSync(generate(3000, 100, 6)).equals(once)).toBe(false);
  });

  it.each([
    [1, 1, 1],
    [2, 1, 1],
    [5, 3, 2],
    [4, 2, 2],
    [100, 50, 50],
    [101, 400, 50],
    [5003, 211, 211],
    [20_000, 500, 500],
  ])('of %i packets and %i flows has exactly as many packets, and %i flows', (packets, flows, expected) => {
    const found = flowsOf(generate(packets, flows));
    expect(found.size).toBe(expected);
    expect([...found.values()].reduce((sum, flow) => sum + flow.packets.length, 0)).toBe(packets);
    const dns = [...found.values()].filter(({ service }) => service === 'udp/53');
    expect(dns.length).toBe(Math.floor((expected + 2) / 4));
    for (const flow of dns) expect(flow.packets.map(({ fromClient }) => fromClient)).toEqual([true, false]);
  });

  it('has right checksums', () => {
    for (const { bytes } of readCapture(generate(3000, 100, 5)).frames) {
      const ip = Buffer.from(bytes.subarray(14));
      const length = ip.readUInt16BE(2);
      expect(onesSum(ip.subarray(0, 20))).toBe(0xffff);
      const pseudo = Buffer.from([0, ip[9], (length - 20) >> 8, (length - 20) & 0xff]);
      expect(onesSum(ip.subarray(12, 20), pseudo, ip.subarray(20, length))).toBe(0xffff);
    }
  });

  it('has whole TCP connections, and packets as large as a real link', () => {
    const sizes = large.flatMap(({ packets }) => packets.map(({ payload }) => payload.length));
    expect(Math.max(...sizes)).toBe(1460);
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    expect(mean).toBeGreaterThan(600);
    expect(mean).toBeLessThan(1000);
    for (const { service, packets } of large) {
      if (!service.startsWith('tcp')) continue;
      expect(packets.slice(0, 2).map(({ flags }) => flags & SYN)).toEqual([SYN, SYN]);
      expect(packets.slice(-3, -1).map(({ flags }) => flags & FIN)).toEqual([FIN, FIN]);
    }
  });
});

describe('the payloads of the apps profile', () => {
  it('HTTP: every body is as long as its header says', () => {
    const flows = ofService('tcp/80');
    expect(flows.length).toBeGreaterThan(20);
    for (const flow of flows) {
      const response = said(flow, false);
      const end = response.indexOf('\r\n\r\n') + 4;
      expect(response.length - end).toBe(Number(/Content-Length: (\d+)/.exec(response.toString('latin1', 0, end))?.[1]));
    }
  });

  it('TLS 1.2: the certificate is valid for the name that was asked for', () => {
    const names = ofService('tcp/443').flatMap((flow) => {
      const [answer, asked] = [said(flow, false), said(flow, true)];
      const at = answer.indexOf(Buffer.from([0x30, 0x82, 0x03]));
      // TLS 1.3 hides it; there, noise may look like its first three bytes.
      if (at < 0 || answer[at - 10] !== 11) return [];
      const certificate = new X509Certificate(answer.subarray(at, at + answer.readUIntBE(at - 3, 3)));
      const name = /[a-z]+\.[a-z]+\.example/.exec(asked.toString('latin1'))?.[0] ?? 'no name';
      expect(certificate.checkHost(name), name).toBeDefined();
      return [name];
    });
    expect(new Set(names).size).toBeGreaterThan(10);
  });

  it('QUIC: the first packets of both sides open with the keys of the connection', () => {
    const v1 = quicVersion(1)!;
    const flows = ofService('udp/443');
    expect(flows.length).toBeGreaterThan(30);
    for (const { packets } of flows) {
      const [hello, answer] = packets;
      const keys = initialKeys(v1, CLIENT_ID);
      const opened = unprotect(hello.payload, 0, 18, 1200, keys.client);
      expect(Buffer.from(opened!.payload).includes('example.com')).toBe(true);
      expect(unprotect(answer.payload, 0, 18, 135, keys.server)?.packetNumber).toBe(1);
      expect(answer.payload.length).toBe(1200);
    }
  });

  it('SMTP: a mail that is long enough to be whole ends with its dot', () => {
    const mails = ofService('tcp/25').map((flow) => said(flow, true).toString('latin1'));
    const whole = mails.filter((mail) => mail.includes('base64\r\n\r\n') && !mail.endsWith('base64\r\n\r\n'));
    expect(whole.length).toBeGreaterThan(3);
    for (const mail of whole) expect(mail.endsWith('\r\n.\r\n')).toBe(true);
  });

  it.runIf(TSHARK_PRESENT)('tshark names every flow as its port says', () => {
    const fields = ['udp.stream', 'tcp.stream', 'tcp.dstport', 'udp.dstport', 'frame.protocols', '_ws.malformed'] as const;
    const seen = new Map<string, { service: string; protocols: Set<string> }>();
    for (const row of tsharkFields(LARGE, fields)) {
      expect(row['_ws.malformed']).toEqual([]);
      const tcp = row['tcp.stream'].length > 0;
      const id = tcp ? `tcp ${row['tcp.stream'][0]}` : `udp ${row['udp.stream'][0]}`;
      // The first packet of a flow goes to its server.
      const flow = seen.get(id) ?? { service: tcp ? `tcp/${row['tcp.dstport'][0]}` : `udp/${row['udp.dstport'][0]}`, protocols: new Set() };
      for (const protocol of row['frame.protocols'][0].split(':')) flow.protocols.add(protocol);
      seen.set(id, flow);
    }
    expect(seen.size).toBe(500);
    for (const { service, protocols } of seen.values()) expect([...protocols], service).toContain(PROTOCOLS[service as Service]);
    expect(new Set([...seen.values()].map(({ service }) => service))).toEqual(new Set(Object.keys(PROTOCOLS)));
  });
});
