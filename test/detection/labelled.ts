/** Captures of which it is known what they show, and how what detection says of them compares: which attacks were found, what was said of harmless traffic. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AlertRecord } from '../../src/index.ts';

/** What a capture shows, in the words of its labels; empty = nothing that should be alarming. */
export interface Labelled {
  name: string;
  path: string;
  labels: string[];
}

export interface Judged extends Labelled {
  /** Kinds of alerts of severity medium or above, in the words of the labels. */
  alarming: string[];
  /** Every alert as `kind/severity`. */
  alerts: string[];
}

/** The labels' words for our kinds; the others are called the same. */
const WORDS: Readonly<Record<string, string>> = {
  vertical_scan: 'port_scan',
  horizontal_scan: 'port_scan',
  slow_scan: 'port_scan',
  udp_scan: 'port_scan',
  icmp_sweep: 'icmp_scan',
  data_exfiltration: 'exfiltration',
  beaconing: 'beacon',
  nxdomain_burst: 'nxdomain',
  dga: 'nxdomain',
};
const ALARMING = new Set(['medium', 'high', 'critical']);

interface Manifest {
  files: { file: string; anomaly?: string[]; damaged?: boolean }[];
}

/** The labelled captures of a corpus, `corpus` being the folder of its manifest: those made for the purpose, and those of the public collection that have a label. */
export function labelledCaptures(corpus: string): Labelled[] {
  // Beside the public collection.
  const own = join(dirname(corpus), 'synthetic');
  const made = join(own, 'labels.json');
  const found: Labelled[] = [];
  if (existsSync(made)) {
    const labels = JSON.parse(readFileSync(made, 'utf8')) as Record<string, string[]>;
    for (const [name, list] of Object.entries(labels)) found.push({ name, path: join(own, name), labels: list });
  }
  const manifest = JSON.parse(readFileSync(join(corpus, 'manifest.json'), 'utf8')) as Manifest;
  for (const { file, anomaly } of manifest.files) {
    if (anomaly !== undefined) found.push({ name: file, path: join(corpus, 'pcap', file), labels: anomaly });
  }
  return found;
}

/** What the alerts of a capture, as they were told first, come to. */
export function judge(capture: Labelled, alerts: readonly AlertRecord[]): Judged {
  const alarming = alerts.filter(({ severity }) => ALARMING.has(severity)).map(({ kind }) => WORDS[kind] ?? kind);
  return {
    ...capture,
    alarming: [...new Set(alarming)].sort(),
    alerts: [...new Set(alerts.map(({ kind, severity }) => `${kind}/${severity}`))].sort(),
  };
}

export interface Score {
  label: string;
  captures: number;
  found: number;
  /** Captures in which it was said although they are not labelled so. */
  wrong: number;
}

/** Per label: in how many of its captures it was found, and in how many others it was said. */
export function scores(judged: readonly Judged[]): Score[] {
  const labels = [...new Set(judged.flatMap(({ labels: own, alarming }) => [...own, ...alarming]))].sort();
  return labels.map((label) => {
    const own = judged.filter((capture) => capture.labels.includes(label));
    const others = judged.filter((capture) => !capture.labels.includes(label));
    return {
      label,
      captures: own.length,
      found: own.filter(({ alarming }) => alarming.includes(label)).length,
      wrong: others.filter(({ alarming }) => alarming.includes(label)).length,
    };
  });
}

const share = (part: number, whole: number) => (whole === 0 ? '-' : (part / whole).toFixed(2));

/** The report as it is kept: scores per label, then what was said of each capture. */
export function reportText(judged: readonly Judged[]): string {
  const rows = scores(judged).map(
    ({ label, captures, found, wrong }) =>
      `| ${label} | ${captures} | ${found} | ${share(found, captures)} | ${wrong} | ${share(found, found + wrong)} |`,
  );
  const benign = judged.filter(({ labels }) => labels.length === 0);
  const disturbed = benign.filter(({ alarming }) => alarming.length > 0);
  const captures = judged.map(({ name, labels, alerts }) => `| ${name} | ${labels.join(' ') || '-'} | ${alerts.join(' ') || '-'} |`);
  return [
    '# What detection finds on labelled captures',
    '',
    'Written by `npm run detection-report`. Alerts of severity medium or above count; precision is per capture.',
    '',
    '| label | captures | found | recall | elsewhere | precision |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    `Harmless captures: ${benign.length}, with an alert of severity medium or above: ${disturbed.length}.`,
    '',
    '| capture | label | alerts |',
    '|---|---|---|',
    ...captures,
    '',
  ].join('\n');
}
