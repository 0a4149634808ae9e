import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AlertRecord } from '../../../src/detect/alert.ts';
import { AlertBook } from '../../../src/detect/alert-book.ts';
import { AllowList } from '../../../src/detect/allow-list.ts';
import { AlertLog } from '../../../src/export/alert-log.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { finding, resolved, SECOND } from './alert-fixture.ts';

function alertsOf(...times: number[]): AlertRecord[] {
  const nothing = AllowList.parse([], 'allow', [], {});
  const book = new AlertBook({ allow: nothing, suppress: nothing, baseSeconds: () => 0, communityId: () => '' });
  for (const at of times) book.raise(resolved(), finding(at * SECOND, { description: 'line\nbreak' }));
  return book.takeChanges().map(({ alert }) => alert);
}

const linesOf = (path: string): { ts: number }[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { ts: number });

describe('the alert log', () => {
  it('has each line in the file when it has been written, before the end', async () => {
    using folder = new TemporaryFolder('alerts');
    const path = folder.file('alerts.jsonl');
    const log = await AlertLog.open(path);
    const alerts = alertsOf(100, 200);
    await log.write(alerts);
    expect(linesOf(path)).toEqual(alerts);
    await log.write(alertsOf(300));
    expect(linesOf(path).map(({ ts }) => ts)).toEqual([100, 200, 300]);
    await log.close();
    expect(linesOf(path)).toHaveLength(3);
  });

  it('goes on behind what an earlier run wrote', async () => {
    using folder = new TemporaryFolder('alerts');
    const path = folder.file('alerts.jsonl');
    for (const at of [100, 200]) {
      const log = await AlertLog.open(path);
      await log.write(alertsOf(at));
      await log.close();
    }
    expect(linesOf(path).map(({ ts }) => ts)).toEqual([100, 200]);
  });

  it('refuses a path that cannot be written', async () => {
    using folder = new TemporaryFolder('alerts');
    await expect(AlertLog.open(folder.file('none/alerts.jsonl'))).rejects.toMatchObject({ code: 'OUTPUT' });
    await expect(AlertLog.open(folder.path)).rejects.toMatchObject({ code: 'OUTPUT', detail: { errno: 'EISDIR' } });
  });

  it.skipIf(!existsSync('/dev/full'))('tells a full disk once, at its end', async () => {
    const log = await AlertLog.open('/dev/full');
    await log.write(alertsOf(100, 200));
    await log.write(alertsOf(300));
    expect(log.failure).toMatchObject({ code: 'OUTPUT', detail: { path: '/dev/full', errno: 'ENOSPC' } });
    await expect(log.close()).rejects.toBe(log.failure);
  });
});
