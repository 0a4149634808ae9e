/** Checks file names: kebab-case TypeScript, snake_case C++, and words that say nothing. Exit 1 with one line per offence. */
import { pathToFileURL } from 'node:url';
import { listFiles, projectRoot } from './source-tree.ts';

/** Words that name no thing of the field; a file that needs one of them has no clear job yet. */
const emptyWords = /^(?:managers?|helpers?|utils?|utilities|handlers?|data|info|misc|common)$/;

const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.d)?\.tsx?$/;
const snake = /^[a-z0-9]+(?:_[a-z0-9]+)*\.(?:cc|h)$/;

export function nameOffences(files: readonly string[]): string[] {
  const offences: string[] = [];
  for (const file of files) {
    const name = file.slice(file.lastIndexOf('/') + 1);
    if (/\.tsx?$/.test(file) && !kebab.test(name)) offences.push(`${file}: TypeScript files are named in kebab-case`);
    if (/\.(cc|h)$/.test(file) && !snake.test(name)) offences.push(`${file}: C++ files are named in snake_case`);
    if (/\.(cpp|cxx|hpp|js|mjs|cjs|tsx?\.js)$/.test(file)) offences.push(`${file}: sources end in .ts, .cc or .h`);
    const word = file.split(/[/._-]/).find((part) => emptyWords.test(part));
    if (word !== undefined) offences.push(`${file}: '${word}' says nothing about what is in it`);
  }
  return offences;
}

export const checkNames = (root: string): string[] => nameOffences(listFiles(root, ['src', 'native', 'test', 'bench', 'scripts']));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const offences = checkNames(projectRoot);
  for (const offence of offences) process.stderr.write(`${offence}\n`);
  process.exitCode = offences.length > 0 ? 1 : 0;
}
