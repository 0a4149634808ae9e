import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { memcachedTcp, memcachedUdp } from '../../../src/app/memcached.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues, joined } from '../../support/app/dialogues.ts';
import { driveDatagrams, driveStream, fromHex } from '../../support/app/drive.ts';

const GET = joined(fromHex('80 00 0005 00 00 0000 00000005 00000000 0000000000000000'), 'Hello');
const ANSWER = joined(fromHex('81 00 0000 04 00 0000 00000009 00000000 0000000000000001 deadbeef'), 'World');

test('text: commands, keys, version', () => {
  const { facts } = drivenWell(memcachedTcp, dialogues.memcachedTcp);
  expect(facts.details.get('memcached')).toEqual({ commands: ['set', 'get', 'version'], keys: ['key1'], version: '1.6.21' });
});

test('binary: the headers of both sides', () => {
  expect(
    drivenWell(memcachedTcp, [
      [0, GET],
      [1, ANSWER],
    ]).facts.details.get('memcached'),
  ).toEqual({ binary: true });
  const wrong = GET.slice();
  wrong[5] = 7;
  expect(driveStream(memcachedTcp, [[0, wrong]]).verdict).toBe(Verdict.NO);
});

test('UDP: the frame header must agree', () => {
  const stats = joined(fromHex('0001 0000 0001 0000'), 'stats\r\n');
  const driven = driveDatagrams(memcachedUdp, [[0, stats]]);
  expect(driven.verdict).toBe(Verdict.YES);
  expect(driven.facts.details.get('memcached')?.commands).toEqual(['stats']);
  expect(driveDatagrams(memcachedUdp, [[0, joined(fromHex('0001 0002 0001 0000'), 'stats\r\n')]]).verdict).toBe(Verdict.NO);
});
