/** Finds rule files: those that are named, and those in directories that are named. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Each has a thread. */
const MOST_FILES = 64;

const isRuleFile = (name: string) => /\.(?:m?ts|m?js)$/.test(name) && !/\.d\.m?ts$/.test(name);

export interface RuleFile {
  /** As people named it. */
  file: string;
  /** Real path: what stacks of errors name. */
  path: string;
}

/** Files of a directory by name; what lies in directories within it is for the rules to import. */
function listed(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const entries = readdirSync(path, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && isRuleFile(entry.name));
  return names.map((entry) => join(path, entry.name)).sort();
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file or directory';
  return code === 'EACCES' ? 'may not be read' : `cannot be read (${code ?? String(error)})`;
}

/** In the order given, directories by name, each file once. `problem` is told of what cannot be used. */
export function findRuleFiles(paths: readonly string[], problem: (file: string, what: string) => void): RuleFile[] {
  const found = new Map<string, RuleFile>();
  for (const path of paths) {
    try {
      const files = listed(path);
      if (files.length === 0) problem(path, 'no rule files in it (.ts, .mts, .js, .mjs)');
      for (const file of files) {
        if (!isRuleFile(file)) {
          problem(file, 'is no rule file (.ts, .mts, .js, .mjs)');
          continue;
        }
        const real = realpathSync(file);
        if (!found.has(real)) found.set(real, { file, path: real });
      }
    } catch (error) {
      problem(path, reason(error));
    }
  }
  const files = [...found.values()];
  for (const { file } of files.slice(MOST_FILES)) problem(file, `is not used: more than ${MOST_FILES} rule files`);
  return files.slice(0, MOST_FILES);
}
