/** What one flow tells of another, and what must not pass from one to the next: names, announcements, tuples used again. */
import { afterAll, describe, expect, it } from 'vitest';
import { CLIENT, SERVER } from '../../src/app/dissector.ts';
import type { FlowRecord } from '../../src/index.ts';
import { CA, LEAF, tls12 } from '../support/app/tls.ts';
import { TCP_ACK, TCP_SYN, type TimedFrame, tcpFrame } from '../support/frames.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { Connection, clientHello, datagram, dnsAnswer, dnsQuery, flowAt, RESPONSE, replayFrames, request } from './app-traffic.ts';
import type { ReplayOptions } from './replay.ts';
import { START_US } from './tcp-conversation.ts';

const folder = new TemporaryFolder('app-flows');
afterAll(() => folder[Symbol.dispose]());

const SHARDS = [1, 4];
const flowsOf = async (frames: readonly TimedFrame[], shards = 1, options: ReplayOptions = {}): Promise<FlowRecord[]> =>
  (await replayFrames(folder.file('flows.pcap'), frames, { shards, ...options })).flows;
const RESOLVER = { server: '10.9.0.53', serverPort: 53 };

/** A question of `client` at `atMs`, answered 5 ms later. */
const lookup = (atMs: number, client: string, name: string, address: string) => [
  datagram(atMs, CLIENT, dnsQuery(name), { ...RESOLVER, client }),
  datagram(atMs + 5, SERVER, dnsAnswer(name, address), { ...RESOLVER, client }),
];

describe.each(SHARDS)('names from DNS answers, %i shards', (shards) => {
  /** A connection to 198.51.100.7 that tells no name itself. */
  const silent = (client: string, clientPort: number, atMs: number, server = '198.51.100.7') =>
    new Connection({ client, server, clientPort, serverPort: 7777 }, atMs).open().say(CLIENT, new Uint8Array(40).fill(0xa7)).close().frames;

  it('name the later flows of the same client, and nobody else', async () => {
    const flows = await flowsOf(
      [
        ...silent('10.1.0.1', 1001, 0),
        ...lookup(100, '10.1.0.1', 'www.example.org', '198.51.100.7'),
        ...silent('10.1.0.1', 1002, 200),
        ...silent('10.1.0.2', 1003, 300),
        ...silent('10.1.0.1', 1004, 400, '198.51.100.8'),
        ...lookup(500, '10.1.0.1', 'other.example.org', '198.51.100.7'),
        ...silent('10.1.0.1', 1005, 600),
      ],
      shards,
    );
    const named = (port: number) => [flowAt(flows, port).host, flowAt(flows, port).host_source];
    expect(named(1001)).toEqual([null, null]);
    expect(named(1002)).toEqual(['www.example.org', 'dns_answer']);
    expect(named(1003)).toEqual([null, null]);
    expect(named(1004)).toEqual([null, null]);
    expect(named(1005)).toEqual(['other.example.org', 'dns_answer']);
  });

  it('do not replace what a flow says itself', async () => {
    const own = new Connection({ server: '198.51.100.7', serverPort: 7777 }, 100)
      .open()
      .say(CLIENT, clientHello('own.example.org'))
      .close();
    const flows = await flowsOf([...lookup(0, '10.1.0.1', 'www.example.org', '198.51.100.7'), ...own.frames], shards);
    expect(flowAt(flows, 7777)).toMatchObject({ host: 'own.example.org', host_source: 'tls_sni' });
  });

  it('stay with a flow that lives longer than the answer to the next question', async () => {
    const flow = silent('10.1.0.1', 1001, 100);
    const later = [20_000, 40_000].flatMap((at) => lookup(at, '10.1.0.1', 'www.example.org', '198.51.100.7'));
    const flows = await flowsOf([...lookup(0, '10.1.0.1', 'www.example.org', '198.51.100.7'), ...flow.slice(0, -2), ...later], shards);
    expect(flowAt(flows, 1001)).toMatchObject({ host: 'www.example.org', host_source: 'dns_answer' });
  });
});

