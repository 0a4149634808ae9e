/** The addon for Windows: what it imports, and that Windows' own node loads it. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';
import { LAYOUT_VERSION, RECORD_BYTES } from '../../src/ring/layout.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { cache, double, prepare, readStats, realLibrary, startNode, windowsAddon, writeScript, z } from './wine-session.ts';

const absent = prepare();
const folder = new TemporaryFolder('windows-addon');
afterAll(() => folder[Symbol.dispose]());

const spec = { profile: 'mixed', packets: 2000, flows: 40, seed: 5, rate: 1000 } as const;

/** Engine and rings alone, without anything that is younger than Node 20. Nobody reads the ring, which holds 20 records. */
const program = `
const [addonPath, packagePath, library, missing, real, capture, generated] = process.argv.slice(2);
const addon = require(addonPath);
const load = (name) => import('file:///' + packagePath.replaceAll('\\\\', '/') + '/dist/' + name);
(async () => {
  const { createRing } = await load('ring/create.js');
  const { COUNTER_COUNT, Counter } = await load('ring/layout.js');
  const facts = { version: process.versions.node, layout: addon.layoutVersion(), record: addon.recordBytes() };
  facts.written = addon.writeCapture(${JSON.stringify({ kind: 'generator', ...spec })}, generated);
  facts.filter = addon.checkFilter('tcp', 1, 65535);
  facts.processes = addon.openProcessLookup('/proc');
  facts.missing = addon.probeDivert(missing);
  facts.real = addon.probeDivert(real);
  facts.relative = addon.probeDivert('WinDivert.dll');
  facts.probe = addon.probeDivert(library);
  facts.interfaces = addon.listInterfaces().map(({ name, index, loopback, addresses }) => ({ name, index, loopback, addresses }));
  const options = {
    sources: [{ kind: 'live', interface: 'WinDivert', fanout: 1 }], shards: 1, rings: [[createRing(4096)]], carryBytes: 0, carryTags: null,
    carryIdleMs: 0, tap: null, tapSelect: { all: false, every: 0, discovery: false }, recall: null, hashKey: new Uint8Array(16), tickMs: 1000, snaplen: 65535, promiscuous: false, timeoutMs: 100, bufferMb: 16,
    immediate: false, filter: '', count: 0, speed: { mode: 'max' }, loop: 1, tunnels: true, vlanAware: false, suppressLoopback: false,
    ownEndpoints: [], verifyChecksums: false, arp: false, writePcap: null, fault: null,
    divert: { inline: true, clampMssBytes: 0, library, filter: 'true', queueLength: 4096, queueTimeMs: 1000, queue: 0, verdicts: null },
  };
  const events = [];
  await new Promise((resolve) => {
    const engine = new addon.Engine(options, (event) => {
      events.push(event.type === 'finished' ? event.type + ' ' + event.reason : event.type);
      if (event.type !== 'finished') return;
      const counters = new Float64Array(COUNTER_COUNT);
      engine.readCounters(counters);
      for (const name of ['DIVERTED', 'INLINE_SENT', 'INLINE_FAILED', 'FRAMES_READ', 'ENQUEUED', 'RING_DROPPED', 'REJECTED']) facts[name] = counters[Counter[name]];
      resolve();
    });
    engine.start();
  });
  console.log(JSON.stringify({ ...facts, events }));
})();
`;

describe.skipIf(absent !== null)('the addon for Windows', () => {
  it('imports the kernel and the C runtime, and nothing of the toolchain', () => {
    const facts = execFileSync('x86_64-w64-mingw32-objdump', ['-p', windowsAddon], { encoding: 'utf8', maxBuffer: 1 << 26 });
    const names = [...facts.matchAll(/DLL Name: (\S+)/g)].map((match) => match[1].toLowerCase());
    expect(names.sort()).toEqual(['kernel32.dll', 'msvcrt.dll']);
  });

  it.each(['20.20.2', '22.23.3'] as const)(
    'works in node %s: files, interfaces, and an inline capture whose ring nobody reads',
    async (version) => {
      const run = folder.file(version);
      const capture = folder.file('generated.pcap');
      writeGenerated(capture, spec);
      const script = folder.file('engine.script');
      const stats = folder.file(`${version}.json`);
      const out = folder.file(`${version}.pcap`);
      const path = folder.file('engine.cjs');
      writeFileSync(path, program);
      const missing = join(cache, 'double/nothing.dll');
      const generated = folder.file(`größe-${version}.pcap`);
      const paths = [windowsAddon, join(cache, 'package'), double, missing, realLibrary, capture, generated].map(z);
      const { ended } = startNode(run, version, [z(path), ...paths], {
        DIVERT_SCRIPT: writeScript(script, { pcap: capture, out, stats, end: 1 }),
      });
      const { code, stdout, stderr } = await ended;
      expect([code, stderr]).toEqual([0, '']);
      const facts = JSON.parse(stdout);
      const { packets, delivered } = { packets: readCapture(capture).frames.length, delivered: readStats(stats).delivered };
      expect(facts).toMatchObject({ version, layout: LAYOUT_VERSION, record: RECORD_BYTES, written: packets, probe: null });
      expect(facts.filter).toContain('no libpcap');
      expect(facts.processes).toBeNull();
      expect(facts.missing).toMatchObject({ code: 'SOURCE_NOT_FOUND', hint: expect.stringContaining('--windivert-dll') });
      // The real library loads, but there is no driver that Wine could start.
      expect(facts.real).toMatchObject({ code: 'SOURCE_OPEN', message: expect.stringContaining('its driver cannot start') });
      expect(facts.relative.message).toContain('must be absolute');
      expect(facts.interfaces).toContainEqual(
        expect.objectContaining({ loopback: true, addresses: expect.arrayContaining([{ address: '127.0.0.1', family: 4, prefix: 8 }]) }),
      );
      // What the generator writes is the same on both systems, byte for byte.
      expect(readCapture(generated).frames).toEqual(readCapture(capture).frames);
      expect(facts.events).toEqual(['started', 'finished eof']);
      expect(facts).toMatchObject({ DIVERTED: delivered, INLINE_SENT: delivered, INLINE_FAILED: 0, FRAMES_READ: delivered });
      expect(facts.RING_DROPPED).toBeGreaterThan(delivered / 2);
      expect(readStats(stats)).toMatchObject({ sent: delivered, unknown: 0, closes: 1 });
    },
  );

  it('is made with what the manual says', () => {
    expect(execFileSync('bash', ['-n', 'scripts/build-win.sh'], { cwd: projectRoot, encoding: 'utf8' })).toBe('');
  });
});
