import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { pcapngFile } from '../../../src/export/pcapng-file.ts';
import type { TapFrame } from '../../../src/packet/tap-record.ts';
import * as h from '../../fixtures/headers.ts';
import { readCapture } from '../../fixtures/read-capture.ts';
import { TSHARK_PRESENT, tsharkFields } from '../../fixtures/tshark.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const folder = new TemporaryFolder('pcapng-file');
afterAll(() => folder[Symbol.dispose]());

const ip = h.ipv4(17, h.udp(5000, 53, h.zeros(3)));

function frame(ordinal: number, changes: Partial<TapFrame> = {}): TapFrame {
  const bytes = Uint8Array.from(h.ethernet(0x0800, ip));
  const facts = { ordinal, sec: 1_700_000_000 + ordinal, nsec: 123_456_789, streamNs: 0, source: 0, linkType: 1 };
  return { ...facts, wireLength: bytes.length, capturedLength: bytes.length, frame: bytes, ...changes };
}

const FRAMES = [
  frame(1),
  frame(2, { linkType: 101, frame: Uint8Array.from(ip), source: 1 }),
  frame(3, { wireLength: 1500, capturedLength: 1500 }),
  frame(4, { source: 2 }),
];

describe('a pcapng file of frames', () => {
  it.skipIf(!TSHARK_PRESENT)('is what tshark reads: times, lengths, link types, names and the comment', () => {
    const path = folder.file('frames.pcapng');
    const names = ['eth0', 'tun0', null];
    writeFileSync(path, pcapngFile(FRAMES, { comment: 'what it is – and why', interfaceName: (source) => names[source] }));
    const fields = ['frame.time_epoch', 'frame.len', 'frame.cap_len', 'udp.dstport', 'frame.encap_type', 'frame.interface_name'] as const;
    const read = tsharkFields(path, fields);
    expect(read.map((row) => fields.map((field) => row[field][0] ?? ''))).toEqual([
      ['1700000001.123456789', '45', '45', '53', '1', 'eth0'],
      ['1700000002.123456789', '45', '31', '53', '7', 'tun0'],
      ['1700000003.123456789', '1500', '45', '53', '1', 'eth0'],
      ['1700000004.123456789', '45', '45', '53', '1', 'unknown'],
    ]);
    const about = spawnSync('capinfos', ['-k', path], { encoding: 'utf8' });
    expect(about.stdout).toContain('what it is – and why');
  });

  it('is what our own reader reads, also without any frame', () => {
    const path = folder.file('own.pcapng');
    writeFileSync(path, pcapngFile(FRAMES));
    const { frames } = readCapture(path);
    const facts = (list: readonly { sec: number; nsec: number; wireLength: number; linkType: number }[]) =>
      list.map(({ sec, nsec, wireLength, linkType }) => ({ sec, nsec, wireLength, linkType }));
    expect(facts(frames)).toEqual(facts(FRAMES));
    expect(frames.map(({ bytes }) => Buffer.from(bytes))).toEqual(FRAMES.map((given) => Buffer.from(given.frame)));
    expect(pcapngFile([])).toHaveLength(28);
  });

  it('keeps within the format: times, lengths, the length of a comment', () => {
    const path = folder.file('bounds.pcapng');
    const odd = [frame(1, { sec: -5 }), frame(2, { sec: 2 ** 60 }), frame(3, { wireLength: 3 })];
    const bytes = pcapngFile(odd, { comment: '–'.repeat(70_000) });
    expect(bytes.length).toBeLessThan(66_000);
    writeFileSync(path, bytes);
    expect(readCapture(path).frames.map(({ sec, wireLength }) => [sec, wireLength])).toEqual([
      [0, 45],
      [18_446_744_073, 45],
      [3 + 1_700_000_000, 45],
    ]);
  });
});
