/** What routers and switches export: NetFlow, IPFIX, sFlow. */
import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { netflow } from '../../../src/app/netflow.ts';
import { sflow } from '../../../src/app/sflow.ts';
import { NOW, netflow5, netflow9, sflowDatagram } from '../../support/app/datagrams.ts';
import { driveDatagrams } from '../../support/app/drive.ts';
import { be, join, steadyDatagrams } from '../../support/app/steady.ts';

const ipfix = (sets: Uint8Array) => join(be(10, 2), be(16 + sets.length, 2), be(NOW, 4), be(1, 4), be(99, 4), sets);

it('counts the records of version 5', () => {
  expect(
    steadyDatagrams(netflow, [
      [0, netflow5(2)],
      [0, netflow5(3)],
    ]).facts.details.get('netflow'),
  ).toEqual({ version: 'v5', source_id: 9, records: 5 });
});

it('walks the sets of version 9 and IPFIX', () => {
  expect(driveDatagrams(netflow, [[0, netflow9]]).facts.details.get('netflow')).toEqual({
    version: 'v9',
    source_id: 42,
    templates: [256],
    records: 1,
  });
  const set = join(be(2, 2), be(12, 2), be(300, 2), be(1, 2), be(8, 2), be(4, 2));
  expect(driveDatagrams(netflow, [[0, ipfix(set)]]).facts.details.get('netflow')).toEqual({
    version: 'ipfix',
    source_id: 99,
    templates: [300],
    records: 0,
  });
  expect(driveDatagrams(netflow, [[0, ipfix(join(be(17, 2), be(12, 2), be(0, 8)))]]).verdict).toBe(Verdict.NO);
});

it('refuses what does not add up', () => {
  const bytes = netflow5(2);
  for (const wrong of [bytes.subarray(1), join(bytes, 0), bytes.with(3, 3), bytes.with(8, 0xff), bytes.with(1, 6)]) {
    expect(driveDatagrams(netflow, [[0, wrong]]).verdict).toBe(Verdict.NO);
  }
  expect(driveDatagrams(netflow, [[1, bytes]]).verdict).toBe(Verdict.NO);
});

it('walks the samples of sFlow', () => {
  expect(steadyDatagrams(sflow, [[0, sflowDatagram]]).facts.details.get('sflow')).toEqual({
    version: 5,
    agent: '192.0.2.8',
    sub_agent: 0,
    samples: 1,
  });
  expect(driveDatagrams(sflow, [[0, sflowDatagram.subarray(0, -4)]]).verdict).toBe(Verdict.NO);
  expect(driveDatagrams(sflow, [[0, sflowDatagram.with(3, 4)]]).verdict).toBe(Verdict.NO);
});
