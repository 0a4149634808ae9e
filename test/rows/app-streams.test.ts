/** What a flow is, however its bytes come: cut, late, twice, in several datagrams, behind the beginning of a capture. */
import { afterAll, describe, expect, it } from 'vitest';
import { CLIENT, SERVER } from '../../src/app/dissector.ts';
import { cryptoFrame, longPacket } from '../support/app/quic.ts';
import { CA, clientHelloBody, handshake, join, LEAF, sniExtension, tls12, versionsExtension } from '../support/app/tls.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { Connection, clientHello, datagram, flowAt, RESPONSE, replayFrames, request } from './app-traffic.ts';

const folder = new TemporaryFolder('app-streams');
afterAll(() => folder[Symbol.dispose]());

const replayed = (connection: Connection) => replayFrames(folder.file('stream.pcap'), connection.frames).then(({ flows }) => flows[0]);
const PORT = { serverPort: 4433 };
const HELLO = clientHello('www.example.org');
const named = { service: 'tls', host: 'www.example.org', host_source: 'tls_sni', tls: { sni: 'www.example.org' } };
const certain = { protocol: 'tls', confidence: 'dpi', source: 'builtin' };

describe('a ClientHello', () => {
  const whole = () => new Connection(PORT).open();

  it('in segments of one byte', async () => {
    expect(await replayed(whole().say(CLIENT, HELLO, 1))).toMatchObject({ ...named, app: certain });
  });

  it('backwards, the first segment last', async () => {
    const connection = whole();
    for (let at = HELLO.length - (HELLO.length % 20); at >= 0; at -= 20) connection.segment(CLIENT, at, HELLO.subarray(at, at + 20));
    expect(await replayed(connection)).toMatchObject({ ...named, app: certain });
  });

  it('in segments that overlap, with other bytes in the second copies', async () => {
    const connection = whole();
    for (let at = 0; at < HELLO.length; at += 30) {
      const first = HELLO.subarray(at, at + 30);
      connection.segment(CLIENT, at, first).segment(CLIENT, at, new Uint8Array(first.length).fill(0x41));
    }
    expect(await replayed(connection)).toMatchObject({ ...named, app: certain });
  });

  it('with a forged segment behind a hole: the first copy counts', async () => {
    const connection = whole()
      .segment(CLIENT, 40, HELLO.subarray(40))
      .segment(CLIENT, 0, join(HELLO.subarray(0, 40), new Uint8Array(99)));
    expect(await replayed(connection)).toMatchObject({ ...named, app: certain });
  });

  it('of 3,000 bytes, as post-quantum keys make it', async () => {
    const large = clientHello('pq.example.org', 3000);
    expect(large.length).toBeGreaterThan(3000);
    const flow = await replayed(whole().say(CLIENT, large, 1200));
    expect(flow).toMatchObject({ host: 'pq.example.org', app: certain });
    expect(flow.tls?.client_ciphers.length).toBeGreaterThan(100);
  });

  it('behind the first packets of the connection, which were not captured', async () => {
    const connection = whole()
      .say(CLIENT, HELLO)
      .say(SERVER, tls12([LEAF, CA])[1][1]);
    connection.frames.splice(0, 3);
    expect(await replayed(connection)).toMatchObject({ ...named, direction_reason: 'tls_client_hello', client: 'a_to_b' });
  });
});

describe('a whole handshake', () => {
  it('tells version, cipher, certificate and how sure that is', async () => {
    const connection = new Connection(PORT).open();
    for (const [side, bytes] of tls12([LEAF, CA])) connection.say(side, bytes, 500);
    const flow = await replayed(connection.close());
    expect(flow.app).toEqual({ ...certain, master: null, category: expect.any(String) });
    expect(flow.tls).toMatchObject({ version: 'TLSv1.2', alpn_chosen: 'h2', established: true });
    expect(flow.tls?.certificates.map(({ subject }) => subject)).toEqual([expect.stringContaining('www.example.org'), expect.any(String)]);
    expect([flow.ja3, flow.ja3s].map((digest) => digest?.length)).toEqual([32, 32]);
    expect(flow.risks.map(({ name }) => name)).toContain('known_protocol_on_non_standard_port');
    const mask = flow.risks.reduce((bits, { id }) => bits | (1n << BigInt(id)), 0n);
    expect(BigInt(flow.risk_mask)).toBe(mask);
  });
});

