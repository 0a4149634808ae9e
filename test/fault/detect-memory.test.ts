/** What the rules may take: 64 MB, whatever comes. In a process of its own, where garbage can be collected before counting. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../support/command.ts';

const script = fileURLToPath(new URL('./detect-memory-script.ts', import.meta.url));
const LIMIT_MEGABYTES = 64;

describe('the memory of all rules together', () => {
  it.each(['flood', 'services', 'scan'])(
    `stays under ${LIMIT_MEGABYTES} MB after 300,000 attempts: %s`,
    { timeout: 120_000 },
    async (shape) => {
      const { code, stdout, stderr } = await runCommand(process.execPath, ['--expose-gc', script, shape], { timeoutMs: 110_000 });
      expect([code, stderr]).toEqual([0, '']);
      const { megabytes, attempts } = JSON.parse(stdout) as { megabytes: number; attempts: number };
      console.log(`${shape}: ${megabytes} MB after ${attempts} attempts`);
      expect(attempts).toBe(300_000);
      expect(megabytes).toBeLessThan(LIMIT_MEGABYTES);
    },
  );
});
