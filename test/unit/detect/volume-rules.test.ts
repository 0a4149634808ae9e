/** Rules on volumes and durations: exfiltration, spikes, ICMP tunnels, long connections, flow rates. */
import { describe, expect, it } from 'vitest';
import type { VolumeEvent } from '../../../src/detect/events.ts';
import { dataExfiltration } from '../../../src/detect/rules/exfiltration.ts';
import { flowVolume } from '../../../src/detect/rules/flow-volume.ts';
import { icmpTunnel } from '../../../src/detect/rules/icmp-tunnel.ts';
import { longConnection } from '../../../src/detect/rules/long-connection.ts';
import { trafficSpike } from '../../../src/detect/rules/traffic-spike.ts';
import { addressOf, close, ICMP, RuleRig, SECOND, tick, volume } from './rule-rig.ts';

const inside = '10.0.0.5';
const outside = '198.51.100.7';
const MB = 1_000_000;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('data_exfiltration', () => {
  const upload = (t: number, bytesUp: number, bytesDown = 1, more: { source?: string; target?: string; sourcePort?: number } = {}) =>
    volume({ source: inside, target: outside, port: 443, t, bytesUp, bytesDown, packetsUp: 9, packetsDown: 9, ...more });

  it('needs 100 MB, of any number of flows', () => {
    const rig = new RuleRig(dataExfiltration).feed(
      ...numbers(10).map((i) => upload(i * 50, 10 * MB - (i === 0 ? 1 : 0), 1, { sourcePort: 1000 + i })),
    );
    expect(rig.findings).toEqual([]);
    rig.feed(upload(500, 1));
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0]).toMatchObject({ source: inside, target: outside, observed: { upload_bytes: 100 * MB }, firstAt: 0 });
    expect(rig.findings[0].flows).toHaveLength(11);
  });

  it('forgets what is exactly as old as the window', () => {
    const edge = (at: number) => new RuleRig(dataExfiltration).feed(upload(0, 50 * MB), { ...upload(0, 50 * MB), at }).findings.length;
    expect(edge(600 * SECOND - 1)).toBe(1);
    expect(edge(600 * SECOND)).toBe(0);
  });

  it('needs ten bytes up for each byte down', () => {
    const feed = (down: number) => new RuleRig(dataExfiltration).feed(upload(1, 100 * MB, down)).findings.length;
    expect(feed(10 * MB + 1)).toBe(0);
    expect(feed(10 * MB)).toBe(1);
  });

  it.each([
    ['a backup inside', { target: '10.0.9.9' }],
    ['a server that is downloaded from outside', { source: outside, target: inside }],
    ['a stream to a group', { target: '239.1.2.3' }],
    ['a neighbour on the link', { target: 'fe80::1', source: 'fd00::1' }],
  ])('leaves %s alone', (_, more) => {
    expect(new RuleRig(dataExfiltration).feed(upload(1, 900 * MB, 1, more)).findings).toEqual([]);
  });

  it('sums each external host on its own', () => {
    const rig = new RuleRig(dataExfiltration).feed(...numbers(20).map((i) => upload(i, 90 * MB, 1, { target: `198.51.100.${i}` })));
    expect(rig.findings).toEqual([]);
  });

  it('keeps a pair in spite of a flood that nobody answers', () => {
    const rig = new RuleRig(dataExfiltration).feed(upload(0, 60 * MB));
    for (const i of numbers(10_000))
      rig.feed(volume({ source: `10.1.${i >> 8}.${i & 255}`, target: outside, port: 80, t: 1, bytesUp: 60, packetsUp: 1 }));
    expect(rig.feed(upload(2, 60 * MB)).findings).toHaveLength(1);
  });
});

