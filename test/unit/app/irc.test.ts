import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { irc } from '../../../src/app/irc.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('registration and channels', () => {
  const { facts } = drivenWell(irc, dialogues.irc);
  expect(facts.details.get('irc')).toEqual({
    nick: 'dan',
    user: 'd',
    real_name: 'Dan Brown',
    server: 'irc.example.org',
    channels: ['#weir', '#test'],
  });
  expect([...facts.risks]).toEqual(['unsafe_protocol']);
});

test('one side alone; CTCP in the middle of a connection', () => {
  expect(driveStream(irc, [[1, ':irc.example.org NOTICE * :*** Looking up your hostname\r\n']]).verdict).toBe(Verdict.YES);
  expect(driveStream(irc, [[0, 'PRIVMSG bob :\x01DCC SEND a.txt 3232235777 5555 12\x01\r\n']]).verdict).toBe(Verdict.YES);
  expect(driveStream(irc, [[0, 'PASS secret\r\nNICK x\r\n']]).verdict).toBe(Verdict.NO);
});
