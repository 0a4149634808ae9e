/** The logs beside the flow records: events of flows, and transactions of DNS, TLS and HTTP. */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CLIENT, SERVER, type Side } from '../../src/app/dissector.ts';
import type { FlowRecord } from '../../src/index.ts';
import { dnsMessage } from '../support/app/dns.ts';
import { CA, join, LEAF, record, tls12 } from '../support/app/tls.ts';
import type { TimedFrame } from '../support/frames.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { Connection, datagram, dnsAnswer, dnsQuery, RESPONSE, replayFrames, request } from './app-traffic.ts';

const folder = new TemporaryFolder('events');
afterAll(() => folder[Symbol.dispose]());

type Line = Record<string, unknown>;
interface Logs {
  flows: FlowRecord[];
  events: Line[];
  dns: Line[];
  tls: Line[];
  http: Line[];
}

const linesOf = (name: string): Line[] =>
  readFileSync(folder.file(name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

async function logsOf(frames: readonly TimedFrame[], shards = 1): Promise<Logs> {
  const [dnsJsonl, tlsJsonl, httpJsonl, eventsJsonl] = ['dns', 'tls', 'http', 'events'].map((name) => folder.file(name));
  const output = { dnsJsonl, tlsJsonl, httpJsonl, eventsJsonl, sensorId: 'sensor-7' };
  const { flows, summary } = await replayFrames(folder.file('events.pcap'), frames, { shards, output });
  expect(summary.ledger.holds).toBe(true);
  return { flows, events: linesOf('events'), dns: linesOf('dns'), tls: linesOf('tls'), http: linesOf('http') };
}

const moments = (events: readonly Line[]) => events.map(({ event, packets_total }) => [event, packets_total]);

/** When a flow that nobody can name is worth an event, written down a second time: number of the packet, and why. */
function expected(payloads: readonly number[]): (string | number)[][] {
  const out: (string | number)[][] = [];
  let last: { bytes: number; packets: number } | null = null;
  let bytes = 0;
  payloads.forEach((payload, i) => {
    bytes += payload;
    const packets = i + 1;
    const isFirst = last === null && bytes > 0;
    const isProgress = last !== null && (bytes - last.bytes >= 256 || packets - last.packets >= 4);
    if (!isFirst && !isProgress) return;
    out.push([isFirst ? 'first_payload' : 'progress', packets]);
    last = { bytes, packets };
  });
  return [...out, ['end', payloads.length]];
}

describe('a flow event', () => {
  it('comes with the first payload, 256 bytes or 4 packets after the last, and the end: never else', async () => {
    const payload = fc.oneof(fc.constantFrom(0, 1, 127, 128, 255, 256, 257), fc.nat(600));
    const sequences = fc.sample(fc.array(fc.tuple(fc.constantFrom<Side>(CLIENT, SERVER), payload), { minLength: 1, maxLength: 24 }), {
      numRuns: 150,
      seed: 5,
    });
    const frames = sequences.flatMap((sequence, flow) =>
      sequence.map(([side, length], i) =>
        datagram(flow * 100 + i, side, new Uint8Array(length).fill(0xa7), { clientPort: 20_000 + flow, serverPort: 60_001 }),
      ),
    );
    const { events } = await logsOf(frames);
    sequences.forEach((sequence, flow) => {
      const mine = events.filter(({ src_port, dst_port }) => src_port === 20_000 + flow || dst_port === 20_000 + flow);
      expect(moments(mine), `flow ${flow}`).toEqual(expected(sequence.map(([, length]) => length)));
    });
  });

  it('comes when the label changes, and when a risk is found', async () => {
    const http = new Connection().open().say(CLIENT, request('h.example.org')).say(SERVER, 'HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n');
    const { events } = await logsOf(http.frames);
    expect(moments(events)).toEqual([
      ['label', 4],
      ['label', 5],
      ['end', 5],
    ]);
    const risks = ({ ndpi }: Line) => Object.values((ndpi as { flow_risk: Line }).flow_risk).map((risk) => (risk as Line).risk);
    expect(events.map(({ proto }) => proto)).toEqual(['http', 'http', 'http']);
    expect(events.map((event) => risks(event).includes('error_code_detected'))).toEqual([false, true, true]);
  });

  it('ends each of two connections on one tuple', async () => {
    const talk = (atMs: number, isn: number[]) => new Connection({}, atMs, { isn }).open().say(CLIENT, request('a')).close().frames;
    const { events } = await logsOf([...talk(0, [1, 1]), ...talk(100, [9_000_000, 9_000_000])]);
    expect(events.filter(({ event }) => event === 'end').map(({ packets_total }) => packets_total)).toEqual([6, 6]);
    expect(events.filter(({ event }) => event === 'label')).toHaveLength(2);
  });
});

describe('the fields of a flow event', () => {
  const handshake = () => {
    const connection = new Connection({ serverPort: 4433 }).open();
    for (const [side, bytes] of tls12([LEAF, CA])) connection.say(side, bytes);
    return connection.close().frames;
  };

  it('are those that users of flow-event streams know', async () => {
    const { events, flows } = await logsOf(handshake());
    const end = events.at(-1) as Line;
    expect(end).toMatchObject({
      sensor_id: 'sensor-7',
      event: 'end',
      flow_closed: true,
      flow_hash: flows[0].flow_id,
      community_id: flows[0].community_id,
      src_ip: '10.1.0.1',
      dst_ip: '10.1.0.2',
      src_port: 40_000,
      dst_port: 4433,
      proto_id: 6,
      bytes_total: flows[0].payload_bytes_a_to_b + flows[0].payload_bytes_b_to_a,
      bytes_out: flows[0].payload_bytes_a_to_b,
      bytes_in: flows[0].payload_bytes_b_to_a,
      packets_total: flows[0].packets_total,
      proto: 'tls',
      master_proto: null,
      confidence: 'dpi',
      risk_mask: flows[0].risk_mask,
      sni: 'www.example.org',
      quarantine: false,
      lua: {},
    });
    expect(end.ndpi).toMatchObject({ proto: 'tls', hostname: 'www.example.org', tls: { version: 'TLSv1.2' }, ja3: flows[0].ja3 });
    expect(Object.values((end.ndpi as { flow_risk: Line }).flow_risk)[0]).toEqual({
      risk: expect.any(String),
      severity: expect.any(String),
      risk_score: { total: expect.any(Number) },
    });
  });

  it('are there from the first event on; sni only when there is one, flow_closed only at the end', async () => {
    const { events } = await logsOf(handshake());
    const always = Object.keys(events[0]).filter((key) => key !== 'sni');
    for (const event of events) expect(Object.keys(event)).toEqual(expect.arrayContaining(always));
    expect(events.map(({ flow_closed }) => flow_closed ?? false)).toEqual(events.map((_, i) => i === events.length - 1));
    const { events: plain } = await logsOf([datagram(0, CLIENT, 'zzzz', { serverPort: 60_001 })]);
    expect(plain.every((event) => !('sni' in event))).toBe(true);
  });

  it('take the view of the client, whichever address is lower', async () => {
    const place = { client: '10.1.0.9', server: '10.1.0.2' };
    const { events } = await logsOf([datagram(0, CLIENT, 'a'.repeat(10), { ...place, serverPort: 60_001 })]);
    expect(events[0]).toMatchObject({ src_ip: '10.1.0.9', dst_ip: '10.1.0.2', bytes_out: 10, bytes_in: 0 });
  });
});

describe('every line is JSON', () => {
  it('with names of any bytes, and with addresses of pages of 9,000 bytes', async () => {
    const odd = String.fromCharCode(...Array.from({ length: 126 }, (_, i) => 0x80 + i));
    const http = new Connection({ serverPort: 8081 })
      .open()
      .say(CLIENT, `GET /"\\${odd}${'x'.repeat(9000)} HTTP/1.1\r\nHost: ${odd}\r\nUser-Agent: "\\\x01${odd}\r\n\r\n`)
      .say(SERVER, RESPONSE);
    const tls = new Connection({ serverPort: 4433 }, 100)
      .open()
      .say(CLIENT, tls12([], odd)[0][1])
      .say(SERVER, record(21, [2, 40]));
    const name = join(dnsMessage({}).fill(1, 5, 6), Uint8Array.from([4, 0xff, 0x22, 0x5c, 0x0a, 0, 0, 1, 0, 1]));
    const logs = await logsOf([...http.frames, ...tls.frames, datagram(200, CLIENT, name, { serverPort: 53 })]);
    expect(logs.http).toHaveLength(1);
    expect(String(logs.http[0].url).length).toBeLessThanOrEqual(9200);
    expect(logs.dns).toHaveLength(1);
    expect(logs.events.filter(({ event }) => event === 'end')).toHaveLength(3);
    for (const log of ['events', 'dns', 'tls', 'http']) {
      const bytes = readFileSync(folder.file(log));
      expect(bytes.equals(Buffer.from(bytes.toString('utf8')))).toBe(true);
      expect(bytes.toString('utf8')).not.toContain('NaN');
    }
  });
});

describe('the transaction logs', () => {
  const base = ['ts', 'flow_id', 'community_id', 'protocol', 'client_ip', 'client_port', 'server_ip', 'server_port'];
  const resolver = { server: '10.9.0.53', serverPort: 53 };
  const frames = [
    datagram(0, CLIENT, dnsQuery('one.example.org', 1), resolver),
    datagram(5, SERVER, dnsAnswer('one.example.org', '192.0.2.1', 1), resolver),
    datagram(10, CLIENT, dnsQuery('two.example.org', 2), resolver),
    ...new Connection({ serverPort: 8081 }, 20)
      .open()
      .say(CLIENT, request('h.example.org', '/1'))
      .say(SERVER, RESPONSE)
      .say(CLIENT, request('h.example.org', '/2'))
      .say(SERVER, 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
      .close().frames,
    ...tls12([LEAF, CA])
      .reduce((connection, [side, bytes]) => connection.say(side, bytes), new Connection({ serverPort: 443 }, 40).open())
      .close().frames,
  ];

  it.each([1, 4])('tell every question and answer, request and response, and handshake once, %i shards', async (shards) => {
    const { dns, http, tls, flows } = await logsOf(frames, shards);
    expect(dns.map(({ query, rcode, answers }) => [query, rcode, (answers as unknown[]).length])).toEqual([
      ['one.example.org', 'NOERROR', 1],
      ['two.example.org', null, 0],
    ]);
    expect(dns[0].rtt_ms).toBeCloseTo(5, 3);
    expect(http.map(({ method, url, status }) => [method, url, status])).toEqual([
      ['GET', '/1', 200],
      ['GET', '/2', 404],
    ]);
    expect(tls).toHaveLength(1);
    expect(tls[0]).toMatchObject({ tls: { sni: 'www.example.org' }, ja3: expect.any(String), ja3s: expect.any(String) });
    const ids = new Set(flows.map(({ flow_id }) => flow_id));
    for (const line of [...dns, ...http, ...tls]) {
      expect(Object.keys(line).slice(0, base.length)).toEqual(base);
      expect(ids.has(line.flow_id as string)).toBe(true);
      expect(line).toMatchObject({ client_ip: '10.1.0.1', client_port: 40_000 });
      expect(line).not.toHaveProperty('log');
    }
  });
});