describe('traffic_spike', () => {
  /** `rates` in MB/s, one for each second from `from` on. */
  const seconds = (rates: readonly number[], from = 0) =>
    rates.flatMap((rate, i) => [
      ...(rate > 0 ? [volume({ source: outside, target: inside, t: from + i + 0.5, bytesDown: 0, bytesUp: rate * MB })] : []),
      tick({ t: from + i + 1 }),
    ]);
  const steady = (count: number, rate: number) => numbers(count).map((i) => rate + (i % 2) * 0.1);

  it('finds a rate far above the baseline', () => {
    const rig = new RuleRig(trafficSpike).feed(...seconds([...steady(80, 2), 13]));
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0]).toMatchObject({ source: inside, observed: { rate: 13 * MB }, at: 81 * SECOND });
  });

  it('has nothing to say before the baseline is full, nor below the floor', () => {
    expect(new RuleRig(trafficSpike).feed(...seconds([...steady(60, 2), 13])).findings).toEqual([]);
    expect(new RuleRig(trafficSpike).feed(...seconds([...steady(61, 2), 13])).findings).toHaveLength(1);
    expect(new RuleRig(trafficSpike).feed(...seconds([...steady(80, 2), 12.5])).findings).toEqual([]);
  });

  it('takes an even load for what it is', () => {
    expect(new RuleRig(trafficSpike).feed(...seconds(steady(200, 40))).findings).toEqual([]);
  });

  it('counts silence as part of the baseline, and begins anew after a gap', () => {
    const rates = [...steady(5, 2), ...numbers(100).map(() => 0)];
    expect(new RuleRig(trafficSpike).feed(...seconds(rates), ...seconds([13], 105)).findings).toHaveLength(1);
    expect(new RuleRig(trafficSpike).feed(...seconds(steady(80, 2)), ...seconds([0, 13], 4000)).findings).toEqual([]);
  });

  it('watches internal addresses only', () => {
    const rig = new RuleRig(trafficSpike, {}, () => false).feed(...seconds([...steady(80, 2), 13]));
    expect(rig.findings).toEqual([]);
  });
});

describe('icmp_tunnel', () => {
  const echo = (t: number, packets: number, up: number, down = up) =>
    volume({
      source: inside,
      target: outside,
      protocol: ICMP,
      sourcePort: 0,
      t,
      bytesUp: packets * up,
      bytesDown: packets * down,
      packetsUp: packets,
      packetsDown: down === 0 ? 0 : packets,
    });

  it('needs more bytes than a large ping a second makes', () => {
    const rig = new RuleRig(icmpTunnel).feed(...numbers(3).map((i) => echo(i, 32, 1024)));
    rig.feed({ ...echo(3, 32, 1024), bytesDown: 32 * 1024 - 1 });
    expect(rig.findings).toEqual([]);
    rig.feed({ ...echo(4, 1, 1), bytesDown: 0 });
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0]).toMatchObject({ source: inside, target: outside, observed: { bytes: 262_144 } });
  });

  it('finds answers that do not repeat their questions', () => {
    const found = (...events: VolumeEvent[]) => new RuleRig(icmpTunnel).feed(...events).findings;
    expect(found(echo(1, 150, 200, 240))[0]).toMatchObject({ observed: { difference: 0.167 }, threshold: { difference: 0.01 } });
    expect(found(echo(1, 99, 400, 900))).toEqual([]);
    // As slow as a ping, over ten minutes.
    expect(found(...numbers(20).map((i) => echo(i * 30, 10, 220, 223)))).toHaveLength(6);
    expect(found(...numbers(20).map((i) => echo(i * 30, 10, 220, 221)))).toEqual([]);
  });

  it('forgets what is exactly as old as the window', () => {
    const edge = (at: number) => new RuleRig(icmpTunnel).feed(echo(0, 100, 1000), { ...echo(0, 100, 1000), at }).findings.length;
    expect(edge(60 * SECOND - 1)).toBe(1);
    expect(edge(60 * SECOND)).toBe(0);
  });

  it.each([
    [inside, outside],
    ['2001:db8::7', 'fd00::5'],
    ['2001:db8::7:1', '2001:db8::8:0'],
  ])('adds up what %s and %s asked each other', (smaller, larger) => {
    const ends = (source: string, target: string) => ({ source: addressOf(source), target: addressOf(target) });
    // The larger end sends packets of 220 bytes, whoever asks.
    const one = { ...echo(1, 60, 220, 110), ...ends(larger, smaller) };
    const other = { ...echo(2, 300, 110, 220), ...ends(smaller, larger) };
    for (const events of [
      [one, other],
      [other, one],
    ]) {
      const [finding, ...more] = new RuleRig(icmpTunnel, { unequal_bytes: 118_800 }).feed(...events).findings;
      expect(more).toEqual([]);
      expect(finding).toMatchObject({ firstAt: events[0].at, observed: { bytes: 118_800, packet_bytes: 165, difference: 0.5 } });
      expect(finding.flows).toMatchObject(events.map(({ source, target }) => ({ source, target })));
    }
  });

  it('judges the first volume of a pair, when that is enough', () => {
    const found = (up: number) => new RuleRig(icmpTunnel).feed({ ...echo(1, 128, 1024), bytesUp: up }).findings;
    expect(found(128 * 1024 - 1)).toHaveLength(0);
    expect(found(128 * 1024)).toMatchObject([{ observed: { bytes: 262_144 }, flows: [{ protocol: ICMP }] }]);
  });

  it('knows 2,048 pairs, and forgets the one that was not heard of for the longest time', () => {
    const half = echo(0, 100, 1000);
    const others = (count: number) => numbers(count).map((i) => ({ ...echo(1, 1, 98), source: addressOf(`10.9.${i >> 8}.${i & 255}`) }));
    const found = (...events: VolumeEvent[]) => new RuleRig(icmpTunnel).feed(...events, { ...half, at: 2 * SECOND }).findings.length;
    const answered = {
      ...half,
      at: SECOND,
      source: half.target,
      target: half.source,
      bytesUp: 1,
      bytesDown: 1,
      packetsUp: 1,
      packetsDown: 1,
    };
    expect(found(half, ...others(2047))).toBe(1);
    expect(found(half, ...others(2048))).toBe(0);
    // Of two volumes, of which one came from the other end.
    expect(found(half, ...others(2000), answered, ...others(2047))).toBe(1);
    expect(found(half, answered, ...others(2048))).toBe(0);
    // Nor does the pair that took its place inherit anything.
    expect(found(half, answered, ...others(2048), { ...half, at: SECOND, source: addressOf('10.9.7.255') })).toBe(0);
    const errors = others(5000).map((event) => ({ ...event, packetsDown: 0, bytesDown: 0 }));
    expect(found(half, ...errors)).toBe(1);
  });

  it.each([
    ['an ordinary ping', numbers(100).map((i) => echo(i * 60, 60, 98))],
    ['a ping with 1,400-byte payloads', numbers(100).map((i) => echo(i * 23, 23, 1442))],
    ['a flood of small pings', numbers(100).map((i) => echo(i, 700, 98))],
    ['pings whose answers a link has padded', numbers(100).map((i) => echo(i * 10, 10, 50, 60))],
    ['errors', numbers(100).map((i) => echo(i, 500, 590, 0))],
  ])('leaves %s alone', (_, events) => {
    expect(new RuleRig(icmpTunnel).feed(...events).findings).toEqual([]);
  });
});

