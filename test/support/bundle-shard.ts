/** Makes the bundle that `bundled-shards.ts` gives to sensors under test. Once per run of the tests. */
import { fileURLToPath } from 'node:url';
import { mustRun } from './command.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export async function setup(): Promise<void> {
  await mustRun('bash', [at('../../scripts/bundle-shard.sh'), at('../../src/shard/worker.ts'), at('../../.cache/shard')]);
}
