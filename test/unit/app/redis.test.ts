import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { redis } from '../../../src/app/redis.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('commands, user, error; never the password', () => {
  const { facts } = drivenWell(redis, dialogues.redis);
  expect(facts.details.get('redis')).toEqual({
    commands: ['AUTH', 'GET'],
    requests: 2,
    user: 'admin',
    error: 'WRONGPASS invalid username-password pair',
  });
  expect([...facts.risks]).toEqual(['cleartext_credentials']);
});

test('inline commands with a reply that only Redis gives', () => {
  const ping = drivenWell(redis, [
    [0, 'PING\r\n'],
    [1, '+PONG\r\n'],
  ]);
  expect(ping.facts.details.get('redis')?.commands).toEqual(['PING']);
  expect(
    driveStream(redis, [
      [0, 'AUTH noone password\r\nPING\r\n'],
      [1, '+OK\r\n+OK\r\nnot RESP\r\n'],
    ]).verdict,
  ).toBe(Verdict.NO);
});

test('a length that does not agree is not RESP', () => {
  expect(driveStream(redis, [[0, '*1\r\n$5\r\nPING\r\n']]).verdict).toBe(Verdict.NO);
  expect(driveStream(redis, [[0, '*0\r\n$4\r\nPING\r\n']]).verdict).toBe(Verdict.NO);
});
