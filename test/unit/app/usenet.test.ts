import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { usenet } from '../../../src/app/usenet.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('banner, group, user', () => {
  expect(drivenWell(usenet, dialogues.usenet).facts.details.get('usenet')).toEqual({
    banner: 'NNTP Service Ready, posting permitted',
    group: 'misc.test',
  });
  const { facts } = drivenWell(usenet, [
    [1, '201 hello\r\n'],
    [0, 'AUTHINFO USER bob\r\n'],
    [1, '381 more\r\n'],
    [0, 'AUTHINFO PASS secret\r\n'],
  ]);
  expect(facts.details.get('usenet')?.user).toBe('bob');
  expect(facts.risks.has('cleartext_credentials')).toBe(true);
});

test('a 200 of something else', () => {
  expect(driveStream(usenet, [[1, '200 ok\r\n']]).verdict).toBe(Verdict.NO);
  expect(
    driveStream(usenet, [
      [1, '200 ok\r\n'],
      [0, 'LIST\r\n'],
    ]).verdict,
  ).not.toBe(Verdict.YES);
});
