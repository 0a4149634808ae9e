/** Who gets which packets: all, one in N, those in which devices tell about themselves. */
import { afterAll, describe, expect, it } from 'vitest';
import { type RunSummary, Sensor, type SensorSettings } from '../../src/index.ts';
import { TapReason } from '../../src/ring/layout.ts';
import * as h from '../fixtures/headers.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { spaced, writeRawCapture } from './replay.ts';

const folder = new TemporaryFolder('tap-selection');
afterAll(() => folder[Symbol.dispose]());

const mixed = folder.file('mixed.pcap');
writeGenerated(mixed, { profile: 'mixed', packets: 20_000, flows: 300, seed: 3 });

interface Heard {
  packet: number[];
  sample: number[];
  discovery: number[];
  /** Of the samples. */
  reasons: Set<number>;
  summary: RunSummary;
}

async function hear(settings: SensorSettings): Promise<Heard> {
  await using sensor = new Sensor({ tracking: { shards: 1 }, ...settings });
  const heard = { packet: [] as number[], sample: [] as number[], discovery: [] as number[], reasons: new Set<number>() };
  sensor.on('packet', ({ ordinal }) => heard.packet.push(ordinal));
  sensor.on('discovery', ({ ordinal }) => heard.discovery.push(ordinal));
  sensor.on('sample', ({ ordinal, selected }) => {
    heard.sample.push(ordinal);
    heard.reasons.add(selected);
  });
  await sensor.start();
  return { ...heard, summary: await sensor.done };
}

const identities = ({ ledger }: RunSummary) => {
  expect(ledger.holds).toBe(true);
  return ledger.identities.filter(({ name }) => name.startsWith('tap')).map(({ name, left }) => [name, left.value]);
};

/** 1 in `every` of `count`. */
const multiples = (every: number, count: number) => Array.from({ length: Math.floor(count / every) }, (_, index) => (index + 1) * every);

describe('samples', () => {
  it.each([1, 7, 4096])('are exactly the packets whose position is a multiple of %i', async (sampleEvery) => {
    const heard = await hear({ input: { kind: 'replay', files: [mixed] }, sampleEvery });
    expect(heard.sample).toEqual(multiples(sampleEvery, 20_000));
    expect([heard.packet, heard.discovery]).toEqual([[], []]);
    const count = Math.floor(20_000 / sampleEvery);
    expect(identities(heard.summary)).toEqual([
      ['tap_selection', 20_000],
      ['tap', count],
      ['tap_read', count],
    ]);
  });

  it('of the generator, beside all packets, say both reasons', async () => {
    const input = { kind: 'generator', profile: 'imix', packets: 5000, flows: 50, seed: 1, rate: 1e6 } as const;
    const heard = await hear({ input, sampleEvery: 1000, packets: true });
    expect(heard.sample).toEqual(multiples(1000, 5000));
    expect(heard.packet).toEqual(multiples(1, 5000));
    expect([...heard.reasons]).toEqual([TapReason.ALL | TapReason.SAMPLE]);
  });

  it('and nobody who asks, no tap', async () => {
    const heard = await hear({ input: { kind: 'replay', files: [mixed] } });
    expect([heard.packet, heard.sample, heard.discovery]).toEqual([[], [], []]);
    expect(identities(heard.summary)).toEqual([]);
  });
});

const MAC = [1, 0, 0x0c, 0xcc, 0xcc, 0xcc];
const udp = (source: number, destination: number) => h.ethernet(0x0800, h.ipv4(17, h.udp(source, destination, h.zeros(20))));
const icmp6 = (type: number) => h.ethernet(0x86dd, h.ipv6(58, [type, 0, 0, 0, ...h.zeros(20)], 255));
const snap = (organisation: number[], protocol: number) => [
  ...MAC,
  ...h.MAC_A,
  ...h.u16(30),
  0xaa,
  0xaa,
  3,
  ...organisation,
  ...h.u16(protocol),
  ...h.zeros(22),
];
const TELLING: [string, number[]][] = [
  ['ARP', h.ethernet(0x0806, [...h.u16(1), ...h.u16(0x0800), 6, 4, ...h.u16(1), ...h.zeros(20)])],
  ['LLDP', h.ethernet(0x88cc, h.zeros(40))],
  ['CDP', snap([0, 0, 0x0c], 0x2000)],
  ...[133, 134, 135, 136, 137].map((type): [string, number[]] => [`ICMPv6 ${type}`, icmp6(type)]),
  ...[67, 68, 137, 138, 546, 547, 1900, 5353, 5355].flatMap((port): [string, number[]][] => [
    [`from port ${port}`, udp(port, 40_000)],
    [`to port ${port}`, udp(40_000, port)],
  ]),
  ['behind a VLAN tag', h.ethernet(0x8100, h.vlanTag(7, 0x0800, h.ipv4(17, h.udp(68, 67, h.zeros(20)))))],
];
const SILENT: [string, number[]][] = [
  ['TCP to a port of theirs', h.ethernet(0x0800, h.ipv4(6, h.tcp([], { sourcePort: 5353, destinationPort: 67 })))],
  ['UDP to others', udp(53, 139)],
  ['an echo request', icmp6(128)],
  ['ICMPv6 138', icmp6(138)],
  ['spanning tree', [...MAC, ...h.MAC_A, ...h.u16(38), 0x42, 0x42, 3, ...h.zeros(43)]],
  ['another protocol behind SNAP', snap([0, 0, 0x0c], 0x2003)],
  ['what cannot be read', h.ethernet(0x0800, [0x45, 0])],
];

describe('discovery', () => {
  it('gets the frames in which devices tell about themselves, and no other', async () => {
    const frames = [...TELLING, ...SILENT];
    const path = writeRawCapture(folder.file('telling.pcap'), 1, spaced(frames.map(([, bytes]) => bytes)));
    const heard = await hear({ input: { kind: 'replay', files: [path] }, discovery: true });
    expect(heard.discovery.map((ordinal) => frames[ordinal - 1][0])).toEqual(TELLING.map(([name]) => name));
    expect(heard.packet).toEqual([]);
    expect(identities(heard.summary)[1]).toEqual(['tap', TELLING.length]);
  });
});
