import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { measureReplay } from './command-memory.ts';
import { interleave, MARKED, markedConnection } from './marked-flood.ts';

const folder = new TemporaryFolder('flood');
afterAll(() => folder[Symbol.dispose]());

describe.skipIf(process.platform !== 'linux')('two million packets of two million flows', () => {
  it('stay within the memory of the flow limit, and spare an established connection', { timeout: 90_000 }, async () => {
    const flood = folder.file('flood.pcap');
    const marked = folder.file('marked.pcap');
    writeGenerated(flood, { profile: 'flood', packets: 2_000_000, flows: 2_000_000, seed: 6, rate: 1_000_000 });
    const frames = markedConnection(1000);
    interleave(flood, frames, marked);
    rmSync(flood);
    const { peakMegabytes, summary } = await measureReplay([marked, '--max-flows', '100000', '--shards', '1']);
    console.log(`flood: ${peakMegabytes} MB, ${Math.round(summary.packets_per_sec)} packets/s, ${summary.flows_evicted} evicted`);
    rmSync(marked);
    expect(peakMegabytes).toBeLessThan(300);
    expect(summary.frames_read).toBe(2_000_000 + frames.length);
    expect(summary.ledger.holds).toBe(true);
    expect(summary.flows_evicted).toBeGreaterThan(1_000_000);
    expect(summary.deterministic).toBe(false);
    expect(summary.top_flows[0]).toMatchObject({
      endpoint_a: { ip: MARKED.client, port: MARKED.clientPort },
      endpoint_b: { ip: MARKED.server, port: MARKED.serverPort },
      packets_total: frames.length,
      payload_bytes_a_to_b: 1_200_000,
      payload_bytes_b_to_a: 1_200_000,
      conn_state: 'SF',
      retransmissions: 0,
      missed_bytes_a_to_b: 0,
    });
  });

  it('spread over an hour do not grow the memory', { timeout: 90_000 }, async () => {
    const hour = folder.file('hour.pcap');
    writeGenerated(hour, { profile: 'flood', packets: 2_000_000, flows: 2_000_000, seed: 6, rate: 2_000_000 / 3600 });
    const { peakMegabytes, summary } = await measureReplay([hour, '--shards', '1']);
    console.log(`flood over an hour: ${peakMegabytes} MB`);
    rmSync(hour);
    // 556 new flows a second that live for a minute at most: a few ten thousand rows, whatever the length of the hour.
    expect(peakMegabytes).toBeLessThan(250);
    expect(summary.flows_created).toBeGreaterThan(1_990_000);
    expect(summary.flows_evicted).toBe(0);
  });
});

describe.skipIf(process.platform !== 'linux')('a million live flows', () => {
  it('fit into 600 MB with all analyses, and into less without', { timeout: 90_000 }, async () => {
    const path = folder.file('million.pcap');
    // A thousandth of the flood's frames belongs to one connection that goes on throughout.
    const packets = 1_002_000;
    writeGenerated(path, { profile: 'flood', packets, flows: packets, seed: 9, rate: 1_000_000 });
    const args = [path, '--shards', '1', '--max-flows', '1002000', '--flow-timeout-s', '0', '--dpi', 'off'];
    const full = await measureReplay(args);
    const scale = await measureReplay([...args, '--no-rtt', '--no-retrans', '--no-out-of-order']);
    const live = full.summary.flows_created;
    expect(live).toBeGreaterThanOrEqual(1_000_000);
    console.log(`${live} live flows: ${full.peakMegabytes} MB with all analyses, ${scale.peakMegabytes} MB without`);
    rmSync(path);
    for (const { summary } of [full, scale])
      expect(summary).toMatchObject({ flows_created: live, flows_evicted: 0, packets_accounted: packets });
    expect(full.peakMegabytes).toBeLessThan(600);
    expect(scale.peakMegabytes).toBeLessThan(full.peakMegabytes);
  });
});
