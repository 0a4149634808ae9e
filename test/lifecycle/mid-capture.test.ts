import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../support/command.ts';
import { roundsOf } from '../support/rounds.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { manyFlows } from './small-captures.ts';

const script = fileURLToPath(new URL('./mid-capture-script.ts', import.meta.url));
const folder = new TemporaryFolder('mid-capture');
const capture = manyFlows(folder.file('flows.pcap'), 5000);
afterAll(() => folder[Symbol.dispose]());

const ROUNDS = Array.from({ length: roundsOf(1) }, (_, index) => index + 1);

describe('in the middle of a capture', () => {
  it.each(ROUNDS)('process.exit() ends the process with its code (round %i)', async () => {
    const result = await runCommand(process.execPath, [script, capture, 'exit'], { timeoutMs: 20_000 });
    expect(result).toMatchObject({ code: 7, signal: null, stderr: '' });
  });

  it.each(ROUNDS)('an uncaught exception ends it with code 1, not with a signal (round %i)', async () => {
    const result = await runCommand(process.execPath, [script, capture, 'throw'], { timeoutMs: 20_000 });
    expect(result).toMatchObject({ code: 1, signal: null });
    expect(result.stderr).toContain('on purpose');
  });

  it.each(ROUNDS.flatMap((round) => ['terminate', 'worker-exit'].map((how) => ({ round, how }))))(
    'a worker that owns a sensor may end by $how; the process lives on and starts another (round $round)',
    async ({ how }) => {
      const result = await runCommand(process.execPath, [script, capture, how], { timeoutMs: 20_000 });
      expect(result).toMatchObject({ code: 0, signal: null, stdout: 'alive\n' });
    },
  );
});
