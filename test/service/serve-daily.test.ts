/** The daily files of a service: as many rows as there was, with a header each. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Stats } from '../../src/api/contract.ts';
import type { AlertRecord } from '../../src/detect/alert.ts';
import type { FlowRecord } from '../../src/flow/record.ts';
import type { RunSummary } from '../../src/merge/summary.ts';
import { ServeRun } from '../support/serve-run.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJson, readJsonLines, runWeir } from '../support/weir-command.ts';

const capture = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));
const ROUNDS = 5;
/** So low that ordinary traffic is a scan. */
const RULE = '[detect.rules.port_scan]\nports = 2\nhosts = 2\nfailed_only = 0\nfailed_share = 0\ncooldown_secs = 1\n';

/** Rows of the files of one kind, oldest day first, by the names of their header; every file must have the same. */
function rowsOf(folder: string, kind: string): Record<string, string>[] {
  const files = readdirSync(folder)
    .filter((name) => name.startsWith(`${kind}_`))
    .sort();
  return files.flatMap((name) => {
    expect(name).toMatch(/^[a-z]+_\d{8}\.csv$/);
    const [header, ...rows] = readFileSync(`${folder}/${name}`, 'utf8').trimEnd().split('\n');
    const columns = header.split(',');
    // The first columns hold no commas: numbers, ids and names.
    return rows.map((row) => Object.fromEntries(row.split(',').map((cell, index) => [columns[index] ?? `${index}`, cell])));
  });
}

it('weir serve --daily-csv writes one in a hundred packets exactly, every alert, and every flow', async () => {
  using folder = new TemporaryFolder('daily');
  const config = folder.file('weir.toml');
  writeFileSync(config, RULE);
  const input = ['--loop', String(ROUNDS), '--anomalies', '--config', config];
  const outputs = ['--flows-jsonl', folder.file('flows.jsonl'), '--alerts-jsonl', folder.file('alerts.jsonl')];
  const replayed = await runWeir(['replay', capture, ...input, '--quiet', ...outputs, '--summary-json', folder.file('summary.json')]);
  expect(replayed.code).toBe(0);
  const dataDir = folder.file('data');
  await using run = await ServeRun.start(['--replay', capture, ...input, '--daily-csv', '--data-dir', dataDir]);
  await run.ended();
  const stats = await run.get<Stats>('/stats');
  expect((await run.stop()).code).toBe(0);
  const summary = readJson<RunSummary>(folder.file('summary.json'));
  expect(stats.packets_total).toBe(summary.packets_accounted);
  expect(summary.frames_read).toBe(352 * ROUNDS);
  const hundreds = Array.from({ length: Math.floor(summary.frames_read / 100) }, (_, index) => String((index + 1) * 100));
  expect(rowsOf(dataDir, 'packets').map(({ ordinal }) => ordinal)).toEqual(hundreds);
  const ended = readJsonLines<FlowRecord>(folder.file('flows.jsonl')).filter(({ record }) => record !== 'interim');
  const flowOf = (flowId: string, firstSeen: number): string => `${flowId} ${firstSeen.toFixed(3)}`;
  expect(
    rowsOf(dataDir, 'flows')
      .map(({ flow_id, first_seen }) => flowOf(flow_id, Number(first_seen)))
      .sort(),
  ).toEqual(ended.map(({ flow_id, first_seen }) => flowOf(flow_id, first_seen)).sort());
  const alerts = readJsonLines<AlertRecord>(folder.file('alerts.jsonl')).map(({ alert_id, kind }) => `${alert_id} ${kind}`);
  expect(alerts.length).toBeGreaterThan(3);
  expect(rowsOf(dataDir, 'alerts').map(({ alert_id, kind }) => `${alert_id} ${kind}`)).toEqual(alerts);
});
