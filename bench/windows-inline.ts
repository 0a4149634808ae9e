/**
 * What standing in the path costs on "Windows": the addon under Wine, the double of WinDivert.dll as source and sink.
 * Passive, inline and inline with --clamp-mss take turns in every round; the result is the median of the rounds.
 *
 *   node bench/windows-inline.ts [ROUNDS]
 */
import { writeGenerated } from '../test/support/generated-capture.ts';
import { TemporaryFolder } from '../test/support/temporary-folder.ts';
import { type Job, runJobs } from '../test/windows/jobs.ts';
import { prepare, readStats } from '../test/windows/wine-session.ts';
import { median } from './statistics.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const PACKETS = 20_000;
const REPEAT = 20;
const PACED_PPS = 10_000;

const VARIANTS: Record<string, NonNullable<Job['settings']['input']>> = {
  passive: { active: false },
  inline: { active: true },
  'inline, clamped': { active: true, clampMssBytes: 1300 },
};

interface Figures {
  pps: number[];
  cpuNs: number[];
  p50Us: number[];
  p99Us: number[];
  p999Us: number[];
}

async function round(folder: TemporaryFolder, pcap: string, figures: Map<string, Figures>): Promise<void> {
  const stats = (name: string): string => folder.file(`${name}.stats`);
  const jobs = Object.entries(VARIANTS).flatMap(([variant, input]): Job[] => {
    const base = { pcap, end: 1 };
    const flatOut = {
      name: `${variant} flat out`,
      script: { ...base, repeat: REPEAT, stats: stats(`${variant} flat out`) },
      settings: { input },
    };
    const paced = { name: `${variant} paced`, script: { ...base, pps: PACED_PPS, stats: stats(`${variant} paced`) }, settings: { input } };
    return input.active === true ? [flatOut, paced] : [flatOut];
  });
  const results = await runJobs(folder.path, jobs);
  for (const variant of Object.keys(VARIANTS)) {
    const into = figures.get(variant) ?? { pps: [], cpuNs: [], p50Us: [], p99Us: [], p999Us: [] };
    figures.set(variant, into);
    const { delivered, seconds } = readStats(stats(`${variant} flat out`));
    into.pps.push(delivered / seconds);
    into.cpuNs.push((results.get(`${variant} flat out`)!.cpuSeconds / delivered) * 1e9);
    if (!results.has(`${variant} paced`)) continue;
    const { p50Ns, p99Ns, p999Ns } = readStats(stats(`${variant} paced`));
    into.p50Us.push(p50Ns / 1000);
    into.p99Us.push(p99Ns / 1000);
    into.p999Us.push(p999Ns / 1000);
  }
}

const absent = prepare();
if (absent !== null) throw new Error(absent);
using folder = new TemporaryFolder('bench-windows');
const pcap = folder.file('mixed.pcap');
writeGenerated(pcap, { profile: 'mixed', packets: PACKETS, flows: 300, seed: 3, rate: 100_000 });
const figures = new Map<string, Figures>();
for (let index = 0; index < ROUNDS; index++) await round(folder, pcap, figures);
for (const [variant, { pps, cpuNs, p50Us, p99Us, p999Us }] of figures) {
  const held = p50Us.length === 0 ? '' : `; held back ${[p50Us, p99Us, p999Us].map((values) => median(values).toFixed(1)).join(', ')} us`;
  const range = `${Math.round(Math.min(...pps) / 1000)} to ${Math.round(Math.max(...pps) / 1000)}`;
  console.log(
    `${variant}: ${Math.round(median(pps) / 1000)} thousand packets/s (${range}), ${Math.round(median(cpuNs))} ns of processor a packet${held}`,
  );
}
