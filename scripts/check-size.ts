/**
 * Checks lengths: files, C++ functions, and the median. (TypeScript functions are oxlint's, rule max-lines-per-function.)
 * A ratchet: `ALLOWED` lists what is longer, with its length of today; it may shrink, and then the list must follow.
 */
import { pathToFileURL } from 'node:url';
import { blankComments, listFiles, projectRoot, readSource } from './source-tree.ts';

const MOST_FILE_LINES = 400;
const MOST_FUNCTION_LINES = 70;
const MOST_MEDIAN_LINES = 150;

/** Generated files have no length to keep; those of `scripts/generate-app-tables.ts` have a folder of their own. */
const generated = new Set(['native/flow/row_layout.h', 'native/ring/layout.h', 'src/ring/layout.ts']);

/** `file` or `file function` → lines. */
const ALLOWED: Record<string, number> = {};

interface Length {
  what: string;
  lines: number;
  most: number;
}

const blockKeyword = /^(?:if|else|for|while|switch|do|try|catch|namespace|class|struct|union|enum|extern|case|default)\b/;
const accessLabel = /^(?:public|private|protected)$/;

/** Functions of a C++ file with their lengths: outermost brace blocks behind a parameter list, class bodies looked into. */
export function functionLengths(source: string): { name: string; lines: number }[] {
  const text = blankComments(source).replace(/^\s*#.*(?:\\\n.*)*$/gm, (line) => line.replace(/[^\n]/g, ' '));
  const found: { name: string; lines: number }[] = [];
  let depth = 0;
  let insideFunction = -1;
  let startLine = 0;
  let name = '';
  let statement = '';
  let line = 1;
  let statementLine = 1;
  for (const char of text) {
    if (char === '\n') line++;
    if (insideFunction < 0 && char === '{') {
      const signature = statement.trim();
      if (signature.includes('(') && !blockKeyword.test(signature) && !signature.includes('= ')) {
        insideFunction = depth;
        startLine = statementLine;
        name = /([\w~:]+)\s*\(/.exec(signature)?.[1] ?? signature;
      }
    }
    if (char === '{') depth++;
    if (char === '}') {
      depth--;
      if (depth === insideFunction) {
        found.push({ name, lines: line - startLine + 1 });
        insideFunction = -1;
      }
    }
    if (char === '{' || char === '}' || char === ';' || (char === ':' && accessLabel.test(statement.trim()))) statement = '';
    else if (statement.trim() === '' && char.trim() !== '') {
      statement = char;
      statementLine = line;
    } else statement += char;
  }
  return found;
}

function lengthsOf(root: string, files: readonly string[]): Length[] {
  return files.flatMap((file) => {
    const source = readSource(root, file);
    const lengths = [{ what: file, lines: source.split('\n').length - 1, most: MOST_FILE_LINES }];
    if (!/\.(cc|h)$/.test(file)) return lengths;
    return [
      ...lengths,
      ...functionLengths(source).map(({ name, lines }) => ({ what: `${file} ${name}`, lines, most: MOST_FUNCTION_LINES })),
    ];
  });
}

export function medianLines(lengths: readonly number[]): number {
  const sorted = [...lengths].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

export function checkSize(root: string, allowed: Readonly<Record<string, number>> = ALLOWED): string[] {
  const files = listFiles(root, ['src', 'native', 'test', 'bench', 'scripts']).filter(
    (file) => /\.(ts|cc|h|sh)$/.test(file) && !generated.has(file) && !file.startsWith('native/app/tables/'),
  );
  const lengths = lengthsOf(root, files);
  const offences: string[] = [];
  for (const { what, lines, most } of lengths) {
    const limit = allowed[what] ?? most;
    if (lines > limit) offences.push(`${what}: ${lines} lines, at most ${limit}`);
  }
  for (const [what, limit] of Object.entries(allowed)) {
    const length = lengths.find((entry) => entry.what === what);
    if (length === undefined || length.lines < limit)
      offences.push(`${what}: allowed ${limit} lines, has ${length?.lines ?? 'gone'}; lower the allowance`);
  }
  const median = medianLines(lengths.filter(({ what }) => !what.includes(' ')).map(({ lines }) => lines));
  if (median >= MOST_MEDIAN_LINES) offences.push(`the median file has ${median} lines, wanted under ${MOST_MEDIAN_LINES}`);
  return offences;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const offences = checkSize(projectRoot);
  for (const offence of offences) process.stderr.write(`${offence}\n`);
  process.exitCode = offences.length > 0 ? 1 : 0;
}
