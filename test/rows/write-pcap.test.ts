/** Capture files that the sensor writes: read back frame by frame, by tshark, and in rotation. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../src/index.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { TSHARK_PRESENT, tsharkFields } from '../fixtures/tshark.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJson, runWeir } from '../support/weir-command.ts';
import { replay } from './replay.ts';

const folder = new TemporaryFolder('write');
afterAll(() => folder[Symbol.dispose]());
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const isPcapng = (path: string): boolean => readFileSync(path).readUInt32BE(0) === 0x0a0d0d0a;

const MB = 1 << 20;
let rotated = 0;

async function rotation(packets: number, maxFiles: number): Promise<{ files: string[]; frames: number }> {
  const source = folder.file('source.pcap');
  writeGenerated(source, { profile: 'imix', packets, flows: 100, seed: 2 });
  const target = folder.file(`rotation-${++rotated}`);
  const writePcap = `${target}.pcap`;
  const { summary } = await replay(source, { output: { writePcap, writePcapRotateMb: 1, writePcapMaxFiles: maxFiles } });
  expect(summary.error).toBeNull();
  const name = `rotation-${rotated}.`;
  const files = readdirSync(folder.path)
    .filter((file) => file.startsWith(name))
    .sort()
    .map((file) => join(folder.path, file));
  return { files, frames: summary.frames_read };
}

describe('a written capture', () => {
  it.each(['demo.pcap', 'nanoseconds.pcap', 'two-link-types.pcapng', 'big-endian.pcap', 'small.pcapng'])(
    'of %s holds the same frames',
    async (name) => {
      const writePcap = folder.file('copy.pcap');
      const { summary } = await replay(fixture(name), { shards: 2, output: { writePcap } });
      const [expected, found] = [readCapture(fixture(name)), readCapture(writePcap)];
      expect(found.damaged).toBe(false);
      expect(found.frames.length).toBe(summary.frames_read);
      expect(found.frames).toEqual(expected.frames);
    },
  );

  it('is pcapng where classic pcap cannot hold it, else classic', async () => {
    for (const [name, pcapng] of [
      ['demo.pcap', false],
      ['nanoseconds.pcap', true],
      ['two-link-types.pcapng', true],
    ] as const) {
      const writePcap = folder.file(`format-${name}`);
      await replay(fixture(name), { output: { writePcap } });
      expect(isPcapng(writePcap), name).toBe(pcapng);
    }
  });

  it.skipIf(!TSHARK_PRESENT)('is read by tshark, frame for frame', async () => {
    for (const name of ['demo.pcap', 'nanoseconds.pcap', 'two-link-types.pcapng']) {
      const writePcap = folder.file('for-tshark.pcap');
      await replay(fixture(name), { output: { writePcap } });
      const fields = ['frame.time_epoch', 'frame.len', 'frame.protocols'] as const;
      expect(tsharkFields(writePcap, fields)).toEqual(tsharkFields(fixture(name), fields));
    }
  });

  it('keeps what the snaplen leaves, while counters keep the length on the wire', async () => {
    const writePcap = folder.file('short.pcap');
    const whole = await replay(fixture('demo.pcap'));
    const cut = await replay(fixture('demo.pcap'), { snaplen: 96, output: { writePcap } });
    const original = readCapture(fixture('demo.pcap')).frames;
    const frames = readCapture(writePcap).frames;
    expect(frames.map(({ bytes }) => bytes.length)).toEqual(original.map(({ bytes }) => Math.min(96, bytes.length)));
    expect(frames.map(({ wireLength }) => wireLength)).toEqual(original.map(({ wireLength }) => wireLength));
    expect(cut.summary.input_wire_bytes).toBe(whole.summary.input_wire_bytes);
    const bytes = ({ flows }: typeof cut) => flows.map(({ flow_id, bytes_total }) => [flow_id, bytes_total]);
    expect(bytes(cut)).toEqual(bytes(whole));
    expect(cut.flows.some(({ snaplen_cut }) => snaplen_cut > 0)).toBe(true);
  });
});

describe('whatever else goes wrong', () => {
  it('every frame that was read is in the file, also those that a shard never saw', async () => {
    const source = folder.file('dropped-source.pcap');
    writeGenerated(source, { profile: 'imix', packets: 30_000, flows: 100, seed: 3 });
    const writePcap = folder.file('dropped.pcap');
    const { summary } = await replay(source, {
      output: { writePcap },
      ringBytes: 1 << 16,
      slowShardMs: 5,
      fault: { seed: 1, dropWhenFull: true },
    });
    expect(summary.ring_drops).toBeGreaterThan(0);
    expect(summary.frames_read).toBe(30_000);
    expect(readCapture(writePcap).frames.length).toBe(30_000);
    expect(summary.ledger.holds).toBe(true);
  });

  it.skipIf(!existsSync('/dev/full'))('a full disk is told, and flows go on without the file', async () => {
    const json = folder.file('flows.json');
    const { code, stderr } = await runWeir(['replay', fixture('demo.pcap'), '--quiet', '--write-pcap', '/dev/full', '--export-json', json]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^weir: cannot write \/dev\/full: /m);
    const packets = readJson<FlowRecord[]>(json)
      .filter(({ tunnel }) => tunnel?.role !== 'outer')
      .map(({ packets_total }) => packets_total);
    expect(packets.reduce((a, b) => a + b, 0)).toBe((await replay(fixture('demo.pcap'))).summary.packets_accounted);
  });
});

describe('rotation', () => {
  it('begins a new file at the size, and together they are the capture', async () => {
    const { files, frames } = await rotation(10_000, 50);
    expect(files.length).toBeGreaterThan(2);
    expect(files.map((file) => file.slice(-12))).toEqual(files.map((_, i) => `.${String(i + 1).padStart(6, '0')}.pcap`));
    const longest = 16 + Math.max(...readCapture(folder.file('source.pcap')).frames.map(({ bytes }) => bytes.length));
    for (const file of files) expect(statSync(file).size).toBeLessThanOrEqual(MB + longest);
    for (const file of files.slice(0, -1)) expect(statSync(file).size).toBeGreaterThan(MB - longest);
    const all = files.flatMap((file) => readCapture(file).frames);
    expect(all.length).toBe(frames);
    expect(all).toEqual(readCapture(folder.file('source.pcap')).frames);
  });

  it('keeps the newest files only', async () => {
    const { files } = await rotation(10_000, 2);
    expect(files).toHaveLength(2);
    expect(files[0]).not.toMatch(/000001\.pcap$/);
    const last = readCapture(files[1]).frames.at(-1)!;
    expect(last).toEqual(readCapture(folder.file('source.pcap')).frames.at(-1));
  });

  it.each([
    ['--write-pcap-rotate-mb', '1'],
    ['--write-pcap-max-files', '3'],
  ])('needs both options: %s alone is refused', async (...option) => {
    const target = folder.file('refused.pcap');
    const { code, stderr } = await runWeir(['replay', fixture('small.pcap'), '--write-pcap', target, ...option]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/write-pcap-(rotate-mb|max-files)/);
    expect(existsSync(target)).toBe(false);
  });
});