describe.each(SHARDS)('FTP, %i shards', (shards) => {
  it('labels the data connections that the control connection announced', async () => {
    const control = new Connection({ serverPort: 2121 })
      .open()
      .say(SERVER, '220 Welcome to FTP\r\n')
      .say(CLIENT, 'USER alice\r\n')
      .say(SERVER, '331 Password?\r\n')
      .say(CLIENT, 'PASS secret\r\n')
      .say(SERVER, '230 Logged in\r\n')
      .say(CLIENT, 'PASV\r\n')
      .say(SERVER, '227 Entering Passive Mode (10,1,0,2,200,10)\r\n')
      .say(CLIENT, 'EPSV\r\n')
      .say(SERVER, '229 Entering Extended Passive Mode (|||6446|)\r\n')
      .close();
    const data = (serverPort: number, clientPort: number) =>
      new Connection({ serverPort, clientPort }, 100).open().say(SERVER, new Uint8Array(3000).fill(0x80)).close();
    const flows = await flowsOf(
      [control, data(51_210, 41_000), data(6446, 41_001), data(6447, 41_002)].flatMap(({ frames }) => frames),
      shards,
    );
    expect(flowAt(flows, 2121)).toMatchObject({ app: { protocol: 'ftp_control' }, service: 'ftp_control' });
    expect(flowAt(flows, 2121).risks.map(({ name }) => name)).toContain('cleartext_credentials');
    for (const port of [51_210, 6446]) expect(flowAt(flows, port)).toMatchObject({ app: { protocol: 'ftp_data' }, service: 'ftp_data' });
    expect(flowAt(flows, 6447).app).toBeNull();
    expect(JSON.stringify(flows)).not.toContain('secret');
  });
});

/** The flows of one tuple in the order of their beginning. */
const inOrder = (flows: readonly FlowRecord[]) => flows.toSorted((x, y) => x.first_seen - y.first_seen);
const FIRST = { isn: [1000, 5000] };
const SECOND = { isn: [900_000, 777_000] };

describe.each(SHARDS)('a tuple that is used again, %i shards', (shards) => {
  const talk = (content: string | Uint8Array, atMs: number, options = FIRST) =>
    new Connection({}, atMs, options).open().say(CLIENT, content).say(SERVER, RESPONSE).close();

  it('is looked at anew after FIN', async () => {
    const flows = inOrder(await flowsOf([...talk(request('one'), 0).frames, ...talk(clientHello('two'), 500, SECOND).frames], shards));
    expect(flows.map(({ app, host }) => [app?.protocol, host])).toEqual([
      ['http', 'one'],
      ['tls', 'two'],
    ]);
  });

  it('is looked at anew after a SYN in the middle of the connection', async () => {
    const first = new Connection().open().say(CLIENT, request('one')).say(SERVER, RESPONSE);
    const flows = inOrder(await flowsOf([...first.frames, ...talk(clientHello('two'), 100, SECOND).frames], shards));
    expect(flows.map(({ app, host }) => [app?.protocol, host])).toEqual([
      ['http', 'one'],
      ['tls', 'two'],
    ]);
  });

  it('is looked at anew after a silence, without any SYN', async () => {
    const first = new Connection().open().say(CLIENT, request('one')).say(SERVER, RESPONSE);
    const second = new Connection({}, 120_000, SECOND).say(CLIENT, clientHello('two'));
    const flows = inOrder(await flowsOf([...first.frames, ...second.frames], shards));
    expect(flows.map(({ app, host }) => [app?.protocol, host])).toEqual([
      ['http', 'one'],
      ['tls', 'two'],
    ]);
  });

  it.each([
    ['as fast as it goes', { mode: 'max' }],
    ['in time, so that the capture knows what the shard knows', { mode: 'time', factor: 10 }],
  ] as const)('is looked at anew when the first one has ended, without a SYN and after 3 s: %s', async (_, speed) => {
    const first = new Connection({}, 0, { stepMs: 20 }).open();
    for (const [side, bytes] of tls12([LEAF, CA], 'one')) first.say(side, bytes);
    const second = new Connection({}, 3500, SECOND).say(CLIENT, request('two')).say(SERVER, RESPONSE);
    const flows = inOrder(await flowsOf([...first.close().frames, ...second.frames], shards, { speed }));
    expect(flows.map(({ app, host }) => [app?.protocol, host])).toEqual([
      ['tls', 'one'],
      ['http', 'two'],
    ]);
  });

  it('stays what it was over a short silence, and gives its note once', async () => {
    const { frames } = new Connection({}, 0, { stepMs: 9000 })
      .open()
      .say(CLIENT, request('one'))
      .say(SERVER, RESPONSE)
      .say(CLIENT, request('two'));
    const flows = await flowsOf(frames, shards);
    expect(flows).toHaveLength(1);
    expect(flows[0]).toMatchObject({ app: { protocol: 'http' }, host: 'one' });
  });

  it('twenty times over gives every connection its own name, the same with any number of shards', async () => {
    const frames = Array.from({ length: 20 }, (_, i) => talk(request(`host${i}`), i * 20, { isn: [i * 50_000, i * 70_000] }).frames).flat();
    const flows = inOrder(await flowsOf(frames, shards));
    expect(flows.map(({ host }) => host)).toEqual(Array.from({ length: 20 }, (_, i) => `host${i}`));
  });
});

