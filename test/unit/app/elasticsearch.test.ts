import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { elasticsearch } from '../../../src/app/elasticsearch.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues, joined } from '../../support/app/dialogues.ts';
import { driveStream, fromHex } from '../../support/app/drive.ts';

test('versions and actions', () => {
  expect(drivenWell(elasticsearch, dialogues.elasticsearch).facts.details.get('elasticsearch')).toEqual({
    client_version: '6.8.0',
    server_version: '6.8.0',
    handshake: true,
    actions: ['internal:tcp/handshake'],
  });
});

test('other fields behind ES', () => {
  expect(driveStream(elasticsearch, [[0, 'ESTABLISHED connection from somewhere']]).verdict).toBe(Verdict.NO);
  expect(driveStream(elasticsearch, [[0, joined('ES', fromHex('00000034 0000000000000001 f0 005cc663'))]]).verdict).toBe(Verdict.NO);
});
