/** The newest packets, asked for by number, by time and by what they are. */
import { afterAll, describe, expect, it } from 'vitest';
import { Sensor, type SensorSettings } from '../../src/index.ts';
import type { TapFrame } from '../../src/packet/tap-record.ts';
import * as h from '../fixtures/headers.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { spaced, writeRawCapture } from './replay.ts';

const folder = new TemporaryFolder('recall');
afterAll(() => folder[Symbol.dispose]());

const MIB = 1 << 20;

/** A sensor that has run to its end; its packets are still there. */
async function ran(input: SensorSettings['input'], settings: Partial<SensorSettings> = {}): Promise<Sensor> {
  const sensor = new Sensor({ input, recallBytes: 16 * MIB, tracking: { shards: 1 }, ...settings });
  await sensor.start();
  const { ledger } = await sensor.done;
  expect(ledger.holds).toBe(true);
  return sensor;
}

const replayed = (path: string, settings?: Partial<SensorSettings>) => ran({ kind: 'replay', files: [path] }, settings);
const generated = (packets: number, settings?: Partial<SensorSettings>) =>
  ran({ kind: 'generator', profile: 'imix', packets, flows: 100, seed: 5, rate: 1e6 }, settings);
const ordinals = (packets: readonly TapFrame[]) => packets.map(({ ordinal }) => ordinal);
const EVERYTHING = { clauses: [{}], limit: 100_000 };

describe('what is kept', () => {
  it('is the beginning of every frame, with its facts', async () => {
    const path = folder.file('mixed.pcap');
    writeGenerated(path, { profile: 'mixed', packets: 3000, flows: 100, seed: 2 });
    const sensor = await replayed(path, { recallSnaplen: 100 });
    const { packets, complete, more } = sensor.recallPackets(EVERYTHING);
    expect([complete, more]).toEqual([true, false]);
    // Only what was decoded to some tuple can match; the others are there by number.
    expect(packets.length).toBeGreaterThan(2000);
    const { frames } = readCapture(path);
    for (const [index, { sec, nsec, wireLength, linkType, bytes }] of frames.entries()) {
      const kept = sensor.recallPacket(index + 1);
      expect(kept).toMatchObject({ ordinal: index + 1, sec, nsec, wireLength, linkType, capturedLength: bytes.length });
      expect(Buffer.from(kept!.frame).equals(bytes.subarray(0, 100))).toBe(true);
    }
  });

  it('is the newest, when there is no room for all', async () => {
    const sensor = await generated(50_000, { recallBytes: MIB });
    const newest = sensor.recentPackets(100_000);
    expect(newest.length).toBeGreaterThan(3000);
    expect(ordinals(newest)).toEqual(Array.from(newest, (_, index) => 50_000 - index));
    expect(sensor.recallPacket(1)).toBeNull();
    const oldest = newest.at(-1)!;
    expect(sensor.recallPacket(oldest.ordinal)).toEqual(oldest);
    expect(sensor.recallPacket(oldest.ordinal - 1)).toBeNull();
    expect(sensor.recallPackets(EVERYTHING).complete).toBe(false);
    expect(sensor.recallPackets({ ...EVERYTHING, fromNs: oldest.streamNs }).complete).toBe(true);
    const all = sensor.recallPackets(EVERYTHING);
    expect(all.lostUntilNs).toBeLessThan(oldest.streamNs);
    expect(sensor.recallPackets({ ...EVERYTHING, fromNs: all.lostUntilNs }).complete).toBe(false);
  });

  it('is nothing unless it is asked for, and nothing before the start', async () => {
    const nothing = { packets: [], complete: false, lostUntilNs: Number.POSITIVE_INFINITY, more: false };
    const input = { kind: 'generator', profile: 'imix', packets: 100, flows: 1, seed: 1, rate: 1 } as const;
    const early = new Sensor({ input, recallBytes: MIB });
    expect([early.recentPackets(5), early.recallPacket(1), early.recallPackets(EVERYTHING)]).toEqual([[], null, nothing]);
    const sensor = await ran(input, { recallBytes: 0 });
    expect([sensor.recentPackets(5), sensor.recallPacket(1), sensor.recallPackets(EVERYTHING)]).toEqual([[], null, nothing]);
  });

  it('needs room for some packets', () => {
    const input: SensorSettings['input'] = { kind: 'replay', files: ['x'] };
    expect(() => new Sensor({ input, recallBytes: 1000 })).toThrow('recallBytes is 1000; it must be between 262144 and');
    expect(() => new Sensor({ input, recallBytes: MIB, recallSnaplen: 65_536 })).toThrow('recallSnaplen is 65536');
    expect(() => new Sensor({ input, recallBytes: MIB, recallSnaplen: 65_535 })).toThrow('recallBytes is 1048576');
  });
});

