import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { rsync } from '../../../src/app/rsync.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('versions, module, challenge', () => {
  expect(drivenWell(rsync, dialogues.rsync).facts.details.get('rsync')).toEqual({
    server_version: '31.0',
    client_version: '31.0',
    module: 'backup',
    auth: true,
  });
});

test('the version must be one', () => {
  expect(driveStream(rsync, [[1, '@RSYNCD: hello\n']]).verdict).toBe(Verdict.NO);
});
