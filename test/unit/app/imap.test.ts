import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { imap } from '../../../src/app/imap.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('user, mailbox, capabilities; never the password', () => {
  const { facts } = drivenWell(imap, dialogues.imap);
  expect(facts.details.get('imap')).toEqual({
    banner: 'OK [CAPABILITY IMAP4rev1 STARTTLS] ready',
    capabilities: ['IMAP4rev1', 'STARTTLS'],
    user: 'mrc',
    mailbox: 'inbox',
  });
  expect([...facts.risks].sort()).toEqual(['cleartext_credentials', 'unsafe_protocol']);
  expect(JSON.stringify([...facts.details])).not.toContain('se cret');
});

test('STARTTLS hands over behind its own result', () => {
  const { offsets, facts } = drivenWell(imap, [
    [1, '* OK IMAP4\r\n'],
    [0, 'a CAPABILITY\r\n'],
    [1, '* CAPABILITY IMAP4 STARTTLS\r\na OK\r\n'],
    [0, 'b STARTTLS\r\n'],
    [1, 'b OK go\r\n'],
  ]);
  expect(offsets).toEqual([26, 56]);
  expect([...facts.risks]).toEqual([]);
});

test('literals are no commands', () => {
  const { facts } = drivenWell(imap, [
    [1, '* OK IMAP4\r\n'],
    [0, 'a APPEND inbox {18}\r\nb LOGIN eve secret\r\n'],
    [0, '\r\nc LOGIN bob x\r\n'],
  ]);
  expect(facts.details.get('imap')?.user).toBe('bob');
});

test('one side alone', () => {
  expect(driveStream(imap, [[1, '* OK IMAP4 ready\r\n']]).verdict).toBe(Verdict.YES);
  expect(driveStream(imap, [[1, '* OK hello\r\n']]).verdict).toBe(Verdict.NO);
  expect(driveStream(imap, [[0, 'a1 LOGIN bob secret\r\n']]).verdict).toBe(Verdict.YES);
  expect(driveStream(imap, [[0, 'GET LIST\r\n']]).verdict).toBe(Verdict.NO);
});