describe('the list of the newest', () => {
  it('goes on where it ended', async () => {
    const sensor = await generated(1000);
    expect(ordinals(sensor.recentPackets(3))).toEqual([1000, 999, 998]);
    expect(ordinals(sensor.recentPackets(3, 998))).toEqual([997, 996, 995]);
    expect(ordinals(sensor.recentPackets(3, 2))).toEqual([1]);
    expect(sensor.recentPackets(3, 1)).toEqual([]);
    expect(sensor.recentPackets(3, 1001)).toEqual([]);
    expect(sensor.recentPackets(0)).toEqual([]);
  });
});

const [HOST, PEER, OTHER] = [
  [10, 0, 0, 1],
  [10, 0, 0, 2],
  [10, 0, 0, 3],
];
const ip = (source: number[], destination: number[], protocol: number, payload: number[]) =>
  h.ethernet(0x0800, h.ipv4(protocol, payload, { source, destination }));
const arp = (sender: number[], target: number[]) =>
  h.ethernet(0x0806, [...h.u16(1), ...h.u16(0x0800), 6, 4, ...h.u16(1), ...h.MAC_A, ...sender, ...h.zeros(6), ...target]);
const unreachable = [3, 3, 0, 0, ...h.zeros(4), ...h.ipv4(17, h.udp(5000, 161, []), { source: HOST, destination: PEER })];
const FRAMES: Record<string, number[]> = {
  request: ip(HOST, PEER, 6, h.tcp([], { sourcePort: 5000, destinationPort: 80 })),
  reply: ip(PEER, HOST, 6, h.tcp([], { sourcePort: 80, destinationPort: 5000 })),
  'another port': ip(HOST, PEER, 6, h.tcp([], { sourcePort: 5001, destinationPort: 80 })),
  'the same ports the other way round': ip(HOST, PEER, 6, h.tcp([], { sourcePort: 80, destinationPort: 5000 })),
  datagram: ip(HOST, PEER, 17, h.udp(5000, 80, [])),
  query: ip(HOST, PEER, 17, h.udp(5000, 161, [])),
  unreachable: ip(PEER, HOST, 1, unreachable),
  'of another': ip(OTHER, PEER, 6, h.tcp([], { sourcePort: 5000, destinationPort: 80 })),
  ping: ip(HOST, OTHER, 1, [8, 0, 0, 0, 0, 1, 0, 1]),
  pong: ip(OTHER, HOST, 1, [0, 0, 0, 0, 0, 1, 0, 1]),
  arp: arp(HOST, PEER),
  tunnel: ip([192, 168, 0, 1], [192, 168, 0, 2], 47, [
    0,
    0,
    8,
    0,
    ...h.ipv4(6, h.tcp([], { sourcePort: 5000, destinationPort: 80 }), { source: HOST, destination: PEER }),
  ]),
  ipv6: h.ethernet(0x86dd, h.ipv6(6, h.tcp([], { sourcePort: 5000, destinationPort: 80 }))),
  rejected: h.ethernet(0x0800, [0x45, 0]),
};

