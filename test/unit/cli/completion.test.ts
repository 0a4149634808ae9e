import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../../../src/cli/completion.ts';
import { flagsOf, SETTINGS } from '../../../src/config/settings.ts';
import { hasCommand } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { fakeRun } from './fake-run.ts';

const script = async (shell: string): Promise<string> => (await fakeRun(['completion', shell])).stdout.text;

describe('completion', () => {
  it.each(SHELLS)('knows every flag in %s', async (shell) => {
    const text = await script(shell);
    for (const flag of SETTINGS.flatMap(flagsOf)) expect(text).toContain(shell === 'fish' ? `-l ${flag}` : `--${flag}`);
  });

  it.each(SHELLS.filter(hasCommand))('is a script that %s can parse', async (shell) => {
    using folder = new TemporaryFolder('completion');
    writeFileSync(folder.file('script'), await script(shell));
    const { status, stderr } = spawnSync(shell, ['-n', folder.file('script')], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('takes the shell from the environment', async () => {
    const { code, stdout } = await fakeRun(['completion'], { environment: { SHELL: '/usr/bin/fish' } });
    expect([code, stdout.text]).toEqual([0, await script('fish')]);
  });

  it.skipIf(!hasCommand('bash')).each([
    [['weir', 'cap'], ['capture']],
    [
      ['weir', 'replay', '--export-'],
      ['--export-json', '--export-csv'],
    ],
    [['weir', 'capture', '--spe'], []],
    [['weir', 'completion', 'f'], ['fish']],
    [['weir', 'capture', '-i', 'l'], ['lo']],
  ])('completes %j in bash', async (words, expected) => {
    const line = words.map((word) => `'${word}'`).join(' ');
    const program = `${await script('bash')}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _weir; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['-c', program], { encoding: 'utf8' });
    expect(stdout.split('\n').filter((word) => word !== '')).toEqual(expected);
  });
});
