import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { fix } from '../../../src/app/fix.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('version, type, ends', () => {
  expect(drivenWell(fix, dialogues.fix).facts.details.get('fix')).toEqual({
    version: 'FIX.4.2',
    type: 'A',
    sender: 'BUYER',
    target: 'SELLER',
  });
});

test('fields in another order are not FIX', () => {
  expect(driveStream(fix, [[0, '8=FIX.4.2\x0135=A\x019=10\x01']]).verdict).toBe(Verdict.NO);
  expect(driveStream(fix, [[0, '8=FIX.4.2|9=10|35=A|']]).verdict).toBe(Verdict.NO);
});
