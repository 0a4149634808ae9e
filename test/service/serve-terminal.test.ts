/** A service on a terminal: it ends when that closes, and reads its configuration again on the same signal while it is there. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { hasCommand, Started, until } from '../support/command.ts';
import { cleanEnvironment, weirEntry } from '../support/weir-command.ts';

const capture = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));
const isMissing = !hasCommand('script');

/** `script` is the terminal; the service tells its process before it becomes one. */
async function onTerminal(): Promise<{ terminal: Started; pid: number }> {
  const command = `echo "process $$"; exec "${process.execPath}" "${weirEntry()}" serve --port 0 --replay "${capture}"`;
  const terminal = new Started('script', ['-qec', command, '/dev/null'], { env: cleanEnvironment({ SHELL: '/bin/sh' }) });
  await until('the service', () => terminal.stdout.includes('dashboard and API'), 60_000);
  return { terminal, pid: Number(/process (\d+)/.exec(terminal.stdout)?.[1]) };
}

const title = (what: string): string => `${what}${isMissing ? ' (skipped: script is not installed)' : ''}`;

it.skipIf(isMissing)(title('a terminal that closes ends the service that was started on it'), async () => {
  const { terminal, pid } = await onTerminal();
  await terminal.stop('SIGKILL');
  await until('the end of the service', () => !existsSync(`/proc/${pid}`), 20_000);
});

it.skipIf(isMissing)(title('SIGHUP on a terminal that is there reads the configuration again'), async () => {
  const { terminal, pid } = await onTerminal();
  process.kill(pid, 'SIGHUP');
  await until('the configuration', () => terminal.stdout.includes('configuration read again'), 20_000);
  process.kill(pid, 'SIGINT');
  expect((await terminal.wait(20_000)).code).toBe(0);
});
