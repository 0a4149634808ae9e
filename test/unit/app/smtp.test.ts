import { expect, test } from 'vitest';
import { Progress, Verdict } from '../../../src/app/dissector.ts';
import { smtp } from '../../../src/app/smtp.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('envelope and capabilities; nothing of the message', () => {
  const { facts, progress } = drivenWell(smtp, dialogues.smtp);
  expect(progress).toBe(Progress.DONE);
  expect(facts.details.get('smtp')).toEqual({
    banner: 'mail.example.org ESMTP ready',
    helo: 'client.example.net',
    capabilities: ['SIZE 1000000', 'STARTTLS'],
    from: 'a@example.net',
    to: ['b@example.org'],
  });
  expect(facts.host).toBe('mail.example.org');
  expect([...facts.risks]).toEqual([]);
});

test('STARTTLS hands over behind command and reply', () => {
  const { offsets, facts } = drivenWell(smtp, [
    [1, '220 x\r\n'],
    [0, 'EHLO a\r\n'],
    [1, '250-x\r\n250 STARTTLS\r\n'],
    [0, 'STARTTLS\r\n'],
    [1, '220 go\r\n'],
    [0, '\x16\x03\x01'],
  ]);
  expect(offsets).toEqual([18, 36]);
  expect(facts.details.get('smtp')?.starttls).toBe(true);
});

test('STARTTLS that is refused goes on in clear; the client alone shows it by its next bytes', () => {
  const refused = drivenWell(smtp, [
    [1, '220 x ESMTP\r\n'],
    [0, 'EHLO a\r\n'],
    [1, '250 x\r\n'],
    [0, 'STARTTLS\r\n'],
    [1, '454 not now\r\n'],
    [0, 'AUTH PLAIN AGEAYg==\r\n'],
    [1, '235 ok\r\n'],
  ]);
  expect(refused.progress).toBe(Progress.DONE);
  expect([...refused.facts.risks]).toEqual(['cleartext_credentials']);
  expect(JSON.stringify([...refused.facts.details])).not.toContain('AGEA');
  expect(drivenWell(smtp, [[0, 'EHLO a\r\nSTARTTLS\r\n\x16\x03\x01\x00']]).offsets).toEqual([18, 0]);
});

test('a greeting that names it is enough without the client; one that does not is not', () => {
  expect(driveStream(smtp, [[1, '220 mx ESMTP Postfix\r\n']]).verdict).toBe(Verdict.YES);
  expect(driveStream(smtp, [[1, '220 ready\r\n']]).verdict).toBe(Verdict.NO);
  expect(driveStream(smtp, [[1, '220 ftp.example.org FTP server\r\n']]).verdict).toBe(Verdict.NO);
});

test('recipients are bounded', () => {
  const many = 'RCPT TO:<x@y.z>\r\n'.repeat(500);
  const { facts } = driveStream(smtp, [[0, `EHLO a\r\nMAIL FROM:<>\r\n${many}`]]);
  expect(facts.details.get('smtp')?.to).toHaveLength(8);
});
