/** The command about rules, as people run it. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { runWeir } from '../support/weir-command.ts';

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
});
