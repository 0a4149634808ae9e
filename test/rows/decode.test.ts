/** What headers do to flows: tags, fragments, padding, extension headers, tunnels. */
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/native/load.ts';
import { R_HASH_HI, R_HASH_LO } from '../../src/ring/layout.ts';
import * as h from '../fixtures/headers.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJsonLines, runWeir } from '../support/weir-command.ts';
import { essence, type ReplayOptions, replay, replayOne, spaced, writeRawCapture } from './replay.ts';

const folder = new TemporaryFolder('decode');
afterAll(() => folder[Symbol.dispose]());
const DEMO = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));
const capture = (...frames: number[][]): string => writeRawCapture(folder.file('decode.pcap'), 1, spaced(frames));
const flowsOf = async (frames: number[][], options: ReplayOptions = {}) => (await replay(capture(...frames), options)).flows;

const HELLO = h.ascii('hello');
const forth = h.ipv4(6, h.tcp(HELLO));
const back = h.ipv4(6, h.tcp(HELLO, { sourcePort: 443, destinationPort: 40_000 }), { source: h.IP_B, destination: h.IP_A });
const tagged = (id: number, packet: number[]): number[] => h.ethernet(0x8100, h.vlanTag(id, 0x0800, packet, 3));
const doubleTagged = (packet: number[]): number[] => h.ethernet(0x88a8, h.vlanTag(100, 0x8100, h.vlanTag(200, 0x0800, packet)));
const plain = (packet: number[]): number[] => h.ethernet(0x0800, packet);

describe('VLAN tags', () => {
  it('leave the flow what it is without them, and are shown', async () => {
    const [untagged] = await flowsOf([plain(forth), plain(back)]);
    const [one] = await flowsOf([tagged(5, forth), tagged(5, back)]);
    const [two] = await flowsOf([doubleTagged(forth), doubleTagged(back)]);
    for (const flow of [one, two]) {
      expect(essence(flow)).toEqual(essence(untagged));
      expect(flow.flow_id).toBe(untagged.flow_id);
    }
    expect([untagged.vlan, one.vlan, two.vlan]).toEqual([[], [5], [100, 200]]);
  });

  it('of each direction may differ: still one flow', async () => {
    const [flow, ...others] = await flowsOf([tagged(5, forth), tagged(6, back), plain(forth), doubleTagged(back)]);
    expect(others).toEqual([]);
    expect(flow).toMatchObject({ packets_a_to_b: 2, packets_b_to_a: 2 });
  });

  it('split flows with vlanAware', async () => {
    const frames = [tagged(5, forth), tagged(6, forth), tagged(5, back), plain(forth), doubleTagged(forth)];
    const flows = await flowsOf(frames, { shards: 4, tracking: { vlanAware: true } });
    expect(flows.map((flow) => `${flow.vlan.join(' ')}: ${flow.packets_total}`).sort()).toEqual(['100 200: 1', '5: 2', '6: 1', ': 1']);
    expect(new Set(flows.map((flow) => flow.flow_id)).size).toBe(4);
  });
});

