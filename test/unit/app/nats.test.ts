import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { nats } from '../../../src/app/nats.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('server, user, subjects; never the password', () => {
  const { facts } = drivenWell(nats, dialogues.nats);
  expect(facts.details.get('nats')).toEqual({
    server_id: 'ND5',
    server_name: 'n1',
    version: '2.10.4',
    auth_required: true,
    user: 'bob',
    client: 'app',
    language: 'go',
    subjects: ['pub orders.new', 'sub orders.*'],
  });
  expect([...facts.risks]).toEqual(['cleartext_credentials']);
});

test('TLS behind INFO, JSON that is none', () => {
  const info = 'INFO {"server_id":"x","tls_required":true}\r\n';
  expect(
    drivenWell(nats, [
      [1, info],
      [0, '\x16\x03\x01'],
    ]).offsets,
  ).toEqual([0, info.length]);
  expect(driveStream(nats, [[1, 'INFO hello\r\n']]).verdict).toBe(Verdict.NO);
});
