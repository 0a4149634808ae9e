/** Every link type through the whole sensor, and what happens to those that are not decoded. */
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { handBuilt } from '../fixtures/hand-built.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { essence, replay, replayOne, spaced, writeRawCapture } from './replay.ts';

const folder = new TemporaryFolder('links');
afterAll(() => folder[Symbol.dispose]());
const SMALL = fileURLToPath(new URL('../fixtures/small.pcap', import.meta.url));
const inner = handBuilt('raw ipv4').bytes;
const inner6 = handBuilt('raw ipv6').bytes;
/** Three equal frames of a link type. */
const capture = (linkType: number, bytes: Uint8Array | number[], count = 3): string =>
  writeRawCapture(folder.file(`link-${linkType}.pcap`), linkType, spaced(Array(count).fill(bytes)));

const LINKS: [string, number, number[]][] = [
  ['Ethernet', 1, [...handBuilt('tcp').bytes]],
  ['Linux cooked', 113, [...handBuilt('sll').bytes]],
  ['Linux cooked v2', 276, [...handBuilt('sll2').bytes.subarray(0, 20), ...inner]],
  ['BSD loopback, little-endian', 0, [2, 0, 0, 0, ...inner]],
  ['BSD loopback, big-endian', 0, [0, 0, 0, 2, ...inner]],
  ['OpenBSD loopback', 108, [0, 0, 0, 2, ...inner]],
  ['raw IP', 101, [...inner]],
  ['raw IP of BSD', 12, [...inner]],
  ['raw IP of OpenBSD', 14, [...inner]],
  ['IPv4', 228, [...inner]],
];

describe('link types', () => {
  it.each(LINKS)('%s (%i) carries the same flow', async (name, linkType, bytes) => {
    const frame = name === 'Linux cooked v2' ? [8, 0, ...bytes.slice(2)] : bytes;
    const expected = essence(await replayOne(capture(1, handBuilt('tcp').bytes)));
    const flow = await replayOne(capture(linkType, frame));
    expect(essence(flow)).toEqual(expected);
    expect(flow.bytes_total).toBe(3 * frame.length);
  });

  it.each([
    [229, inner6],
    [101, inner6],
    [0, Uint8Array.from([30, 0, 0, 0, ...inner6])],
  ])('%i carries IPv6', async (linkType, bytes) => {
    expect(await replayOne(capture(linkType, bytes))).toMatchObject({ ip_version: 6, protocol: 'udp', endpoint_b: { port: 53 } });
  });

  it('several in one file are read by their own', async () => {
    const both = fileURLToPath(new URL('../fixtures/two-link-types.pcapng', import.meta.url));
    expect(new Set(readCapture(both).frames.map(({ linkType }) => linkType))).toEqual(new Set([1, 276]));
    const { summary, warnings, flows } = await replay(both);
    expect(warnings).toEqual([]);
    const [expected, found] = [(await replay(SMALL)).flows, flows].map((list) => list.map((flow) => flow.community_id).sort());
    expect(found).toEqual(expected);
    expect(Object.values(summary.parse_errors).reduce((a, b) => a + b, 0)).toBe(0);
  });

  it.each([
    ['one that nobody knows', 147, handBuilt('tcp').bytes],
    ['IEEE 802.11 with radiotap', 127, Uint8Array.from([0, 0, 8, 0, 0, 0, 0, 0, 0x88, 1, 0, 0, ...handBuilt('tcp').bytes])],
  ])('%s is reported once, counted per frame, and makes no flow', async (_name, linkType, bytes) => {
    const { summary, flows, warnings } = await replay(capture(linkType, bytes, 25));
    expect(flows).toEqual([]);
    expect(summary).toMatchObject({ frames_read: 25, packets_accounted: 0 });
    expect(Object.values(summary.parse_errors).filter((count) => count > 0)).toEqual([25]);
    expect(warnings.filter(({ code }) => code === 'LINK_TYPE')).toHaveLength(1);
    expect(summary.ledger.holds).toBe(true);
  });
});
