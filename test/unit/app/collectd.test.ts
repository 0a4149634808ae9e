import { expect, test } from 'vitest';
import { collectd } from '../../../src/app/collectd.ts';
import { Verdict } from '../../../src/app/dissector.ts';
import { joined } from '../../support/app/dialogues.ts';
import { driveDatagrams, fromHex } from '../../support/app/drive.ts';

const part = (type: number, value: Uint8Array | string) =>
  joined(Uint8Array.of(type >> 8, type, (value.length + 4) >> 8, value.length + 4), value);
const HOST = part(0, 'web01\0');
const VALUES = part(6, fromHex('0001 01 0000000000004540'));
const DATAGRAM = joined(HOST, part(8, fromHex('1481a1b2c3d4e5f6')), part(2, 'cpu\0'), part(4, 'cpu\0'), VALUES, part(2, 'load\0'));

test('host and plugins', () => {
  const { verdict, facts } = driveDatagrams(collectd, [[0, DATAGRAM]]);
  expect(verdict).toBe(Verdict.YES);
  expect(facts.details.get('collectd')).toEqual({ host: 'web01', plugins: ['cpu', 'load'] });
});

test('parts must fill the datagram exactly', () => {
  for (let length = 0; length < DATAGRAM.length; length++) {
    const cut = driveDatagrams(collectd, [[0, DATAGRAM.subarray(0, length)]]);
    if (cut.verdict === Verdict.YES) expect(cut.facts.details.get('collectd')?.host).toBe('web01');
  }
  expect(driveDatagrams(collectd, [[0, joined(DATAGRAM, '\0')]]).verdict).toBe(Verdict.NO);
  expect(driveDatagrams(collectd, [[0, VALUES]]).verdict).toBe(Verdict.NO);
});

test('encrypted datagrams need a second one', () => {
  const encrypted = part(0x210, joined(fromHex('0003'), 'bob', new Uint8Array(60)));
  expect(driveDatagrams(collectd, [[0, encrypted]]).verdict).toBe(Verdict.MORE);
  const twice = driveDatagrams(collectd, [
    [0, encrypted],
    [0, encrypted],
  ]);
  expect(twice.facts.details.get('collectd')).toEqual({ user: 'bob', encrypted: true });
});
