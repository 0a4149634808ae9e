import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { whois } from '../../../src/app/whois.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('the question', () => {
  expect(drivenWell(whois, dialogues.whois).facts.details.get('whois')).toEqual({ query: 'example.com' });
});

test('a line that is answered by other text is not WHOIS', () => {
  expect(driveStream(whois, [[0, 'example.com\r\n']]).verdict).toBe(Verdict.NO);
  expect(
    driveStream(whois, [
      [0, 'alice\r\n'],
      [1, 'Login: alice   Name: Alice\r\n'],
    ]).verdict,
  ).toBe(Verdict.NO);
});
