/** Rates of flows, of ticks and of the lines that show them. */
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type TimedFrame, udpFrame, writeCaptureFile } from '../support/frames.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { runWeir } from '../support/weir-command.ts';
import { replay, replayOne } from './replay.ts';

const folder = new TemporaryFolder('rates');
afterAll(() => folder[Symbol.dispose]());
const DEMO = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));
/** Ethernet, IPv4 and UDP headers. */
const HEADERS = 42;

const datagram = (atMs: number, host: number, payload: number): TimedFrame => ({
  timeUs: 1.7e15 + Math.round(atMs * 1000),
  bytes: udpFrame({ source: `10.1.0.${host}`, destination: '10.2.0.1', sourcePort: 1000, destinationPort: 2000, payload }),
});

function capture(frames: TimedFrame[]): string {
  const path = folder.file('rates.pcap');
  writeCaptureFile(path, frames);
  return path;
}

describe('the rates of a flow', () => {
  it('are its bits and packets over its duration, and its mean packet', async () => {
    const flow = await replayOne(capture([0, 500, 1000, 1500, 2000].map((at, i) => datagram(at, 1, 58 + 100 * i))));
    const bytes = 5 * (HEADERS + 58) + 1000;
    expect(flow).toMatchObject({ bytes_total: bytes, duration_secs: 2, avg_bps: (bytes * 8) / 2, pps: 2.5, avg_packet_size: bytes / 5 });
  });

  it('are 0 for a single packet', async () => {
    expect(await replayOne(capture([datagram(0, 1, 58)]))).toMatchObject({ duration_secs: 0, avg_bps: 0, pps: 0, avg_packet_size: 100 });
  });
});

describe('the top flows of a tick', () => {
  it('are those of most bytes in that tick, not since the start', async () => {
    const heavyFirst = [datagram(0, 1, 1400), datagram(10, 1, 1400), datagram(20, 2, 100), datagram(30, 3, 58)];
    const heavyLater = [datagram(1100, 1, 10), datagram(1200, 2, 900), datagram(1300, 3, 500), datagram(1400, 4, 30)];
    const { ticks } = await replay(capture([...heavyFirst, ...heavyLater, datagram(2500, 4, 10)]), { topFlows: 2 });
    const shown = ticks
      .filter(({ packets }) => packets > 0)
      .map(({ top }) => top.map((flow) => [flow.record.endpoint_a.ip, flow.deltaBytes]));
    expect(shown).toEqual([
      [
        ['10.1.0.1', 2 * (1400 + HEADERS)],
        ['10.1.0.2', 100 + HEADERS],
      ],
      [
        ['10.1.0.2', 900 + HEADERS],
        ['10.1.0.3', 500 + HEADERS],
      ],
      [['10.1.0.4', 10 + HEADERS]],
    ]);
  });

  it.each([1, 4])('never add up to more than the tick, over %i shards', async (shards) => {
    const generated = folder.file('imix.pcap');
    writeGenerated(generated, { profile: 'imix', packets: 20_000, flows: 300, seed: 5, rate: 4000 });
    for (const path of [generated, DEMO]) {
      const { ticks, summary } = await replay(path, { shards, topFlows: 5 });
      expect(ticks.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(summary.bytes_accounted);
      expect(ticks.reduce((sum, { packets }) => sum + packets, 0)).toBe(summary.packets_accounted);
      for (const { top, bytes, packets } of ticks) {
        expect(top.length).toBeLessThanOrEqual(5);
        expect(top.reduce((sum, { deltaBytes }) => sum + deltaBytes, 0)).toBeLessThanOrEqual(bytes);
        expect(top.reduce((sum, { deltaPackets }) => sum + deltaPackets, 0)).toBeLessThanOrEqual(packets);
        expect(top.map(({ deltaBytes }) => deltaBytes)).toEqual(top.map(({ deltaBytes }) => deltaBytes).toSorted((a, b) => b - a));
      }
    }
  });
});

describe('stats lines', () => {
  const lines = async (frames: TimedFrame[], ...args: string[]): Promise<string[]> => {
    const { code, stdout } = await runWeir(['replay', capture(frames), '--stats', '--quiet', ...args]);
    expect(code).toBe(0);
    return stdout.split('\n').filter((line) => /^\[stats\]|^ {2}\d+\. /.test(line));
  };

  it('have the numbers of their interval', async () => {
    const frames = [...Array(20).keys()].map((i) => datagram(i * 100, 1 + (i % 2), 1250 - HEADERS));
    const shown = await lines(frames, '--top-flows', '1');
    expect(shown.slice(0, 2)).toEqual(['[stats] 0.10 Mbps | 10 pps | 2 flows', '  1. udp 10.1.0.1:1000 <-> 10.2.0.1:2000 0.05 Mbps']);
    expect(shown[2]).toBe('[stats] 0.11 Mbps | 11 pps | 0 flows');
  });

  it('cover silent seconds too: no packet of packet time is left out, none is counted twice', async () => {
    const frames = [0, 500, 6500, 7100, 7200, 30_400].map((at) => datagram(at, 1, 58));
    const { ticks } = await replay(capture(frames));
    expect(ticks.map(({ intervalSecs, packets }) => [Number(intervalSecs.toFixed(6)), packets])).toEqual([
      [6, 2],
      [1, 1],
      [23, 2],
      [0.4, 1],
    ]);
    expect(await lines(frames)).toEqual([
      '[stats] 0.00 Mbps | 0 pps | 1 flows',
      '[stats] 0.00 Mbps | 1 pps | 1 flows',
      '[stats] 0.00 Mbps | 0 pps | 1 flows',
      '[stats] 0.00 Mbps | 3 pps | 0 flows',
    ]);
  });
});
