/** The command about rules, as people run it. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { runWeir } from '../support/weir-command.ts';

const OWN_RULES = fileURLToPath(new URL('../fixtures/rules', import.meta.url));
const SMALL = fileURLToPath(new URL('../fixtures/small.pcap', import.meta.url));

describe('weir rules', () => {
  it('lists rules as a table and as JSON', async () => {
    const { code, stdout, stderr } = await runWeir(['rules']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')[0]).toMatch(/^Rule +On +Severity +Setting +Value +Unit +From$/);
    expect(stdout).toMatch(/^dns_tunnel +on +(?:info|low|medium|high|critical) +cooldown_secs +\d+ +s +default$/m);
    const rules = JSON.parse((await runWeir(['rules', '--json'])).stdout) as { kind: string }[];
    expect(rules.map(({ kind }) => kind)).toContain('dns_tunnel');
  });

  it('checks the configuration that is named, and the one of the folder', async () => {
    using folder = new TemporaryFolder('rules');
    const path = folder.file('weir.toml');
    writeFileSync(path, '[detect.rules.dns_tunnel]\nseverity = "low"\n');
    const good = await runWeir(['rules', 'check', '--config', path]);
    expect([good.code, good.stderr]).toEqual([0, '']);
    expect(good.stdout).toMatch(/: \d+ of \d+ rules are on, 1 setting is not the default; detection is off\n$/);
    writeFileSync(path, '[detect.rules.dns_tunel]\nseverity = "low"\n');
    for (const args of [['check'], ['check', '--config', path], []]) {
      const bad = await runWeir(['rules', ...args], { cwd: folder.path });
      expect([bad.code, bad.stdout]).toEqual([2, '']);
      expect(bad.stderr).toBe(`weir: ${path}:1:15: detect.rules.dns_tunel names no rule\n  hint: did you mean dns_tunnel?\n`);
    }
  });

  it('lists and checks settings of networks, and of rules of our own', async () => {
    using folder = new TemporaryFolder('rules');
    const path = folder.file('weir.toml');
    writeFileSync(
      path,
      `[detect]
rule_files = [${JSON.stringify(OWN_RULES)}]
[detect.rules.many_questions]
names = 7
[detect.networks."10.20.0.0/16".port_scan]
ports = 200
[detect.networks."fd00::/8".many_questions]
enabled = false
`,
    );
    const checked = await runWeir(['rules', 'check', '--config', path]);
    expect([checked.code, checked.stderr]).toEqual([0, '']);
    expect(checked.stdout).toMatch(/: \d+ of 26 rules are on, 3 settings are not the default/);
    const { stdout } = await runWeir(['rules', '--config', path]);
    const rowOf = (text: string) =>
      stdout
        .split('\n')
        .find((line) => line.includes(text))
        ?.trim()
        .split(/ {2,}/);
    expect(rowOf('ports in 10.20.0.0/16')).toEqual(['ports in 10.20.0.0/16', '200', 'ports', `${path}:6:1`]);
    expect(rowOf('enabled in fd00::/8')).toEqual(['enabled in fd00::/8', 'false', `${path}:8:1`]);
    const one = JSON.parse((await runWeir(['rules', 'port_scan', '--json', '--config', path])).stdout) as unknown;
    expect(one).toMatchObject([{ decides: 'source', networks: { '10.20.0.0/16': { ports: { value: 200, from: `${path}:6:1` } } } }]);
    const printed = await runWeir(['replay', 'x', '--config', path, '--print-config']);
    expect(printed.stdout).toContain(`[detect.networks."10.20.0.0/16".port_scan]\nports = 200  # ${path}:6:1\n`);
  });

  it('stops a run whose configuration is wrong about a rule of our own', async () => {
    using folder = new TemporaryFolder('rules');
    const path = folder.file('weir.toml');
    writeFileSync(path, '[detect.rules.many_questions]\nnmaes = 7\n');
    const { code, stderr } = await runWeir(['replay', SMALL, '--quiet', '--rules', OWN_RULES, '--config', path]);
    expect(code).toBe(2);
    expect(stderr).toBe(`weir: ${path}:2:1: detect.rules.many_questions.nmaes is no setting of the rule\n  hint: did you mean names?\n`);
    writeFileSync(path, '[detect.rules.many_question]\nnames = 7\n');
    const unknown = await runWeir(['replay', SMALL, '--quiet', '--rules', OWN_RULES, '--config', path]);
    expect(unknown.stderr).toBe(`weir: ${path}:1:15: detect.rules.many_question names no rule\n  hint: did you mean many_questions?\n`);
  });

  it('goes on without a rule file that cannot be used, and says so of its settings as well', async () => {
    using folder = new TemporaryFolder('rules');
    writeFileSync(folder.file('broken.mjs'), 'export default { kind: foo bar };\n');
    writeFileSync(folder.file('weir.toml'), '[detect.rules.my_rule]\nnames = 7\n');
    const args = ['--rules', folder.file('broken.mjs'), '--config', folder.file('weir.toml')];
    const { code, stderr } = await runWeir(['replay', SMALL, '--quiet', ...args]);
    expect(code).toBe(0);
    expect(stderr).toContain(`broken.mjs:1: Unexpected identifier 'bar'`);
    expect(stderr).toContain('weir.toml:1:15: detect.rules.my_rule names no rule that could be loaded');
  });
});
