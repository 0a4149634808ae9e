/** Who began a flow, by what its first messages say, where the capture misses its beginning or has it in the wrong order. */
import { afterAll, describe, expect, it } from 'vitest';
import { CLIENT, SERVER } from '../../src/app/dissector.ts';
import type { FlowRecord } from '../../src/index.ts';
import { CA, LEAF, tls12 } from '../support/app/tls.ts';
import type { TimedFrame } from '../support/frames.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { Connection, datagram, dnsAnswer, dnsQuery, RESPONSE, replayFrames, request } from './app-traffic.ts';
import type { Place } from './tcp-conversation.ts';

const folder = new TemporaryFolder('app-direction');
afterAll(() => folder[Symbol.dispose]());

type Kind = 'tls' | 'http' | 'dns';

/** A whole flow: a TLS handshake, HTTP requests and responses, or DNS questions and answers. */
function conversation(kind: Kind, place: Place, atMs: number): TimedFrame[] {
  if (kind === 'dns') {
    return [0, 1, 2].flatMap((i) => [
      datagram(atMs + 10 * i, CLIENT, dnsQuery(`host${i}.example.org`, i), place),
      datagram(atMs + 10 * i + 5, SERVER, dnsAnswer(`host${i}.example.org`, '192.0.2.1', i), place),
    ]);
  }
  const connection = new Connection(place, atMs).open();
  if (kind === 'http') for (let i = 0; i < 3; i++) connection.say(CLIENT, request(`host${i}`)).say(SERVER, RESPONSE);
  else for (const [side, bytes] of tls12([LEAF, CA])) connection.say(side, bytes);
  return connection.close().frames;
}

/** Clients of the lower and of the higher address by turns. */
function placeOf(i: number, serverPort: number, clientPort: number): Place {
  const [low, high] = [`10.1.${i >> 8}.${i & 255}`, `10.200.${i >> 8}.${i & 255}`];
  return i % 2 === 0 ? { client: low, server: high, serverPort, clientPort } : { client: high, server: low, serverPort, clientPort };
}

const KINDS: Kind[] = ['tls', 'http', 'dns'];
const USUAL = { tls: [443, 8443], http: [80, 8080], dns: [53, 53] };

interface Flow {
  kind: Kind;
  place: Place;
  frames: TimedFrame[];
}

/** `ports`: servers at their usual ports, or at ports that tell nothing, above those of their clients. */
function flowsAt(ports: 'usual' | 'strange', count: number, change: (frames: TimedFrame[], i: number) => TimedFrame[]): Flow[] {
  return Array.from({ length: count }, (_, i) => {
    const kind = KINDS[i % 3];
    const place = ports === 'usual' ? placeOf(i, USUAL[kind][(i >> 2) & 1], 32_768 + i) : placeOf(i, 61_000 - (i % 7), 33_000 + i);
    return { kind, place, frames: change(conversation(kind, place, i), i) };
  });
}

const swap = (left: number, right: number) => (frames: TimedFrame[]) =>
  frames.map((frame, at) => ({ timeUs: frame.timeUs, bytes: frames[at === left ? right : at === right ? left : at].bytes }));
const CHANGES: [what: string, change: (frames: TimedFrame[], i: number) => TimedFrame[]][] = [
  ['as they are', (frames) => frames],
  ['the first 1 to 4 packets deleted', (frames, i) => frames.slice(1 + ((i >> 1) & 3))],
  ['the first two packets swapped', swap(0, 1)],
  ['the second and third swapped', swap(1, 2)],
  ['the first and fourth swapped', swap(0, 3)],
];

async function scored(flows: readonly Flow[]): Promise<{ right: number; reasons: Set<string>; wrong: string[] }> {
  const { flows: records } = await replayFrames(
    folder.file('direction.pcap'),
    flows.flatMap(({ frames }) => frames),
  );
  const nameOf = ({ ip, port }: FlowRecord['endpoint_a']) => `${ip} ${port}`;
  const byEnd = new Map(records.flatMap((flow) => [flow.endpoint_a, flow.endpoint_b].map((end) => [nameOf(end), flow] as const)));
  const wrong: string[] = [];
  const reasons = new Set<string>();
  for (const { kind, place } of flows) {
    const client = `${place.client} ${place.clientPort}`;
    const flow = byEnd.get(client);
    if (flow === undefined) throw new Error(`the flow of ${client} is missing`);
    reasons.add(flow.direction_reason);
    if (nameOf(flow.client === 'a_to_b' ? flow.endpoint_a : flow.endpoint_b) !== client)
      wrong.push(`${kind} ${flow.direction_reason} ${flow.history}`);
  }
  return { right: 1 - wrong.length / flows.length, reasons, wrong };
}

describe('300 flows at the usual ports', () => {
  it.each(CHANGES)('%s', async (_, change) => {
    const { right, wrong } = await scored(flowsAt('usual', 300, change));
    expect(right, wrong.join('\n')).toBeGreaterThanOrEqual(0.98);
  });
});

describe('300 flows at ports that tell nothing', () => {
  it.each(CHANGES)('%s', async (_, change) => {
    const { right, wrong } = await scored(flowsAt('strange', 300, change));
    expect(right, wrong.join('\n')).toBeGreaterThanOrEqual(0.98);
  });

  it('without their SYNs are turned by what their clients say', async () => {
    const { right, reasons } = await scored(flowsAt('strange', 300, (frames, i) => (i % 3 === 2 ? frames : frames.slice(2))));
    expect(right).toBe(1);
    expect(reasons).toEqual(new Set(['tls_client_hello', 'http_request', 'dns_query']));
  });

  it('and without their requests, by what their servers answer', async () => {
    const answered = (frames: TimedFrame[], i: number) => (i % 3 === 2 ? frames.slice(1) : frames.slice(4));
    const { right, reasons, wrong } = await scored(flowsAt('strange', 300, answered));
    expect(right, wrong.join('\n')).toBe(1);
    expect(reasons).toEqual(new Set(['tls_client_hello', 'http_request', 'dns_query']));
  });
});
