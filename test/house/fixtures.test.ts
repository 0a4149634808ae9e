import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';

const folder = join(projectRoot, 'test/fixtures');
const captures = readdirSync(folder).filter((name) => /\.(pcap|pcapng)(\.\w+)?$/.test(name));

test('bundled captures are few and small, and each is described', () => {
  const description = readFileSync(join(folder, 'README.md'), 'utf8');
  expect(captures.filter((name) => !description.includes(`\`${name}\``))).toEqual([]);
  expect(captures.filter((name) => statSync(join(folder, name)).size > 300_000)).toEqual([]);
  expect(captures.length).toBeGreaterThanOrEqual(10);
});

/** Ethernet frames of a classic little-endian capture. */
function* framesOf(name: string): Generator<Buffer> {
  const bytes = readFileSync(join(folder, name));
  for (let at = 24; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at + 8);
    yield bytes.subarray(at + 16, at + 16 + length);
    at += 16 + length;
  }
}

test('the demo capture holds what its description promises', () => {
  const seen = new Set<string>();
  for (const frame of framesOf('demo.pcap')) {
    const etherType = frame.readUInt16BE(12);
    if (etherType === 0x0806) seen.add('arp');
    if (etherType === 0x86dd) seen.add(`ipv6 ${frame[20]}`);
    if (etherType !== 0x0800) continue;
    const protocol = frame[23];
    if ((frame.readUInt16BE(20) & 0x3fff) !== 0) seen.add('fragment');
    seen.add(`ipv4 ${protocol}`);
    if (protocol === 6 || protocol === 17) seen.add(`port ${frame.readUInt16BE(36)}`);
  }
  const promised = ['arp', 'fragment', 'ipv6 44', 'ipv6 58', 'ipv6 6', 'ipv6 17', 'ipv4 1', 'ipv4 6', 'ipv4 17'];
  const ports = [80, 53, 22, 1883, 6379, 8443, 9999, 4789].map((port) => `port ${port}`);
  expect([...promised, ...ports].filter((what) => !seen.has(what))).toEqual([]);
});
