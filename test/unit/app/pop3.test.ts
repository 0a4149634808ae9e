import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { pop3 } from '../../../src/app/pop3.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('user, never the password', () => {
  const { facts } = drivenWell(pop3, dialogues.pop3);
  expect(facts.details.get('pop3')).toEqual({ banner: 'ready <1896.697170952@dbc.mtview.ca.us>', user: 'mrose' });
  expect([...facts.risks].sort()).toEqual(['cleartext_credentials', 'unsafe_protocol']);
});

test('STLS hands over', () => {
  const { offsets, facts } = drivenWell(pop3, [
    [1, '+OK hi\r\n'],
    [0, 'CAPA\r\n'],
    [1, '+OK\r\nSTLS\r\n.\r\n'],
    [0, 'STLS\r\n'],
    [1, '+OK\r\n'],
    [0, '\x16\x03\x01'],
  ]);
  expect(offsets).toEqual([12, 27]);
  expect(facts.risks.has('unsafe_protocol')).toBe(false);
});

test('+OK of something else', () => {
  expect(
    driveStream(pop3, [
      [0, 'AUTH noone password\r\nPING\r\n'],
      [1, '+OK\r\n+OK\r\nNope\r\n'],
    ]).verdict,
  ).toBe(Verdict.NO);
  expect(driveStream(pop3, [[1, '+OK\r\n']]).verdict).toBe(Verdict.NO);
  expect(driveStream(pop3, [[1, '+OK POP3 server ready\r\n']]).verdict).toBe(Verdict.YES);
});
