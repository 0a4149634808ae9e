import { expect, test } from 'vitest';
import { fillStore, reportQueries } from '../../bench/store-history.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const FLOWS = 200_000;

test('no query reads the whole table of flows, not even that of a device', () => {
  using folder = new TemporaryFolder('queries');
  fillStore(folder.path, FLOWS, () => {});
  const report = reportQueries(folder.path, FLOWS);
  expect(report.filter(({ scans }) => scans.length > 0)).toEqual([]);
  expect(report.map(({ name }) => name)).toContain('device');
}, 300_000);