describe('a QUIC ClientHello', () => {
  const body = clientHelloBody({
    ciphers: Array.from({ length: 900 }, (_, i) => 0x1301 + (i % 3)),
    extensions: [sniExtension('quic.example.org'), versionsExtension(0x0304)],
  });
  const message = handshake(1, body);
  const packet = (from: number, to: number, number: number) =>
    longPacket(cryptoFrame(from, message.subarray(from, to)), { size: 1200, number });

  it.each([
    ['in order', [0, 1]],
    ['the second first', [1, 0]],
  ])('over two Initial packets, %s', async (_, order) => {
    const packets = [packet(0, 1000, 0), packet(1000, message.length, 1)];
    const frames = order.map((index, at) => datagram(at, CLIENT, packets[index], { serverPort: 8443 }));
    const { flows } = await replayFrames(folder.file('quic.pcap'), frames);
    expect(flows).toHaveLength(1);
    expect(flows[0]).toMatchObject({
      app: { protocol: 'quic', confidence: 'dpi' },
      host: 'quic.example.org',
      host_source: 'quic_sni',
      quic: { version: 'v1', sni: 'quic.example.org' },
    });
  });
});

describe('protocols by content', () => {
  it('HTTP on a strange port, and a strange protocol on the port of HTTP', async () => {
    const strange = new Connection({ clientPort: 1111, serverPort: 4444 })
      .open()
      .say(CLIENT, request('h.example.org', '/a?b'))
      .say(SERVER, RESPONSE);
    const decoy = new Connection({ clientPort: 2222, serverPort: 80 })
      .open()
      .say(SERVER, 'SSH-2.0-OpenSSH_9.6\r\n')
      .say(CLIENT, 'SSH-2.0-Go\r\n');
    const { flows } = await replayFrames(folder.file('ports.pcap'), [...strange.close().frames, ...decoy.close().frames]);
    const http = {
      method: 'GET',
      host: 'h.example.org',
      url: '/a?b',
      status: 200,
      user_agent: 'weir-test',
      response_content_type: 'text/plain',
    };
    expect(flowAt(flows, 4444)).toMatchObject({ app: { protocol: 'http', confidence: 'dpi' }, host: 'h.example.org', http });
    expect(flowAt(flows, 80)).toMatchObject({ app: { protocol: 'ssh' }, http: null, ssh: { client: 'SSH-2.0-Go' } });
  });

  it('a guess from the port is marked as one', async () => {
    const silent = new Connection({ clientPort: 1111, serverPort: 3306 }).open().close();
    const unknown = new Connection({ clientPort: 2222, serverPort: 443 }).open().say(CLIENT, new Uint8Array(100).fill(0xa5)).close();
    const nobody = new Connection({ clientPort: 3333, serverPort: 55_555 }).open().close();
    const { flows } = await replayFrames(folder.file('guess.pcap'), [...silent.frames, ...unknown.frames, ...nobody.frames]);
    expect(flowAt(flows, 3306)).toMatchObject({ app: { protocol: 'mysql', confidence: 'port', source: 'port' }, service: null });
    expect(flowAt(flows, 443)).toMatchObject({ app: { protocol: 'tls', confidence: 'port', source: 'port' }, service: null, tls: null });
    expect(flowAt(flows, 55_555).app).toBeNull();
  });
});

describe('the application layer switched off', () => {
  it('leaves its fields empty and all others as they are', async () => {
    const { frames } = new Connection(PORT).open().say(CLIENT, HELLO).close();
    const off = await replayFrames(folder.file('off.pcap'), frames, { tracking: { dpi: 'off' } });
    const silent = {
      service: null,
      app: null,
      host: null,
      host_source: null,
      tls: null,
      ja3: null,
      ja4: null,
      os_a: null,
      app_details: null,
    };
    expect(off.flows[0]).toMatchObject({ ...silent, risks: [], risk_mask: '0x0000000000000000', risk_score: 0 });
    expect(off.summary.applications).toEqual([]);
    const on = await replayFrames(folder.file('on.pcap'), frames);
    const plain = (flow: object, fields: object) => Object.fromEntries(Object.entries(flow).filter(([key]) => !(key in fields)));
    const app = { ...silent, risks: 0, risk_mask: 0, risk_score: 0, ja4_r: 0 };
    expect(plain(on.flows[0], app)).toEqual(plain(off.flows[0], app));
  });
});