describe('what is looked for', () => {
  const names = Object.keys(FRAMES);
  const path = writeRawCapture(folder.file('frames.pcap'), 1, spaced(Object.values(FRAMES)));
  const connection = { protocol: 6, address: '10.0.0.1', port: 5000, peer: '10.0.0.2', peerPort: 80 };
  const decodable = names.slice(0, -1);

  it.each([
    ['one connection', [connection], ['request', 'reply', 'tunnel']],
    [
      'its ends swapped',
      [{ protocol: 6, address: '10.0.0.2', port: 80, peer: '10.0.0.1', peerPort: 5000 }],
      ['request', 'reply', 'tunnel'],
    ],
    ['a query and the error about it', [{ protocol: 17, peer: '10.0.0.2', peerPort: 161 }], ['query', 'unreachable']],
    ['two hosts', [{ address: '10.0.0.3', peer: '10.0.0.1' }], ['ping', 'pong']],
    ['one host', [{ address: '10.0.0.3' }], ['of another', 'ping', 'pong']],
    ['a service', [{ protocol: 17, port: 80 }], ['datagram']],
    ['a service wherever it is', [{ port: 161 }], ['query', 'unreachable']],
    ['an echo', [{ protocol: 1, port: 8 }], ['ping', 'pong']],
    ['the outside of a tunnel', [{ address: '192.168.0.2', protocol: 47 }], ['tunnel']],
    ['ARP', [{ arp: true }], ['arp']],
    ['ARP of others', [{ arp: true, address: '10.0.0.3' }], []],
    ['IPv6', [{ address: '2001:db8::2' }], ['ipv6']],
    ['either of two', [{ arp: true }, { address: '10.0.0.3', protocol: 1 }], ['ping', 'pong', 'arp']],
    ['everything that has a tuple', [{}], decodable],
    ['nothing', [], []],
  ])('%s', async (_what, clauses, expected) => {
    const sensor = await replayed(path);
    const { packets, complete } = sensor.recallPackets({ clauses, limit: 100 });
    expect(packets.map(({ ordinal }) => names[ordinal - 1])).toEqual(expected);
    expect(complete).toBe(true);
  });

  it('within a time and a limit, oldest first', async () => {
    const sensor = await replayed(path);
    const third = sensor.recallPacket(3)!.streamNs;
    const from = sensor.recallPackets({ clauses: [{}], limit: 2, fromNs: third });
    expect([ordinals(from.packets), from.more]).toEqual([[3, 4], true]);
    const newest = sensor.recallPackets({ clauses: [{}], limit: 2, newest: true, toNs: third });
    expect([ordinals(newest.packets), newest.more]).toEqual([[2, 3], true]);
    const upTo = sensor.recallPackets({ clauses: [{}], limit: 3, toNs: third });
    expect([ordinals(upTo.packets), upTo.more]).toEqual([[1, 2, 3], false]);
  });

  it('must be something that can be', async () => {
    const sensor = await replayed(path);
    const ask = (clause: object) => () => sensor.recallPackets({ clauses: [clause], limit: 1 });
    expect(ask({ address: 'host' })).toThrow('not an IP address: host');
    expect(ask({ port: 65_536 })).toThrow('port must be a number from 0 to 65535');
    expect(ask({ protocol: -1 })).toThrow(TypeError);
    expect(() => sensor.recallPackets({ clauses: Array.from({ length: 257 }, () => ({})), limit: 1 })).toThrow(
      'clauses must be a list of at most 256',
    );
    expect(() => sensor.recentPackets(Number.NaN)).toThrow(TypeError);
    expect(() => sensor.recallPacket(0)).toThrow(TypeError);
  });
});

describe('while packets arrive', () => {
  it('answers are of one piece', async () => {
    const input = { kind: 'generator', profile: 'imix', packets: 200_000, flows: 100, seed: 5, rate: 1e6 } as const;
    await using sensor = new Sensor({ input, recallBytes: MIB, tracking: { shards: 1, tickMs: 10 } });
    let asked = 0;
    sensor.on('tick', () => {
      const [newest] = sensor.recentPackets(1);
      const { packets, complete } = sensor.recallPackets({
        clauses: [{}],
        limit: 100_000,
        fromNs: newest.streamNs - 100_000,
        toNs: newest.streamNs,
      });
      expect(ordinals(packets)).toEqual(packets.map((_, index) => packets[0].ordinal + index));
      if (complete) expect(packets.at(-1)?.ordinal).toBe(newest.ordinal);
      asked++;
    });
    await sensor.start();
    const { ledger } = await sensor.done;
    expect(asked).toBeGreaterThan(10);
    expect(ledger.holds).toBe(true);
  });
});
