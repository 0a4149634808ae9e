import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { ftp } from '../../../src/app/ftp.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('login, system, files, announced data connections', () => {
  const { facts } = drivenWell(ftp, dialogues.ftp);
  expect(facts.details.get('ftp')).toEqual({
    banner: 'Welcome',
    user: 'alice',
    logged_in: true,
    system: 'UNIX Type: L8',
    files: ['RETR a.txt'],
  });
  expect(facts.expected).toEqual([
    { address: '192.0.2.7', port: 51_210, protocol: 'ftp_data' },
    { address: '', port: 6446, protocol: 'ftp_data' },
    { address: '2001:db8::7', port: 5282, protocol: 'ftp_data' },
  ]);
  expect([...facts.risks].sort()).toEqual(['cleartext_credentials', 'unsafe_protocol']);
  expect(JSON.stringify([...facts.details])).not.toContain('secret');
});

test('AUTH TLS hands over', () => {
  const { offsets, facts } = drivenWell(ftp, [
    [1, '220 hi\r\n'],
    [0, 'AUTH TLS\r\n'],
    [1, '234 go\r\n'],
  ]);
  expect(offsets).toEqual([10, 16]);
  expect([...facts.risks]).toEqual([]);
});

test('active mode and numbers out of range', () => {
  const { facts } = drivenWell(ftp, [
    [1, '220 (vsFTPd 3.0.3)\r\n'],
    [0, 'USER anonymous\r\nPORT 198,51,100,2,4,1\r\nPORT 1,2,3,400,5,6\r\n'],
  ]);
  expect(facts.expected).toEqual([{ address: '198.51.100.2', port: 1025, protocol: 'ftp_data' }]);
  expect(facts.details.get('ftp')?.anonymous).toBe(true);
});

test('the client alone needs a command of its own', () => {
  expect(driveStream(ftp, [[0, 'USER a\r\nPASS b\r\nSYST\r\n']]).verdict).toBe(Verdict.YES);
  expect(driveStream(ftp, [[0, 'USER a\r\nPASS b\r\nSTAT\r\n']]).verdict).toBe(Verdict.NO);
});
