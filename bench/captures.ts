/** The captures of the bench: written by the addon's seeded generator, kept in bench/captures between runs. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Addon, GeneratorSource } from '../src/native/engine.ts';

export interface BenchCapture {
  name: string;
  path: string;
  frames: number;
  flows: number;
  bytes: number;
  /** Names of the other programs that are measured with it; all of them when absent. */
  peers?: readonly string[];
}

interface Recipe {
  name: string;
  profile: GeneratorSource['profile'];
  packets: number;
  flows: number;
  /** Packets per second of packet time: decides how long flows live. */
  rate: number;
  peers?: readonly string[];
}

/** Number of tuples that fall into one bucket of an unkeyed additive hash. */
const COLLIDING_TUPLES = 64_511;

/** Of what others do, only that bounds reading and recognising applications. */
const APPS_PEERS = ['tcpdump', 'ndpiReader'];

const full: Recipe[] = [
  { name: 'imix', profile: 'imix', packets: 5_000_000, flows: 100_000, rate: 500_000 },
  { name: 'small', profile: 'small', packets: 10_000_000, flows: 500_000, rate: 1_000_000 },
  { name: 'flood', profile: 'flood', packets: 2_000_000, flows: 2_000_000, rate: 500_000 },
  { name: 'collision', profile: 'collision', packets: 1_000_000, flows: COLLIDING_TUPLES, rate: 500_000 },
  { name: 'plain', profile: 'small', packets: 1_000_000, flows: COLLIDING_TUPLES, rate: 500_000 },
  // 1.7 seconds of packet time, a link of 7 Gbit/s: shorter than every timeout, so that in the end all flows are in the table.
  { name: 'apps', profile: 'apps', packets: 2_000_000, flows: 50_000, rate: 1_200_000, peers: APPS_PEERS },
  { name: 'subset', profile: 'imix', packets: 200_000, flows: 10_000, rate: 500_000 },
];

const quick: Recipe[] = [
  { name: 'imix-quick', profile: 'imix', packets: 200_000, flows: 5_000, rate: 500_000 },
  { name: 'small-quick', profile: 'small', packets: 200_000, flows: 10_000, rate: 1_000_000 },
  { name: 'apps-quick', profile: 'apps', packets: 200_000, flows: 5_000, rate: 1_200_000, peers: APPS_PEERS },
];

const folder = fileURLToPath(new URL('./captures/', import.meta.url));
const SEED = 20_260_101;

/** Hash over the generator's sources: a capture that an older generator wrote is not reused. */
function generatorHash(): string {
  const sources = fileURLToPath(new URL('../native/capture/', import.meta.url));
  const files = readdirSync(sources).filter((name) => /generator|_models?\.|_payloads\.|message_writer|packet_builder/.test(name));
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(readFileSync(`${sources}${file}`));
  return hash.digest('hex');
}

/** A classic capture without frames: what a program costs before the first packet. */
export function emptyCapture(): BenchCapture {
  mkdirSync(folder, { recursive: true });
  const path = `${folder}empty.pcap`;
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  writeFileSync(path, header);
  return { name: 'empty', path, frames: 0, flows: 0, bytes: header.length };
}

export function captureNames(isQuick: boolean): string[] {
  return (isQuick ? quick : full).map((recipe) => recipe.name);
}

/** Writes the wanted captures that are not there yet. A recipe that changes gets a new file name. */
export function prepareCaptures(addon: Addon, isQuick: boolean, wanted: ReadonlySet<string>, tell: (line: string) => void): BenchCapture[] {
  mkdirSync(folder, { recursive: true });
  const generator = generatorHash();
  return (isQuick ? quick : full)
    .filter((recipe) => wanted.has(recipe.name))
    .map((recipe) => {
      const spec: GeneratorSource = {
        kind: 'generator',
        profile: recipe.profile,
        packets: recipe.packets,
        flows: recipe.flows,
        seed: SEED,
        rate: recipe.rate,
      };
      const tag = createHash('sha256')
        .update(JSON.stringify(spec) + generator)
        .digest('hex')
        .slice(0, 8);
      const path = `${folder}${recipe.name}-${tag}.pcap`;
      if (!existsSync(path)) {
        tell(`writing ${recipe.name}: ${recipe.packets.toLocaleString('en')} packets, ${recipe.flows.toLocaleString('en')} flows`);
        const written = addon.writeCapture(spec, `${path}.part`);
        if (written !== recipe.packets) throw new Error(`${recipe.name}: ${written} of ${recipe.packets} frames written`);
        renameSync(`${path}.part`, path);
      }
      const { name, packets: frames, flows, peers } = recipe;
      return { name, path, frames, flows, bytes: statSync(path).size, ...(peers === undefined ? {} : { peers }) };
    });
}

/** Reads a capture once, so that the first program measured does not pay for the disk. */
export async function warmPageCache(capture: BenchCapture): Promise<void> {
  for await (const chunk of createReadStream(capture.path, { highWaterMark: 1 << 20 })) void chunk;
}
