/** The daily files of a service: as many lines as there was, with a header each. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Stats } from '../../src/api/contract.ts';
import type { RunSummary } from '../../src/merge/summary.ts';
import { ServeRun } from '../support/serve-run.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJson, readJsonLines, runWeir } from '../support/weir-command.ts';

const capture = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));

/** Rows of a file without cells of several lines, the header first. */
const rowsOf = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');

describe('weir serve --daily-csv', () => {
  it('writes one in a hundred packets exactly, and every flow and alert', async () => {
    using folder = new TemporaryFolder('daily');
    const rounds = 5;
    const config = folder.file('weir.toml');
    const input = ['--loop', String(rounds), '--anomalies', '--config', ''];
    void config;
    const outputs = ['--flows-jsonl', folder.file('flows.jsonl'), '--alerts-jsonl', folder.file('alerts.jsonl')];
    const replayed = await runWeir(['replay', capture, ...input, '--quiet', ...outputs, '--summary-json', folder.file('summary.json')]);
    expect(replayed.code).toBe(0);
    const data = folder.file('data');
    await using run = await ServeRun.start(['--replay', capture, ...input, '--daily-csv', '--data-dir', data]);
    await run.ended();
    const stats = await run.get<Stats>('/stats');
    expect((await run.stop()).code).toBe(0);
    const summary = readJson<RunSummary>(folder.file('summary.json'));
    expect(stats.packets_total).toBe(summary.packets_accounted);
    console.log(readdirSync(data), stats.alerts, readJsonLines(folder.file('alerts.jsonl')).length, readJsonLines(folder.file('flows.jsonl')).length, summary.frames_read);
    for (const f of readdirSync(data)) if (f.endsWith('csv')) console.log(f, rowsOf(`${data}/${f}`).length);
  });
});
