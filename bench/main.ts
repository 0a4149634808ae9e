/**
 * The bench: Weir beside every installed peer on the same captures, in turn, several rounds, so that what the machine
 * does meanwhile falls on all of them.
 *
 *   npm run bench                      minutes; writes bench/results/
 *   npm run bench -- --quick           seconds; small captures, one round, writes nothing
 *   npm run bench -- --readme          also writes the measured table of README.md
 *   npm run bench -- --captures imix,small --peers tcpdump,nfpcapd --rounds 5 --output results.json
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { loadDpi } from '../src/native/dpi.ts';
import { loadAddon } from '../src/native/load.ts';
import { type BenchCapture, emptyCapture, prepareCaptures, warmPageCache } from './captures.ts';
import { statedFigures } from './figures.ts';
import { fingerprint } from './fingerprint.ts';
import { readFlags } from './flags.ts';
import { checkGoals } from './goals.ts';
import { markdownTable, replaceTable } from './markdown.ts';
import { type Measurement, measure, versionOf } from './measure.ts';
import type { Peer } from './peer.ts';
import { argus } from './peers/argus.ts';
import { ndpiReader } from './peers/ndpi-reader.ts';
import { nfpcapd } from './peers/nfpcapd.ts';
import { softflowd } from './peers/softflowd.ts';
import { tcpdump } from './peers/tcpdump.ts';
import { tshark } from './peers/tshark.ts';
import { weirBoth, weirBuiltin, weirDetect, weirNdpi, weirOff, weirOneShard, weirSmallTable, weirTwoShards } from './peers/weir.ts';
import { printReport } from './report.ts';
import { Results } from './results.ts';
import { median } from './statistics.ts';

const ndpi = loadDpi();
const ours: Peer[] = [
  weirOneShard,
  weirTwoShards,
  weirSmallTable,
  weirDetect,
  weirOff,
  weirBuiltin,
  ...(ndpi === null ? [] : [weirNdpi, weirBoth]),
];
const others: Peer[] = [tcpdump, softflowd, nfpcapd, argus, ndpiReader, tshark];

const date = new Date().toISOString().slice(0, 10);
const flags = await readFlags(
  process.argv.slice(2),
  others.map((peer) => peer.name),
  date,
).catch((error: Error) => {
  process.stderr.write(`bench: ${error.message}\n  hint: npm run bench -- --help\n`);
  process.exit(2);
});
const { rounds } = flags;
const tell = (line: string) => process.stderr.write(`${line}\n`);

async function installed(peers: readonly Peer[], empty: BenchCapture): Promise<{ present: Peer[]; versions: Record<string, string> }> {
  const present: Peer[] = [];
  const versions: Record<string, string> = {};
  for (const peer of peers) {
    const version = await versionOf(peer, empty);
    if (version === null) tell(`${peer.name} is not installed: left out`);
    else {
      present.push(peer);
      versions[peer.name] = version;
    }
  }
  return { present, versions };
}

/** Whether a program takes part for a capture: some variants are for one kind, slow dissection is for small captures. */
function takesPart(peer: Peer, capture: BenchCapture): boolean {
  if (peer.captures !== undefined && !peer.captures.includes(capture.name)) return false;
  if (capture.peers !== undefined && others.includes(peer) && !capture.peers.includes(peer.name)) return false;
  return capture.frames <= peer.mostFrames;
}

/** Wall time of an empty capture for each of our variants. */
async function startupTimes(variants: readonly Peer[], empty: BenchCapture): Promise<Map<string, number>> {
  const startup = new Map<string, number>();
  for (const peer of variants) {
    const walls: number[] = [];
    for (let round = 0; round < (flags.quick ? rounds : Math.max(rounds, 3)); round++) walls.push((await measure(peer, empty)).wallSecs);
    startup.set(peer.name, median(walls));
  }
  return startup;
}

async function measureCapture(capture: BenchCapture, peers: readonly Peer[], results: Results): Promise<void> {
  await warmPageCache(capture);
  const runs = new Map<Peer, Measurement[]>(peers.filter((peer) => takesPart(peer, capture)).map((peer) => [peer, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [peer, done] of runs) {
      const run = await measure(peer, capture);
      done.push(run);
      tell(`${capture.name} ${round}/${rounds} ${peer.name} ${run.wallSecs.toFixed(2)} s`);
    }
  }
  for (const [peer, done] of runs) results.add(capture, peer.name, done);
  // The first of ours: one shard, without application recognition.
  const reference = ours.find((peer) => runs.has(peer));
  if (reference !== undefined) results.compare(capture.name, reference.name);
}

const empty = emptyCapture();
if (ndpi === null) tell(`${weirNdpi.name}, ${weirBoth.name}: there is no libndpi: left out`);
const captures = prepareCaptures(loadAddon(), flags.quick, flags.captures, tell);
const { present, versions } = await installed([weirOneShard, ...others.filter((peer) => flags.peers.has(peer.name))], empty);
const variants = ours.filter((peer) => captures.some((capture) => takesPart(peer, capture)));
const startup = await startupTimes(variants, empty);
const results = new Results(startup);
for (const capture of captures) await measureCapture(capture, [...ours, ...present.filter((peer) => peer !== weirOneShard)], results);

const machine = fingerprint(versions);
const outcomes = checkGoals(results);
const figures = statedFigures(results, captures);
const does = new Map([...ours, ...others].map((peer) => [peer.name, peer.does]));
process.stdout.write(printReport(results, outcomes, figures, does, machine));

const { output } = flags;
if (output !== null) {
  mkdirSync(dirname(output), { recursive: true });
  const json = {
    schema_version: 1,
    date,
    rounds,
    machine,
    startup_secs: Object.fromEntries(startup),
    rows: results.rows,
    goals: outcomes,
    figures,
  };
  writeFileSync(output, `${JSON.stringify(json, null, 2)}\n`);
  tell(`written to ${output}`);
}
if (flags.readme) {
  const manual = new URL('../README.md', import.meta.url);
  writeFileSync(manual, replaceTable(readFileSync(manual, 'utf8'), markdownTable(results, machine, rounds)));
}
process.exitCode = results.incomplete().length > 0 ? 1 : 0;
