import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');

/** Lines between two markers, without fences. */
function section(name: string): string[] {
  const [, rest = ''] = readme.split(`<!-- ${name}:begin -->`);
  const [inside = ''] = rest.split(`<!-- ${name}:end -->`);
  return inside.split('\n').filter((line) => line !== '' && !line.startsWith('```'));
}

describe('README', () => {
  it('shows what the command prints for the bundled capture, but for the measured rate', () => {
    const [command, ...sample] = section('sample');
    expect(command).toMatch(/^\$ weir replay /);
    const args = command.replace('$ weir ', '').split(' ');
    const output = execFileSync(process.execPath, [`${root}dist/cli/main.js`, ...args], { cwd: root, encoding: 'utf8' });
    const measured = (line: string) => line.startsWith('Rate ');
    expect(sample.filter((line) => !measured(line))).toEqual(output.split('\n').filter((line) => line !== '' && !measured(line)));
    expect(sample.length).toBeGreaterThan(10);
  });

  it('shows the measured table of the bench', () => {
    expect(section('bench').join('\n')).toMatch(/\| weir.*\|/i);
  });

  it('names only commands and files that exist', () => {
    const scripts = JSON.parse(readFileSync(`${root}package.json`, 'utf8')).scripts as Record<string, string>;
    const named = [...readme.matchAll(/npm run ([a-z:-]+)/g)].map((match) => match[1]);
    expect(named.length).toBeGreaterThan(3);
    for (const name of named) expect(scripts, name).toHaveProperty([name]);
    for (const match of readme.matchAll(/\]\(([A-Za-z][\w./-]+)\)/g))
      expect(() => readFileSync(`${root}${match[1]}`), match[1]).not.toThrow(/ENOENT/);
  });
});
