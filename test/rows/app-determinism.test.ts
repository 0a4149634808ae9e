/** The application layer and everything that it writes do not depend on the number of shards. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { CLIENT, SERVER } from '../../src/app/dissector.ts';
import { cryptoFrame, longPacket } from '../support/app/quic.ts';
import { CA, clientHelloBody, handshake, LEAF, sniExtension, tls12 } from '../support/app/tls.ts';
import type { TimedFrame } from '../support/frames.ts';
import { isLongForm } from '../support/rounds.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { Connection, clientHello, datagram, dnsAnswer, dnsQuery, RESPONSE, replayFrames, request } from './app-traffic.ts';

const folder = new TemporaryFolder('app-determinism');
afterAll(() => folder[Symbol.dispose]());

const LOGS = ['flowsJsonl', 'exportJson', 'dnsJsonl', 'tlsJsonl', 'httpJsonl', 'eventsJsonl'] as const;

/** One of each, with tuples used again, names learned and announced, beginnings lost, and flows that nobody knows. */
function round(i: number): TimedFrame[] {
  const at = i * 40;
  const client = `10.1.0.${i % 7}`;
  const server = `198.51.100.${i % 5}`;
  const place = { client, server, clientPort: 40_000 + (i % 11) };
  const isn = [i * 100_000, i * 300_000];
  const resolver = { client, server: '10.9.0.53', serverPort: 53, clientPort: 50_000 + (i % 3) };
  const tls = new Connection({ ...place, serverPort: 443 }, at + 2, { isn }).open();
  for (const [side, bytes] of tls12([LEAF, CA], `host${i % 4}.example.org`)) tls.say(side, bytes, 700);
  const http = new Connection({ ...place, serverPort: 8000 + (i % 2) }, at + 3, { isn }).open();
  for (let n = 0; n < 3; n++) http.say(CLIENT, request(`www${i}`, `/${n}`)).say(SERVER, RESPONSE);
  const silent = new Connection({ ...place, serverPort: 7777 }, at + 9, { isn }).open().say(CLIENT, new Uint8Array(300).fill(0xa7), 90);
  const ftp = new Connection({ ...place, serverPort: 21 }, at, { isn })
    .open()
    .say(SERVER, '220 FTP ready\r\n')
    .say(CLIENT, 'USER a\r\n')
    .say(SERVER, '331 go on\r\n')
    .say(CLIENT, 'PASV\r\n')
    .say(SERVER, `227 Entering Passive Mode (198,51,100,${i % 5},200,${i % 250})\r\n`);
  const data = new Connection({ ...place, serverPort: 51_200 + (i % 250) }, at + 20, { isn })
    .open()
    .say(SERVER, new Uint8Array(2000).fill(0x80));
  const late = new Connection({ ...place, serverPort: 9443 }, at + 5, { isn }).say(CLIENT, clientHello(`late${i}`));
  const hello = handshake(1, clientHelloBody({ extensions: [sniExtension(`quic${i}.example.org`)] }));
  return [
    datagram(at, CLIENT, dnsQuery(`host${i % 6}.example.org`, i), resolver),
    datagram(at + 1, SERVER, dnsAnswer(`host${i % 6}.example.org`, server, i), resolver),
    datagram(at + 4, CLIENT, longPacket(cryptoFrame(0, hello), { size: 1200 }), { ...place, serverPort: 443 }),
    datagram(at + 6, CLIENT, new Uint8Array(50).fill(i), { ...place, serverPort: 6000 }),
    ...[tls.close(), http, silent.close(), ftp, data.close(), late].flatMap(({ frames }) => frames),
  ];
}

it.each(['builtin', 'auto'] as const)('1, 2, 4 and 8 shards write the same bytes into every log, --dpi %s', async (dpi) => {
  const frames = Array.from({ length: isLongForm ? 300 : 100 }, (_, i) => round(i)).flat();
  const runs = [];
  for (const shards of isLongForm ? [1, 2, 4, 8, 4, 1] : [1, 2, 4, 8]) {
    const output = Object.fromEntries(LOGS.map((log) => [log, folder.file(log)]));
    const { summary } = await replayFrames(folder.file('mixed.pcap'), frames, {
      shards,
      tracking: { dpi },
      output: { ...output, sensorId: 'test' },
    });
    expect(summary.ledger.holds).toBe(true);
    const written = Object.fromEntries(LOGS.map((log) => [log, readFileSync(folder.file(log), 'utf8')]));
    runs.push({ shards, written, applications: summary.applications });
  }
  const [first, ...others] = runs;
  for (const log of LOGS) expect(first.written[log].split('\n').length, log).toBeGreaterThan(100);
  for (const name of ['dns', 'tls', 'http', 'quic', 'ftp_control', 'unknown'])
    expect(first.applications.map(({ protocol }) => protocol)).toContain(name);
  for (const mark of ['"dns_answer"', '"ftp_data"', '"tls_client_hello"']) expect(first.written.flowsJsonl).toContain(mark);
  for (const { shards, written, applications } of others) {
    expect(applications).toEqual(first.applications);
    for (const log of LOGS) expect(written[log] === first.written[log], `${log}, ${shards} shards`).toBe(true);
  }
});
