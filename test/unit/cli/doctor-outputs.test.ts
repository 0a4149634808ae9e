import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, readdirSync, readFileSync, type StatsFs, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { checkOutput, checkOutputs } from '../../../src/cli/doctor/outputs.ts';
import { DEFAULT_OUTPUT, OUTPUT_PATHS } from '../../../src/config/options.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const folder = new TemporaryFolder('outputs');
afterAll(() => folder[Symbol.dispose]());

describe('each output that is configured', () => {
  it('gets a sample beside what is there, which stays as it was', () => {
    const names = [...OUTPUT_PATHS];
    const paths = Object.fromEntries(names.map((name) => [name, folder.file(name)]));
    writeFileSync(folder.file('alertsJsonl'), 'kept\n');
    const findings = checkOutputs({ ...DEFAULT_OUTPUT, ...paths }, null);
    expect(findings.map(({ check }) => check)).toEqual(
      names.map((name) => `output.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`),
    );
    for (const { state, message } of findings) expect([state, message]).toEqual(['ok', expect.stringContaining('sample line written')]);
    expect(readFileSync(folder.file('alertsJsonl'), 'utf8')).toBe('kept\n');
    expect(readdirSync(folder.path)).toEqual(['alertsJsonl']);
  });

  it('may be a pipe, which needs a reader', () => {
    const pipe = folder.file('pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    expect(checkOutput('x', pipe)).toMatchObject({
      state: 'advice',
      message: expect.stringContaining('nobody reads'),
      fix: [`cat ${pipe}`],
    });
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    expect(checkOutput('x', pipe)).toMatchObject({ state: 'ok', message: `${pipe} is a pipe with a reader` });
    closeSync(reader);
  });

  it('needs room', () => {
    const full = (): StatsFs => ({ bavail: 3, bsize: 1024 * 1024 }) as StatsFs;
    expect(checkOutput('x', folder.file('y'), full as never)).toMatchObject({
      state: 'advice',
      message: expect.stringContaining('only 3 MiB are free'),
    });
  });

  it('has its own file', () => {
    const same = folder.file('same');
    const findings = checkOutputs({ ...DEFAULT_OUTPUT, flowsJsonl: same, dnsJsonl: same }, null);
    expect(findings.at(-1)).toMatchObject({ check: 'outputs', state: 'missing', fix: ['give each its own file'] });
    expect(findings.at(-1)?.message).toContain('--flows-jsonl and --dns-jsonl both write to');
  });

  it('is missing where it cannot be written, with what to do', () => {
    mkdirSync(folder.file('folder'));
    expect(checkOutput('x', folder.file('folder'))).toMatchObject({ state: 'missing', message: expect.stringContaining('is a directory') });
    expect(checkOutput('x', folder.file('no/where'))).toMatchObject({ state: 'missing', fix: [expect.stringContaining('mkdir -p')] });
    expect(checkOutputs(DEFAULT_OUTPUT, null)).toMatchObject([{ state: 'absent', message: 'none configured' }]);
  });
});
