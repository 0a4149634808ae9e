/** How flows begin and end in packet time, and what names them. */
import { afterAll, describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../src/index.ts';
import { type TimedFrame, udpFrame, writeCaptureFile } from '../support/frames.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJsonLines } from '../support/weir-command.ts';
import { replay } from './replay.ts';
import { c, farewell, handshake, PLACE, START_US, s, writeConversation } from './tcp-conversation.ts';

const folder = new TemporaryFolder('life');
afterAll(() => folder[Symbol.dispose]());

const datagram = (atSec: number, sourcePort: number, payload = 10): TimedFrame => ({
  timeUs: START_US + Math.round(atSec * 1e6),
  bytes: udpFrame({ source: '10.1.0.1', destination: '10.1.0.2', sourcePort, destinationPort: 9999, payload }),
});

function capture(frames: TimedFrame[]): string {
  const path = folder.file('life.pcap');
  writeCaptureFile(path, frames);
  return path;
}

describe('an idle flow', () => {
  const [first, last] = [datagram(0, 1000), datagram(60, 2000)];
  /** Packet time at which the flow of port 1000 is reported, seconds after the start. */
  async function endsAt(flowTimeoutSecs: number | null, frames = [first, ...[...Array(60).keys()].map((i) => datagram(i, 2000)), last]) {
    let at: number | null = null;
    const { records, ticks, flows } = await replay(capture(frames), { tracking: { flowTimeoutSecs } });
    const idle = flows.find((flow) => flow.endpoint_a.port === 1000)!;
    for (const tick of ticks) if (tick.flowsLive < 2 && at === null) at = tick.time - START_US / 1e6;
    return { reason: idle.end_reason, at, records };
  }

  it.each([
    [7, 'idle'],
    [20, 'idle'],
    [0, 'shutdown'],
  ])('with a timeout of %i s ends by %s', async (timeout, reason) => {
    const { reason: found } = await endsAt(timeout);
    expect(found).toBe(reason);
  });

  it('ends within a second of its timeout while nothing else of it arrives', async () => {
    const sensor = await endsAt(7);
    // The first tick has both flows; from 7 s on, at the next tick, there is one.
    expect(sensor.at! - 1).toBeGreaterThanOrEqual(6);
    expect(sensor.at!).toBeLessThanOrEqual(8 + 1e-6);
  });

  it('ends by protocol: UDP after 30 s, TCP after 60, others after 5', async () => {
    const frames = [
      ...handshake(0),
      ...[0, 29, 60, 95, 130].map((sec) => datagram(sec, 1000)),
      c(59_000, 'A', 101, 501),
      c(120_000, 'A', 101, 501),
    ];
    const { flows } = await replay(
      writeConversation(
        folder.file('p.pcap'),
        frames.toSorted((a, b) => a.timeUs - b.timeUs),
      ),
    );
    const shapes = flows.map((flow) => [flow.protocol, flow.packets_total, flow.end_reason]);
    expect(shapes.filter(([protocol]) => protocol === 'udp')).toEqual([
      ['udp', 2, 'idle'],
      ['udp', 1, 'idle'],
      ['udp', 1, 'idle'],
      ['udp', 1, 'shutdown'],
    ]);
    expect(shapes.filter(([protocol]) => protocol === 'tcp')).toEqual([
      ['tcp', 4, 'idle'],
      ['tcp', 1, 'shutdown'],
    ]);
  });
});

describe('a tuple that is used again', () => {
  const second = (atMs: number): TimedFrame[] => [
    c(atMs, 'S', 90_100, 0),
    s(atMs + 50, 'SA', 90_500, 90_101),
    c(atMs + 51, 'A', 90_101, 90_501),
  ];
  const twice = [...handshake(), c(100, 'PA', 101, 501, 10), ...farewell(200, 10, 0), ...second(600)];

  it('is a new flow with its own id and the same Community ID', async () => {
    const { flows } = await replay(capture(twice));
    expect(flows.map((flow) => [flow.packets_total, flow.end_reason])).toEqual([
      [7, 'fin'],
      [3, 'shutdown'],
    ]);
    const [before, after] = flows as [FlowRecord, FlowRecord];
    for (const flow of flows) expect(flow.flow_id).toMatch(/^[0-9a-f]{16}$/);
    expect(before.flow_id).not.toBe(after.flow_id);
    expect(before.community_id).toBe(after.community_id);
  });

  it('also when it begins at the same instant', async () => {
    const at = (frames: TimedFrame[]) => frames.map(({ bytes }) => ({ timeUs: START_US, bytes }));
    const { flows } = await replay(capture(at(twice)));
    expect(flows).toHaveLength(2);
    expect(new Set(flows.map((flow) => flow.flow_id)).size).toBe(2);
    expect(new Set(flows.map((flow) => flow.first_seen)).size).toBe(1);
  });

  it('has the same ids in every run, whatever the shards and the seed, and whichever end comes first', async () => {
    const ids = async (tracking: { shards?: number; seed?: number }) =>
      (await replay(capture(twice), { tracking })).flows.map((flow) => flow.flow_id);
    const expected = await ids({});
    expect(await ids({ shards: 4 })).toEqual(expected);
    expect(await ids({ seed: 99 })).toEqual(expected);
    const syn = await replay(capture([c(0, 'PA', 101, 501, 10), s(50, 'A', 501, 111)]));
    const ack = await replay(capture([s(0, 'A', 501, 111), c(50, 'PA', 111, 501, 10)]));
    expect(syn.flows[0].flow_id).toBe(ack.flows[0].flow_id);
  });
});

describe('a flow that outlasts the active timeout', () => {
  it('reports in between: one id, a sequence without gaps, deltas that add up to its totals, in JSON Lines as in the stream', async () => {
    const frames = [...Array(125).keys()].flatMap((i) => [datagram(i, 1000, 10 + i), ...(i % 2 === 0 ? [datagram(i + 0.5, 2000)] : [])]);
    const flowsJsonl = folder.file('flows.jsonl');
    const { records, summary } = await replay(capture(frames), { shards: 2, tracking: { activeTimeoutSecs: 30 }, output: { flowsJsonl } });
    expect(readJsonLines(flowsJsonl)).toEqual(records);
    expect(summary.flows_created).toBe(2);
    const flow = records.filter(({ endpoint_a, endpoint_b }) => [endpoint_a.port, endpoint_b.port].includes(1000));
    expect(flow.map(({ record, interim_seq, end_reason }) => [record, interim_seq, end_reason])).toEqual([
      ['interim', 1, null],
      ['interim', 2, null],
      ['interim', 3, null],
      ['interim', 4, null],
      ['final', 4, 'shutdown'],
    ]);
    expect(new Set(flow.map(({ flow_id }) => flow_id)).size).toBe(1);
    const sum = (field: keyof FlowRecord['delta']) => flow.reduce((total, { delta }) => total + delta[field], 0);
    const final = flow.at(-1)!;
    expect(final.packets_total).toBe(125);
    for (const field of ['packets_a_to_b', 'packets_b_to_a', 'bytes_a_to_b', 'bytes_b_to_a'] as const)
      expect(sum(field)).toBe(final[field]);
    flow.reduce((before, { bytes_total, delta }) => {
      expect(bytes_total).toBe(before + delta.bytes_a_to_b + delta.bytes_b_to_a);
      return bytes_total;
    }, 0);
  });

  it('is one flow without interim records when the timeout is 0', async () => {
    const frames = [...Array(50).keys()].map((i) => datagram(i * 20, 1000));
    const { records } = await replay(capture(frames), { tracking: { activeTimeoutSecs: 0 } });
    expect(records.map(({ record, packets_total }) => [record, packets_total])).toEqual([['final', 50]]);
  });
});

describe('the initiator', () => {
  it.each([
    ['the sender of the SYN', [c(0, 'S', 100, 0), s(50, 'SA', 500, 101)], 'syn'],
    ['the receiver of a SYN-ACK', [s(0, 'SA', 500, 101), c(1, 'A', 101, 501)], 'synack'],
    ['by its port in the middle of a connection', [s(0, 'PA', 501, 101, 10), c(1, 'A', 101, 511)], 'port_prior'],
  ])('is %s', async (_name, frames, reason) => {
    const [flow] = (await replay(capture(frames))).flows;
    expect(flow.direction_reason).toBe(reason);
    expect((flow.client === 'a_to_b' ? flow.endpoint_a : flow.endpoint_b).ip).toBe(PLACE.client);
  });

  it('is the sender of the first packet when nothing else tells', async () => {
    const place = { ...PLACE, clientPort: 50_001, serverPort: 50_002 };
    const [flow] = (await replay(capture([s(0, 'PA', 501, 101, 10, place), c(1, 'A', 101, 511, 0, place)]))).flows;
    expect(flow).toMatchObject({ direction_reason: 'first_packet', client: 'b_to_a' });
  });
});
