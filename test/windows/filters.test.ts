/** Filters in WinDivert's language: the real library compiles and applies what ours are translated to. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';
import { toDivertFilter } from '../../src/filter/windivert-language.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { missingCommands, mustRun } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { rawPackets, writeRawCapture } from './raw-capture.ts';
import { cache, prepare, readStats, realLibrary, startNode, windowsAddon, writeScript, z } from './wine-session.ts';

const absent = missingCommands(['tcpdump']).length > 0 ? 'needs tcpdump' : prepare();
const folder = new TemporaryFolder('windows-filters');
const demo = join(projectRoot, 'test/fixtures/demo.pcap');
afterAll(() => folder[Symbol.dispose]());

/** What libpcap makes of the same words is the judge. */
const EXPRESSIONS = [
  'tcp',
  'udp port 53',
  'port 80 or 443',
  'not port 22',
  'not (tcp or udp)',
  'ip6',
  'icmp or icmp6',
  'host 192.0.2.20 and not tcp',
  'src net 192.0.2.0/24 and dst portrange 1-1024',
  'not net 192.0.2.0/24',
  'net 2001:db8::/32',
  '!(src host 192.0.2.10 and (tcp dst port 80 or udp))',
  'ip proto 17',
  'not tcp src port 80 and not 6379',
];

/** Engines of one process, one filter after the other; each result is how many packets it got, or its error. */
const program = `
const { readFileSync } = require('node:fs');
const [addonPath, packagePath, library, jobsPath] = process.argv.slice(2);
const addon = require(addonPath);
(async () => {
  const load = (name) => import('file:///' + packagePath.replaceAll('\\\\', '/') + '/dist/ring/' + name);
  const { createRing } = await load('create.js');
  const { COUNTER_COUNT, Counter } = await load('layout.js');
  const results = [];
  for (const { filter, script } of JSON.parse(readFileSync(jobsPath, 'utf8'))) {
    process.env.DIVERT_SCRIPT = script;
    const options = {
      sources: [{ kind: 'live', interface: 'WinDivert', fanout: 1 }], shards: 1, rings: [[createRing(1 << 20)]], carryBytes: 0, carryTags: null,
      carryIdleMs: 0, tap: null, tapSelect: { all: false, every: 0, discovery: false }, recall: null, hashKey: new Uint8Array(16), tickMs: 1000, snaplen: 65535, promiscuous: false, timeoutMs: 100, bufferMb: 16,
      immediate: false, filter: '', count: 0, speed: { mode: 'max' }, loop: 1, tunnels: true, vlanAware: false, suppressLoopback: false,
      ownEndpoints: [], verifyChecksums: false, arp: false, writePcap: null, fault: null,
      divert: { inline: false, clampMssBytes: 0, library, filter, queueLength: 4096, queueTimeMs: 1000, queue: 0, verdicts: null },
    };
    results.push(await new Promise((resolve) => {
      let failure = null;
      const engine = new addon.Engine(options, (event) => {
        if (event.type === 'error') failure = event.code + ' ' + event.message;
        if (event.type !== 'finished') return;
        const counters = new Float64Array(COUNTER_COUNT);
        engine.readCounters(counters);
        resolve(failure ?? counters[Counter.DIVERTED]);
      });
      engine.start();
    }));
  }
  console.log(JSON.stringify(results));
})();
`;

describe.skipIf(absent !== null)('filters on Windows', () => {
  let found: (number | string)[];
  const invalid = ['tcp port 80', 'ip.SrcAddr == 10.0.0.0/8'];
  beforeAll(async () => {
    const jobs = [...EXPRESSIONS.map(toDivertFilter), ...invalid].map((filter, index) => ({
      filter,
      script: writeScript(folder.file(`${index}.script`), { pcap: demo, end: 1, real: realLibrary, stats: folder.file(`${index}.stats`) }),
    }));
    const [path, jobsPath] = [folder.file('filters.cjs'), folder.file('jobs.json')];
    writeFileSync(path, program);
    writeFileSync(jobsPath, JSON.stringify(jobs));
    const paths = [windowsAddon, join(cache, 'package'), join(cache, 'double/WinDivert.dll'), jobsPath].map(z);
    const { code, stdout, stderr } = await startNode(folder.file('run'), '22.23.3', [z(path), ...paths]).ended;
    expect([code, stderr]).toEqual([0, '']);
    found = JSON.parse(stdout);
  }, 90_000);

  it('the real library delivers what libpcap lets pass, for every part of the language that both have', async () => {
    const raw = folder.file('raw.pcap');
    writeRawCapture(raw, rawPackets(demo));
    const expected: number[] = [];
    for (const [index, expression] of EXPRESSIONS.entries()) {
      const passed = folder.file(`${index}.pcap`);
      await mustRun('tcpdump', ['-U', '-r', raw, '-w', passed, expression]);
      expected.push(readCapture(passed).frames.length);
    }
    expect(Object.fromEntries(EXPRESSIONS.map((expression, index) => [expression, found[index]]))).toEqual(
      Object.fromEntries(EXPRESSIONS.map((expression, index) => [expression, expected[index]])),
    );
    expect(new Set(expected).size).toBeGreaterThan(8);
    const { filtered, delivered } = readStats(folder.file('1.stats'));
    expect(filtered + delivered).toBe(rawPackets(demo).length);
  });

  it("what is not WinDivert's language is refused with the library's own words and place", () => {
    expect(found.slice(EXPRESSIONS.length)).toEqual([
      expect.stringMatching(/^FILTER invalid WinDivert filter: .*, at character \d+$/),
      expect.stringMatching(/^FILTER/),
    ]);
  });
});
