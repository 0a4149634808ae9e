/** What a supervisor hears of a service (sd_notify), here from a socket of our own in its place. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { missingCommands, Started, until } from '../support/command.ts';
import { ServeRun } from '../support/serve-run.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const capture = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));
const missing = missingCommands(['systemd-notify', 'socat']);

describe.skipIf(missing.length > 0)(`sd_notify${missing.length === 0 ? '' : ` (skipped: needs ${missing.join(', ')})`}`, () => {
  it('says ready once it answers, gives signs of life at half the time that it has, and says that it stops', async () => {
    using folder = new TemporaryFolder('notify');
    const socket = folder.file('notify');
    const listener = new Started('socat', ['-u', `UNIX-RECV:${socket}`, 'STDOUT']);
    await until('the socket', () => existsSync(socket));
    try {
      const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '600000' };
      await using run = await ServeRun.start(['--replay', capture], { env });
      const heard = (word: string): number => listener.stdout.split(word).length - 1;
      await until('ready', () => heard('READY=1') === 1);
      expect(listener.stdout).not.toContain('STOPPING=1');
      const before = heard('WATCHDOG=1');
      const from = performance.now();
      await until('three signs of life', () => heard('WATCHDOG=1') - before >= 3);
      // Every 300 ms; the first may come at once. Beyond 600 ms a supervisor would end the service.
      expect(performance.now() - from).toBeGreaterThan(550);
      expect(heard('READY=1')).toBe(1);
      expect((await run.stop()).code).toBe(0);
      await until('stopping', () => heard('STOPPING=1') === 1);
    } finally {
      await listener.stop('SIGKILL');
    }
  });

  it('says nothing and starts where the socket is gone', async () => {
    await using run = await ServeRun.start(['--replay', capture], { env: { NOTIFY_SOCKET: '/nowhere/socket' } });
    await run.ended();
    expect((await run.stop()).code).toBe(0);
    expect(run.process.stderr).toBe('');
  });
});
