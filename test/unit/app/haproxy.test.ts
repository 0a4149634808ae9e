import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { haproxy } from '../../../src/app/haproxy.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues, joined } from '../../support/app/dialogues.ts';
import { driveStream, fromHex } from '../../support/app/drive.ts';

test('version 1: addresses, what follows', () => {
  const { facts, offsets } = drivenWell(haproxy, dialogues.haproxy);
  expect(offsets).toEqual([45, 0]);
  expect(facts.details.get('haproxy')).toEqual({
    version: 1,
    family: 'TCP4',
    source: '192.0.2.1',
    destination: '198.51.100.1',
    source_port: 56_324,
    destination_port: 443,
  });
});

test('version 2 with a further field', () => {
  const header = fromHex('0d0a0d0a000d0a515549540a 21 11 0013 c0000201 c6336401 dc04 01bb 04 0004 00000000');
  const { facts, offsets } = drivenWell(haproxy, [[0, joined(header, 'hello')]]);
  expect(offsets).toEqual([35, 0]);
  expect(facts.details.get('haproxy')).toMatchObject({ version: 2, family: 'TCP4', source: '192.0.2.1', destination_port: 443 });
});

test('a header that does not agree', () => {
  expect(driveStream(haproxy, [[0, fromHex('0d0a0d0a000d0a515549540a 21 11 0004 c0000201')]]).verdict).toBe(Verdict.NO);
  expect(driveStream(haproxy, [[0, 'PROXY TCP4 a b c d\r\n']]).verdict).toBe(Verdict.NO);
});
