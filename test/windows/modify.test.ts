/** Inline captures that change packets: SYN packets go back with a smaller MSS, everything else as it came. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';
import { missingCommands, mustRun } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { type Job, type JobResult, runJobs } from './jobs.ts';
import { packetTexts, portsOf, type RawPacket, rawPackets } from './raw-capture.ts';
import { prepare, readStats, z } from './wine-session.ts';

const HOST = '192.0.2.10';
const MOST = 1300;
const REPEAT = 40;

const absent = prepare() ?? (missingCommands(['tshark']).length > 0 ? 'needs tshark' : null);
const folder = new TemporaryFolder('windows-modify');
const demo = join(projectRoot, 'test/fixtures/demo.pcap');
let results: Map<string, JobResult>;

const job = (name: string, script: Job['script']): Job => ({
  name,
  script: { pcap: demo, end: 1, host: HOST, ...script, out: folder.file(`${name}.pcap`), stats: folder.file(`${name}.stats`) },
  settings: {
    input: { active: true, deny: ['tcp/22'], clampMssBytes: MOST },
    output: { writePcap: z(folder.file(`${name}-seen.pcap`)) },
  },
});

beforeAll(async () => {
  if (absent !== null) return;
  results = await runJobs(folder.path, [
    job('written', { times: 'file' }),
    job('offloaded', { offload: 1 }),
    job('repeated', { repeat: REPEAT, batch: 100 }),
    job('loopback', { loopback: 1 }),
  ]);
}, 120_000);
afterAll(() => folder[Symbol.dispose]());

const isDenied = ({ bytes }: RawPacket) => {
  const ports = portsOf(bytes);
  return ports?.protocol === 6 && (ports.source === 22 || ports.destination === 22);
};

/** Place of the segment in a packet whose own transport is TCP. */
const tcpAt = (bytes: Uint8Array) => (portsOf(bytes)?.protocol !== 6 ? null : bytes[0] >> 4 === 4 ? (bytes[0] & 15) * 4 : 40);

/** The whole sum anew, word by word: nothing of the way in which the sensor gets there. */
function checksum(packet: Buffer, tcp: number): number {
  const addresses = packet[0] >> 4 === 4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  const segment = Buffer.from(packet.subarray(tcp));
  segment.writeUInt16BE(0, 16);
  const padded = Buffer.concat([
    addresses,
    Buffer.from([0, 6, segment.length >> 8, segment.length & 255]),
    segment,
    Buffer.alloc(segment.length % 2),
  ]);
  let sum = 0;
  for (let at = 0; at < padded.length; at += 2) sum += padded.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** The demo's SYN packets offer their MSS first of all options. */
function clamped({ timeNs, bytes }: RawPacket): RawPacket {
  const packet = Buffer.from(bytes);
  const tcp = tcpAt(packet);
  if (tcp === null || (packet[tcp + 13] & 7) !== 2 || packet.readUInt16BE(tcp + 20) !== 0x0204) return { timeNs, bytes };
  packet.writeUInt16BE(MOST, tcp + 22);
  packet.writeUInt16BE(checksum(packet, tcp), tcp + 16);
  return { timeNs, bytes: packet };
}

const came = absent === null ? rawPackets(demo) : [];
const passing = came.filter((packet) => !isDenied(packet));
const expected = passing.map(clamped);
const MODIFIED = expected.filter(({ bytes }, index) => bytes !== passing[index].bytes).length;
const DENIED = came.length - passing.length;

const out = (name: string) => rawPackets(folder.file(`${name}.pcap`));
const counts = (name: string) => {
  const { error, summary } = results.get(name)!;
  expect([name, error, summary?.ledger.holds]).toEqual([name, null, true]);
  const { diverted, sent, denied, modified, failed } = summary!.ledger.stages.divert as Record<string, number>;
  return { diverted, sent, denied, modified, failed };
};
async function tshark(name: string, filter: string, ...fields: string[]): Promise<string[]> {
  const checks = ['-o', 'ip.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE'];
  const columns = fields.flatMap((field) => ['-e', field]);
  const { stdout } = await mustRun('tshark', [
    '-n',
    '-r',
    folder.file(`${name}.pcap`),
    ...checks,
    '-Y',
    filter,
    '-T',
    'fields',
    ...columns,
  ]);
  return stdout.split('\n').filter((line) => line !== '');
}

describe.skipIf(absent !== null)('an inline capture that drops and modifies', () => {
  it('puts back every packet but the denied ones, in order, changed in its SYNs alone', () => {
    expect(MODIFIED).toBeGreaterThan(20);
    expect(DENIED).toBeGreaterThan(10);
    expect(packetTexts(out('written'))).toEqual(packetTexts(expected));
    expect(counts('written')).toEqual({ diverted: came.length, sent: passing.length, denied: DENIED, modified: MODIFIED, failed: 0 });
    // The double does not know what it did not hand out.
    expect(readStats(folder.file('written.stats'))).toMatchObject({ delivered: came.length, sent: passing.length, unknown: MODIFIED });
  });

  it('leaves no wrong checksum behind, says tshark, and no larger MSS but in tunnels', async () => {
    for (const name of ['written', 'offloaded', 'repeated']) {
      expect([name, await tshark(name, 'ip.checksum.status == 0 || tcp.checksum.status == 0', 'frame.number')]).toEqual([name, []]);
    }
    expect(await tshark('written', 'tcp.checksum.status == 1', 'frame.number')).toHaveLength(
      (await tshark('written', 'tcp', 'frame.number')).length,
    );
    const values = await tshark('written', 'tcp.options.mss_val && !gre && !vxlan', 'tcp.options.mss_val');
    expect([values.length, new Set(values)]).toEqual([MODIFIED, new Set([String(MOST)])]);
    const large = await tshark('written', `tcp.options.mss_val > ${MOST}`, 'ip.src');
    expect(large.length).toBeGreaterThan(0);
    expect(large.every((sources) => sources.includes(','))).toBe(true);
  });

  it('makes its flows of the packets as they came', () => {
    expect(packetTexts(rawPackets(folder.file('written-seen.pcap')))).toEqual(packetTexts(came));
  });

  it('leaves a checksum to the driver where the driver has still to compute it', () => {
    expect(packetTexts(out('offloaded'))).toEqual(packetTexts(expected));
    expect(counts('offloaded')).toMatchObject({ sent: passing.length, denied: DENIED, modified: MODIFIED });
    // What was handed out: other bytes in the checksums of this host's segments, and in nothing else.
    const seen = rawPackets(folder.file('offloaded-seen.pcap'));
    const without = (packets: readonly RawPacket[]) =>
      packets.map(({ bytes }) => {
        const tcp = tcpAt(bytes);
        return Buffer.from(bytes).fill(0, tcp === null ? 0 : tcp + 16, tcp === null ? 0 : tcp + 18);
      });
    expect(packetTexts(seen)).not.toEqual(packetTexts(came));
    expect(without(seen)).toEqual(without(came));
  });

  it('counts exactly over many batches', () => {
    expect(packetTexts(out('repeated'))).toEqual(Array.from({ length: REPEAT }, () => packetTexts(expected)).flat());
    const [diverted, sent, denied, modified] = [came.length, passing.length, DENIED, MODIFIED].map((count) => count * REPEAT);
    expect(counts('repeated')).toEqual({ diverted, sent, denied, modified, failed: 0 });
  });

  it('changes nothing on the loopback interface', () => {
    expect(packetTexts(out('loopback'))).toEqual(packetTexts(passing));
    expect(counts('loopback')).toMatchObject({ modified: 0 });
  });
});