describe('long_connection', () => {
  const hours = (count: number) => count * 3600 * SECOND;
  const flow = { source: inside, target: outside, port: 443, firstAt: 0 };
  const moves = (at: number) => volume({ ...flow, at, bytesUp: 65_536 });

  it('tells each band once, while the connection lasts', () => {
    const rig = new RuleRig(longConnection).feed(moves(hours(1) - 1));
    expect(rig.findings).toEqual([]);
    rig.feed(moves(hours(1)), moves(hours(2)), moves(hours(9)));
    rig.feed(close({ ...flow, at: hours(13), lastAt: hours(13) }));
    expect(rig.findings.map(({ severity }) => severity)).toEqual(['info', 'low', 'low']);
    expect(rig.alerts).toHaveLength(3);
  });

  it('judges a quiet connection at its end, by its last packet', () => {
    const end = (lastAt: number) => new RuleRig(longConnection).feed(close({ ...flow, at: hours(5), lastAt })).findings.length;
    expect(end(hours(1) - 1)).toBe(0);
    expect(end(hours(1))).toBe(1);
  });

  it('does not take what a flow tells at its end for a sign of life', () => {
    const rig = new RuleRig(longConnection).feed({ ...moves(hours(9)), lastAt: SECOND }, close({ ...flow, at: hours(9), lastAt: SECOND }));
    expect(rig.findings).toEqual([]);
  });

  it('leaves internal connections alone', () => {
    expect(new RuleRig(longConnection).feed(close({ ...flow, target: '10.0.0.9', at: hours(30), lastAt: hours(30) })).findings).toEqual([]);
  });
});

describe('flow_volume', () => {
  const flow = { source: inside, target: outside, port: 443, firstAt: 0 };

  it('is asked for by name', () => {
    expect(flowVolume.enabled).toBe(false);
  });

  it('needs more than a million bytes a second', () => {
    const rig = new RuleRig(flowVolume).feed(volume({ ...flow, t: 1, bytesUp: MB }), volume({ ...flow, t: 2, bytesDown: MB }));
    expect(rig.findings).toEqual([]);
    rig.feed(volume({ ...flow, t: 2, bytesDown: 2 }));
    expect(rig.findings[0]).toMatchObject({ observed: { byte_rate: 1_000_001 } });
  });

  it('needs more than a hundred packets a second, over a second at least', () => {
    const end = (packetsUp: number) => new RuleRig(flowVolume).feed(close({ ...flow, t: 5, lastAt: 1000, packetsUp })).findings.length;
    expect(end(100)).toBe(0);
    expect(end(101)).toBe(1);
  });
});