describe('the system of an endpoint', () => {
  const MSS = [2, 4, 0x05, 0xb4];
  const SACK_OK = [4, 2];
  const TIMESTAMP = [8, 10, 0, 1, 2, 3, 0, 0, 0, 0];
  const scale = (shift: number) => [3, 3, shift];
  const LINUX = [...MSS, ...SACK_OK, ...TIMESTAMP, 1];
  const SYNS: [label: RegExp, ttl: number, window: number, options: number[]][] = [
    [/^Linux 4\.20 or newer/, 64, 64_240, [...LINUX, ...scale(7)]],
    [/^Linux \(Android\)/, 64, 65_535, [...LINUX, ...scale(8)]],
    [/^Windows 10 or 11/, 128, 64_240, [...MSS, 1, ...scale(8), 1, 1, ...SACK_OK]],
    [/macOS|iOS/, 64, 65_535, [...MSS, 1, ...scale(6), 1, 1, ...TIMESTAMP, ...SACK_OK, 0, 0]],
    [/^FreeBSD/, 64, 65_535, [...MSS, 1, ...scale(6), ...SACK_OK, ...TIMESTAMP]],
    [/^OpenBSD/, 64, 16_384, [...MSS, 1, 1, ...SACK_OK, 1, ...scale(6), 1, 1, ...TIMESTAMP]],
  ];

  it.each(SYNS)('%s by its SYN, on the side that sent it', async (label, ttl, window, options) => {
    const syn = { flags: TCP_SYN, seq: 100, id: 0x1234, ttl, window, options: Uint8Array.from(options) };
    const low = { source: '10.1.0.1', destination: '10.1.0.2', sourcePort: 40_000, destinationPort: 80 };
    const high = { source: '10.1.0.9', destination: '10.1.0.2', sourcePort: 40_001, destinationPort: 81 };
    const answer = { source: '10.1.0.2', destination: '10.1.0.1', sourcePort: 80, destinationPort: 40_000, seq: 500, ack: 101 };
    const bytes = [
      { ...low, ...syn },
      { ...answer, flags: TCP_SYN | TCP_ACK, ttl: 255, window: 1 },
      { ...high, ...syn },
    ].map(tcpFrame);
    const flows = await flowsOf(bytes.map((frame, i) => ({ timeUs: START_US + i * 1000, bytes: frame })));
    expect(flowAt(flows, 80).os_a?.label).toMatch(label);
    expect(flowAt(flows, 80).os_a?.confidence).toBeGreaterThan(0.4);
    expect(flowAt(flows, 80).os_b?.label ?? '').not.toMatch(label);
    expect(flowAt(flows, 81).os_a).toBeNull();
    expect(flowAt(flows, 81).os_b?.label).toMatch(label);
  });
});
