/** Messages to DHCP servers, packet by packet: which count, up to where, and for any number of shards. */
import { afterAll, describe, expect, it } from 'vitest';
import { detect } from '../detection/evidence.ts';
import { dhcpMessage, dhcpv6Message, EVERYBODY } from '../support/dhcp-frames.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { type RawFrame, writeRawCapture } from './replay.ts';

const folder = new TemporaryFolder('dhcp-flood');
afterAll(() => folder[Symbol.dispose]());

const START = 1_700_000_000;
const MILLION = 1_000_000;
const STATION = [2, 0, 0, 0, 0, 0x66];

type Make = (index: number) => number[];
/** So many frames, `stepMs` apart, and a packet a minute later. */
function capture(name: string, count: number, stepMs: number, make: Make): string {
  const frames = Array.from({ length: count }, (_, index): RawFrame => {
    const bytes = make(index);
    const ms = index * stepMs;
    return { sec: START + Math.floor(ms / 1000), nsec: (ms % 1000) * MILLION, bytes, wireLength: bytes.length };
  });
  const last = dhcpMessage(STATION, [10, 0, 0, 1], [10, 0, 0, 2], 5000, 5001);
  return writeRawCapture(folder.file(`${name}.pcap`), 1, [
    ...frames,
    { sec: START + 60 + Math.ceil((count * stepMs) / 1000), nsec: 0, bytes: last, wireLength: last.length },
  ]);
}

const kindsOf = async (path: string, shards = 1) => (await detect(path, {}, 0, shards)).alerts.map(({ kind }) => kind);
/** One flow, and one flow each. */
const STATIONS: [string, Make][] = [
  ['broadcasts', () => dhcpMessage(STATION)],
  ['servers of many networks', (index) => dhcpMessage(STATION, [10, 0, 1, index], [10, 0, 2, index])],
  ['DHCPv6', () => dhcpv6Message(STATION)],
];

describe.each(STATIONS)('a station that asks by %s', (what, make) => {
  it('is nothing up to the last message below the limit, and one alert from there on', async () => {
    expect(await kindsOf(capture(`${what}-99`, 99, 100, make))).toEqual([]);
    expect(await kindsOf(capture(`${what}-100`, 100, 100, make))).toEqual(['dhcp_flood']);
    const { alerts } = await detect(capture(`${what}-160`, 160, 100, make), {});
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ source: '02:00:00:00:00:66', severity: 'medium', count: 61, threshold: { messages: 100 } });
    expect([alerts[0].first_seen, alerts[0].ts]).toEqual([START, START + 9.9]);
  });

  it('gives the same alert for any number of shards', async () => {
    const path = capture(`${what}-shards`, 150, 20, make);
    const { alerts } = await detect(path, {});
    expect(alerts).toHaveLength(1);
    for (const shards of [2, 4, 8]) expect((await detect(path, {}, 0, shards)).alerts, `${shards} shards`).toEqual(alerts);
  });
});

it('stations count as one each, 200 of them in the window', async () => {
  const discover: Make = (index) => dhcpMessage([2, 0, 0, 0, index >> 8, index & 255]);
  expect(await kindsOf(capture('199', 199, 100, discover))).toEqual([]);
  const { alerts } = await detect(capture('200', 200, 100, discover), {});
  expect(alerts.map(({ kind, source, observed }) => [kind, source, observed])).toEqual([['dhcp_flood', null, { stations: 200 }]]);
  // 200 of them in 40 s are at most 150 in 30 s.
  expect(await kindsOf(capture('slowly', 200, 200, discover))).toEqual([]);
});

it.each<[string, Make]>([
  ['relays', () => dhcpMessage(STATION, [10, 0, 0, 1], [10, 0, 9, 9], 67, 67)],
  ['servers', () => dhcpMessage(STATION, [10, 0, 0, 1], EVERYBODY, 67, 68)],
  ['other datagrams', (index) => dhcpMessage(STATION, [10, 0, 0, 1], [10, 0, 0, 2], 68, 1067 + index)],
])('what %s send does not count', async (what, make) => {
  expect(await kindsOf(capture(what.replace(' ', '-'), 500, 20, make))).not.toContain('dhcp_flood');
});
