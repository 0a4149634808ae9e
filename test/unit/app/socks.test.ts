import { expect, test } from 'vitest';
import { Progress, Verdict } from '../../../src/app/dissector.ts';
import { socks } from '../../../src/app/socks.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues, joined } from '../../support/app/dialogues.ts';
import { driveStream, fromHex } from '../../support/app/drive.ts';

test('version 5: target and what follows', () => {
  const { facts, offsets } = drivenWell(socks, dialogues.socks);
  expect(offsets).toEqual([25, 12]);
  expect(facts.details.get('socks')).toEqual({
    version: '5',
    method: 0,
    command: 'connect',
    host: 'www.example.com',
    port: 443,
    granted: true,
  });
  expect(facts.host).toBe('www.example.com');
});

test('version 5 with a name and a password', () => {
  const { facts, offsets } = drivenWell(socks, [
    [0, fromHex('05 02 00 02')],
    [1, fromHex('05 02')],
    [0, joined(fromHex('01 03'), 'bob', fromHex('06'), 'secret')],
    [1, fromHex('01 00')],
    [0, fromHex('05 01 00 01 c0000201 0050')],
    [1, fromHex('05 00 00 01 00000000 0000')],
  ]);
  expect(offsets).toEqual([26, 14]);
  expect(facts.details.get('socks')).toMatchObject({ user: 'bob', host: '192.0.2.1', port: 80 });
  expect([...facts.risks]).toEqual(['cleartext_credentials']);
});

test('version 4a, granted and refused', () => {
  const request = joined(fromHex('04 01 0050 00000001'), 'me\0example.org\0');
  expect(
    drivenWell(socks, [
      [0, request],
      [1, fromHex('00 5a 0000 00000000')],
    ]).offsets,
  ).toEqual([request.length, 8]);
  expect(
    drivenWell(socks, [
      [0, request],
      [1, fromHex('00 5b 0000 00000000')],
    ]).progress,
  ).toBe(Progress.DONE);
});

test.each([
  ['methods that do not agree', fromHex('05 02 00'), fromHex('05 00')],
  ['an answer that was not offered', fromHex('05 01 00'), fromHex('05 02')],
  ['a request without the form', joined(fromHex('05 01 00'), 'hello'), fromHex('05 00')],
  ['version 4 with another answer', joined(fromHex('04 01 0050 c0000201'), '\0'), fromHex('00 01 0000 00000000')],
])('%s', (_, client, server) => {
  expect(
    driveStream(socks, [
      [0, client],
      [1, server],
    ]).verdict,
  ).toBe(Verdict.NO);
});
