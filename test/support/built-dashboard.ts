/** The dashboard of the sources as they are, built once for all tests and again when they have changed. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { projectRoot } from '../../scripts/source-tree.ts';

const script = join(projectRoot, 'scripts/build-dashboard.sh');
const kept = join(projectRoot, '.cache/dashboard');

function hashOfSources(): string {
  const entries = readdirSync(join(projectRoot, 'src'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map(({ parentPath, name }) => join(parentPath, name)).sort();
  const hash = createHash('sha256');
  for (const file of [...files, join(projectRoot, 'package-lock.json'), join(projectRoot, 'tsconfig.json'), script])
    hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

/** Its folder, which is not the caller's to change. */
export function builtDashboard(): string {
  const built = join(kept, hashOfSources());
  if (existsSync(built)) return built;
  mkdirSync(kept, { recursive: true });
  const next = `${built}.${process.pid}`;
  execFileSync('bash', [script, next], { stdio: 'pipe' });
  const outdated = readdirSync(kept).filter((name) => !name.startsWith(basename(built)));
  for (const name of outdated) rmSync(join(kept, name), { recursive: true, force: true });
  // Another test may have been first.
  if (existsSync(built)) rmSync(next, { recursive: true });
  else renameSync(next, built);
  return built;
}