describe('the shard of a flow', () => {
  const hash = (frame: number[], vlanAware = false): string => {
    const options = { tunnels: true, vlanAware, hashKey: new Uint8Array(16).fill(7), verifyChecksums: false };
    const [record] = loadAddon().decodeFrame(Uint8Array.from(frame), 1, frame.length, options);
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    return `${view.getUint32(R_HASH_HI, true)} ${view.getUint32(R_HASH_LO, true)}`;
  };
  const forth6 = h.ipv6(17, h.udp(53_000, 53, HELLO));
  const swapped6 = [...forth6.slice(0, 8), ...h.IP6_B, ...h.IP6_A, ...h.udp(53, 53_000, HELLO)];
  const extended6 = h.ipv6(0, h.ipv6Options(17, h.udp(53_000, 53, HELLO)));

  it('is the same for both directions, with and without tags, behind extension headers', () => {
    const expected = hash(plain(forth));
    for (const frame of [plain(back), tagged(5, forth), tagged(6, back), doubleTagged(back)]) expect(hash(frame)).toBe(expected);
    const expected6 = hash(h.ethernet(0x86dd, forth6));
    for (const packet of [swapped6, extended6]) expect(hash(h.ethernet(0x86dd, packet))).toBe(expected6);
    expect(hash(h.ethernet(0x8100, h.vlanTag(9, 0x86dd, swapped6)))).toBe(expected6);
    expect(expected6).not.toBe(expected);
  });

  it('depends on the VLAN only where that is part of the flow, and is the same both ways there too', () => {
    expect(hash(tagged(5, forth), true)).toBe(hash(tagged(5, back), true));
    expect(hash(tagged(5, forth), true)).not.toBe(hash(tagged(6, forth), true));
  });

  it('keeps directions together in every record, whatever the number of shards', async () => {
    const one = await replay(DEMO, { shards: 1 });
    const many = await replay(DEMO, { shards: 8 });
    expect(many.records).toEqual(one.records);
    expect(one.flows.filter((flow) => flow.packets_a_to_b > 0 && flow.packets_b_to_a > 0).length).toBeGreaterThan(10);
  });
});

describe('fragments', () => {
  const datagram = h.udp(5000, 6000, h.zeros(64));
  const piece = (fragment: number, bytes: number[]) => plain(h.ipv4(17, bytes, { fragment, id: 9 }));
  const [first, middle, last] = [piece(0x2000, datagram.slice(0, 24)), piece(0x2003, datagram.slice(24, 48)), piece(6, datagram.slice(48))];

  it.each([
    ['in order', [first, middle, last]],
    ['the last one first', [last, first, middle]],
  ])('belong to the flow of their datagram, %s', async (_name, frames) => {
    const [flow, ...others] = await flowsOf(frames);
    expect(others).toEqual([]);
    expect(flow).toMatchObject({ protocol: 'udp', packets_total: 3, fragments: 3, endpoint_a: { port: 5000 }, endpoint_b: { port: 6000 } });
  });

  it('without their first one never make up ports, and are counted', async () => {
    const { flows, summary } = await replay(capture(middle, last));
    for (const flow of flows) expect([flow.endpoint_a.port, flow.endpoint_b.port]).not.toContain(0);
    expect(summary.frames_read).toBe(2);
    expect(JSON.stringify(summary.ledger.stages)).toMatch(/"fragment[^"]*":2/);
    expect(summary.ledger.holds).toBe(true);
  });
});

describe('lengths', () => {
  it('come from the IP header: padding is no payload', async () => {
    const padded = [...plain(h.ipv4(6, h.tcp())), ...h.zeros(6)];
    expect(padded).toHaveLength(60);
    expect(await replayOne(capture(padded))).toMatchObject({ payload_bytes_a_to_b: 0, ip_bytes_a_to_b: 40, bytes_a_to_b: 60 });
  });

  it('count what the snaplen cut, and say that it did', async () => {
    const whole = plain(h.ipv4(6, h.tcp(h.zeros(1000))));
    const frames = [{ sec: 1_700_000_000, nsec: 0, bytes: whole.slice(0, 96), wireLength: whole.length }];
    const path = writeRawCapture(folder.file('cut.pcap'), 1, frames);
    expect(await replayOne(path)).toMatchObject({ payload_bytes_a_to_b: 1000, bytes_a_to_b: whole.length, snaplen_cut: 1 });
  });
});

describe('IPv6 extension headers', () => {
  it('stand before the ports, in a bounded number', async () => {
    const chain = h.ipv6Options(43, h.ipv6Routing(44, h.ipv6Fragment(60, h.ipv6Options(6, h.tcp(HELLO)))));
    const flow = await replayOne(capture(h.ethernet(0x86dd, h.ipv6(0, chain))));
    expect(flow).toMatchObject({ protocol: 'tcp', endpoint_a: { port: 40_000 }, endpoint_b: { port: 443 } });
    let endless = h.ipv6Options(6, h.tcp());
    for (let count = 0; count < 40; count++) endless = h.ipv6Options(60, endless);
    const { summary, flows } = await replay(capture(h.ethernet(0x86dd, h.ipv6(60, endless))));
    expect(flows.filter(({ protocol }) => protocol === 'tcp')).toEqual([]);
    expect(summary.ledger.holds).toBe(true);
  });
});

