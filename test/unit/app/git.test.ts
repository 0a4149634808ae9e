import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { git } from '../../../src/app/git.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('service, repository, host', () => {
  const { facts } = drivenWell(git, dialogues.git);
  expect(facts.details.get('git')).toEqual({ service: 'git-upload-pack', repository: '/schacon/simplegit.git', accepted: true });
  expect(facts.host).toBe('git.example.org');
});

test('a length that is too short is no pkt-line', () => {
  expect(driveStream(git, [[0, '0005git-upload-pack /x\0']]).verdict).toBe(Verdict.NO);
});
