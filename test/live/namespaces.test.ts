import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Started, until } from '../support/command.ts';
import { liveUnavailable, Network } from './namespaces.ts';

const missing = liveUnavailable();
const script = fileURLToPath(new URL('./hold-network.ts', import.meta.url));

function namespacesOf(pid: number): string[] {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.startsWith(`weir-${pid}-`));
}

describe.skipIf(missing !== null)(`test networks${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  it('are gone after disposal, with what ran inside', async () => {
    const network = await Network.create(['one', 'two']);
    await network.join({ space: 'one', device: 'left' }, { space: 'two', device: 'right' });
    const inside = network.start('one', 'sleep', ['100']);
    expect(namespacesOf(process.pid).length).toBe(2);
    await network[Symbol.asyncDispose]();
    expect(namespacesOf(process.pid)).toEqual([]);
    expect(inside.running).toBe(false);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('of a process ended by %s do not stay', async (signal) => {
    const holder = new Started(process.execPath, [script]);
    await until('the network', () => holder.stdout.includes('ready'));
    expect(namespacesOf(holder.pid).length).toBe(1);
    await holder.stop(signal);
    // After SIGKILL nobody could clean up: the next network does.
    await using next = await Network.create(['three']);
    expect(namespacesOf(holder.pid)).toEqual([]);
    expect(namespacesOf(process.pid).map((line) => line.split(' ')[0])).toEqual([next.name('three')]);
  });
});
