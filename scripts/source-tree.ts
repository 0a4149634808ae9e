/** The project's own files and what they import, as the house rules read them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('../', import.meta.url));

export interface Import {
  /** As written: './layout.ts', 'node:fs', 'pino'. */
  specifier: string;
  /** Path from the project's root when it is one of our files, otherwise null. */
  file: string | null;
  /** `import type` and `export type`: erased, so it ties nothing together at run time. */
  typeOnly: boolean;
  /** `export ... from`. */
  reexport: boolean;
  /** `new URL('./x.ts', import.meta.url)`: the entry of another thread, not a module of this one. */
  url: boolean;
  line: number;
}

/** Files that git tracks or would track, from the root, sorted. Outside a checkout (a packed tarball) there are none to check. */
export function listFiles(root: string, folders: readonly string[]): string[] {
  const output = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...folders], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const files = output.split('\0').filter((file) => file !== '' && existsSync(join(root, file)) && statSync(join(root, file)).isFile());
  return [...new Set(files)].sort();
}

export const readSource = (root: string, file: string): string => readFileSync(join(root, file), 'utf8');

/** Replaces comments by spaces of the same length, so that offsets and lines stay as they are. Strings and templates are kept. */
export function blankComments(source: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/g;
  return source.replace(token, (text) => (text.startsWith('//') || text.startsWith('/*') ? text.replace(/[^\n]/g, ' ') : text));
}

// `from` clauses, side-effect imports, dynamic imports, and the `new URL('./x.ts', import.meta.url)` of worker entries.
const importPatterns = [
  /^[ \t]*(?<keyword>import|export)\s+(?<type>type\s)?[^'";]*?\bfrom\s*(['"])(?<specifier>[^'"\n]+)\3/gm,
  /^[ \t]*import\s*(['"])(?<specifier>[^'"\n]+)\1/gm,
  /\bimport\(\s*(['"])(?<specifier>[^'"\n]+)\1/g,
  /\bnew URL\(\s*(['"])(?<specifier>\.[^'"\n]+\.ts)\1\s*,\s*import\.meta\.url/g,
];

export function importsOf(file: string, source: string): Import[] {
  const text = blankComments(source);
  const found: Import[] = [];
  for (const pattern of importPatterns) {
    for (const match of text.matchAll(pattern)) {
      const specifier = match.groups?.specifier ?? '';
      found.push({
        specifier,
        file: specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : null,
        typeOnly: match.groups?.type !== undefined,
        reexport: match.groups?.keyword === 'export',
        url: match[0].startsWith('new URL'),
        line: text.slice(0, match.index).split('\n').length,
      });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}