describe('loopback addresses', () => {
  it('are shown in a replay with or without being asked for', async () => {
    const local = h.ipv4(6, h.tcp(HELLO), { source: [127, 0, 0, 1], destination: [127, 0, 0, 1] });
    for (const includeLoopback of [false, true]) {
      const [flow, ...others] = await flowsOf([plain(local)], { tracking: { includeLoopback } });
      expect(others).toEqual([]);
      expect(flow).toMatchObject({ endpoint_a: { ip: '127.0.0.1' }, packets_total: 1 });
    }
  });
});

describe('tunnels', () => {
  const outer = (packet: number[]): number[] => h.ipv4(47, h.gre(0x0800, packet), { source: [192, 0, 2, 1], destination: [192, 0, 2, 2] });
  const frames = [plain(outer(forth)), plain(outer(back))];

  it('show the flow inside, and the outer one outside of every sum', async () => {
    const { records, summary } = await replay(capture(...frames));
    const [inner, shell] = ['inner', 'outer'].map((role) => records.find(({ tunnel }) => tunnel?.role === role)!);
    expect(inner).toMatchObject({ protocol: 'tcp', endpoint_a: { ip: '10.0.0.1' }, packets_total: 2, tunnel: { type: 'gre' } });
    expect(inner.bytes_total).toBe(frames.flat().length);
    expect(shell).toMatchObject({ protocol: 'gre', endpoint_a: { ip: '192.0.2.1' } });
    expect(inner.tunnel!.parent).toBe(shell.community_id);
    expect(summary).toMatchObject({ packets_accounted: 2, flows_created: 1 });
  });

  it('are left alone when told so', async () => {
    const { records } = await replay(capture(...frames), { tracking: { tunnels: false } });
    expect(records).toMatchObject([{ protocol: 'gre', endpoint_a: { ip: '192.0.2.1' }, packets_total: 2, tunnel: null }]);
  });

  it('follow the flag of the command', async () => {
    const path = capture(...frames);
    const protocols = async (...args: string[]) => {
      await runWeir(['replay', path, '--quiet', '--flows-jsonl', folder.file('t.jsonl'), ...args]);
      return readJsonLines<{ protocol: string }>(folder.file('t.jsonl')).map(({ protocol }) => protocol);
    };
    expect((await protocols()).sort()).toEqual(['gre', 'tcp']);
    expect((await protocols('--tunnels')).sort()).toEqual(['gre', 'tcp']);
    expect(await protocols('--no-tunnels')).toEqual(['gre']);
  });
});

describe('the per-packet record', () => {
  it('leaves out protocols by name, in any case', async () => {
    const igmp = h.ethernet(0x0800, h.ipv4(2, [0x16, 0, 9, 4, 224, 0, 0, 251], { options: [0x94, 4, 0, 0] }));
    const path = capture(plain(forth), igmp, plain(back));
    const protocols = async (...args: string[]) => {
      const { code } = await runWeir(['replay', path, '--quiet', '--packets-jsonl', folder.file('p.jsonl'), ...args]);
      expect(code).toBe(0);
      return readJsonLines<{ src: string; dst: string; protocol: string; length: number }>(folder.file('p.jsonl'));
    };
    const all = await protocols();
    expect(all).toHaveLength(3);
    expect(all[0]).toMatchObject({
      src: expect.stringContaining('10.0.0.1'),
      dst: expect.stringContaining('10.0.0.2'),
      length: plain(forth).length,
    });
    expect(new Set(all.map(({ protocol }) => protocol.toLowerCase()))).toEqual(new Set(['tcp', 'igmp']));
    for (const name of ['igmp', 'IGMP', 'Igmp']) expect(await protocols('--ignore-protocols', name)).toHaveLength(2);
    expect(await protocols('--ignore-protocols', 'IGMP,tcp')).toEqual([]);
  });
});
