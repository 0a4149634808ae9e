/** Commands about the machine: interfaces and doctor. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { InterfaceFacts } from '../../src/native/engine.ts';
import { type CommandResult, runCommand } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { runWeir, weirEntry } from '../support/weir-command.ts';

interface Finding {
  check: string;
  state: string;
  message: string;
  fix: string[];
}

describe('weir interfaces', () => {
  it.each([['interfaces'], ['--list'], ['--list-interfaces'], ['-l']])('is also weir %s', async (...args) => {
    const { code, stdout, stderr } = await runWeir(args);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^Name +Description +State +MAC +Addresses$/);
    expect(lines.find((line) => line.startsWith('lo '))).toContain('loopback');
  });

  it('knows the addresses that the system knows, as JSON', async () => {
    const list = JSON.parse((await runWeir(['interfaces', '--json'])).stdout) as InterfaceFacts[];
    for (const [name, addresses] of Object.entries(networkInterfaces())) {
      const found = list.find((nic) => nic.name === name)?.addresses.map(({ address, prefix }) => `${address}/${prefix}`);
      for (const { cidr } of addresses ?? []) expect(found).toContain(cidr);
    }
  });

  it('works with a broken configuration', async () => {
    using folder = new TemporaryFolder('interfaces');
    writeFileSync(folder.file('weir.toml'), 'capture = [broken');
    expect((await runWeir(['interfaces'], { cwd: folder.path })).code).toBe(0);
    expect((await runWeir(['-l'], { cwd: folder.path, env: { WEIR_SNAPLEN: 'nonsense' } })).code).toBe(0);
  });
});

describe('standard output', () => {
  const shell = (line: string): Promise<CommandResult> => runCommand('sh', ['-c', line, 'sh', process.execPath, weirEntry()]);

  it('may be closed by its reader', async () => {
    expect(await shell('{ "$1" "$2" replay --help; echo "exit $?" >&2; } | true')).toMatchObject({ stderr: 'exit 0\n' });
  });

  it.skipIf(!existsSync('/dev/full'))('may be full, which is told', async () => {
    const { code, stderr } = await shell('"$1" "$2" replay --help > /dev/full');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^weir: standard output: .*ENOSPC.*\n$/);
  });
});

describe('weir doctor', () => {
  const doctor = async (args: string[], cwd: string): Promise<{ code: number | null; findings: Finding[] }> => {
    const { code, stdout } = await runWeir(['doctor', '--json', ...args], { cwd });
    return { code, findings: JSON.parse(stdout) as Finding[] };
  };

  it('looks at everything that a capture needs, and its exit code says whether it is there', async () => {
    using folder = new TemporaryFolder('doctor');
    const { code, findings } = await doctor([], folder.path);
    const checks = findings.map((finding) => finding.check);
    for (const check of [
      'node',
      'addon',
      'libpcap',
      'nDPI',
      'privileges',
      'processes',
      'interface',
      'configuration',
      'outputs',
      'memory',
      'kernel rings',
    ])
      expect(checks).toContain(check);
    expect(findings.find((finding) => finding.check === 'addon')?.state).toBe('ok');
    expect(code).toBe(findings.some((finding) => finding.state === 'missing') ? 1 : 0);
    for (const finding of findings) if (finding.state === 'missing') expect(finding.fix).not.toEqual([]);
  });

  it('tries every output, and leaves what is there alone', async () => {
    using folder = new TemporaryFolder('doctor');
    writeFileSync(folder.file('flows.jsonl'), 'kept\n');
    const paths = `flows_jsonl = "${folder.file('flows.jsonl')}"\nexport_json = "${folder.file('new.json')}"\nledger = "/nowhere/ledger.json"\n`;
    writeFileSync(folder.file('weir.toml'), `[output]\n${paths}[log]\nfile = "${folder.file('weir.log')}"\n`);
    const { code, findings } = await doctor([], folder.path);
    const state = Object.fromEntries(findings.map((finding) => [finding.check, finding.state]));
    expect(state).toMatchObject({ 'output.flows_jsonl': 'ok', 'output.export_json': 'ok', 'output.ledger': 'missing', 'log.file': 'ok' });
    expect(code).toBe(1);
    expect(readFileSync(folder.file('flows.jsonl'), 'utf8')).toBe('kept\n');
    expect(readFileSync(folder.file('weir.log'), 'utf8')).toContain('sample entry');
  });

  it('names an interface that is not there, and a mistake in the configuration', async () => {
    using folder = new TemporaryFolder('doctor');
    writeFileSync(folder.file('weir.toml'), '[capture]\nsnapln = 5\n');
    const { code, findings } = await doctor(['-i', 'lo0'], folder.path);
    expect(code).toBe(1);
    expect(findings.find((finding) => finding.check === 'configuration')).toMatchObject({
      state: 'missing',
      message: expect.stringContaining('weir.toml:2:1'),
    });
  });

  it('says the same to people', async () => {
    using folder = new TemporaryFolder('doctor');
    const { stdout } = await runWeir(['doctor', '-i', 'lo0'], { cwd: folder.path });
    expect(stdout).toMatch(/^missing +interface +there is no lo0$/m);
    expect(stdout).toContain('did you mean lo');
  });
});
