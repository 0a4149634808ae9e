import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { ident } from '../../../src/app/ident.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('the answer', () => {
  expect(drivenWell(ident, dialogues.ident).facts.details.get('ident')).toEqual({
    server_port: 6193,
    client_port: 23,
    system: 'UNIX',
    user: 'stjohns',
  });
});

test('ports that do not agree', () => {
  expect(
    driveStream(ident, [
      [0, '6193, 23\r\n'],
      [1, '6193, 24 : USERID : UNIX : stjohns\r\n'],
    ]).verdict,
  ).toBe(Verdict.NO);
});
