import { describe, expect, it } from 'vitest';
import type { FlowApp } from '../../../src/app/flow-app.ts';
import type { FlowLives } from '../../../src/flow/lives.ts';
import { readNames } from '../../../src/flow/name-list.ts';
import { F_ADDR_A, F_ADDR_B, HOT_BYTES } from '../../../src/flow/row.ts';
import { AppReports } from '../../../src/shard/app-reports.ts';

/** A flow in row 1, from 10.0.0.1 to 10.0.0.2, that has learned names of these addresses. */
function told(addresses: readonly string[], client = 0) {
  const hotB = new Uint8Array(2 * HOT_BYTES);
  hotB.set([10, 0, 0, 1], HOT_BYTES + F_ADDR_A);
  hotB.set([10, 0, 0, 2], HOT_BYTES + F_ADDR_B);
  const learned = addresses.map((address, i) => ({ address, name: `name${i}`, ttl: i }));
  const facts = { learned, expected: [], forgetReports: () => learned.splice(0) };
  const app = { slot: 1, client, swapped: false, nowNs: 7e9, facts } as unknown as FlowApp;
  return { lives: { store: { hotB } } as unknown as FlowLives, app, learned };
}

describe('names on their way to the main thread', () => {
  it('are told with the client that asked, once', () => {
    for (const client of [0, 1]) {
      const { lives, app, learned } = told(['192.0.2.1', '2001:db8::1'], client);
      const reports = new AppReports();
      reports.add(lives, app);
      expect(learned).toEqual([]);
      const pairs = [
        `\n\0\0${client === 0 ? '\x01' : '\x02'}\xc0\0\x02\x01`,
        `\n\0\0${client === 0 ? '\x01' : '\x02'} \x01\r\xb8${'\0'.repeat(11)}\x01`,
      ];
      expect(readNames(reports.take().names)).toEqual(pairs.map((pair, i) => ({ pair, name: `name${i}`, ttl: i, atNs: 7e9 })));
      expect(reports.take().names.length).toBe(0);
    }
  });

  it('are not told of what is no address', () => {
    const { lives, app } = told(['no address', '192.0.2.1']);
    const reports = new AppReports();
    reports.add(lives, app);
    expect(readNames(reports.take().names).map(({ name }) => name)).toEqual(['name1']);
  });
});
