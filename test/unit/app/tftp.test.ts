/** TFTP: requests, and transfers without their request. */
import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { tftp } from '../../../src/app/tftp.ts';
import { exchanges } from '../../support/app/datagrams.ts';
import { driveDatagrams, type Sent } from '../../support/app/drive.ts';
import { be, join } from '../../support/app/steady.ts';

const data = (block: number, length = 512) => join(be(3, 2), be(block, 2), 'x'.repeat(length));
const ack = (block: number) => join(be(4, 2), be(block, 2));

it('reads requests', () => {
  expect(driveDatagrams(tftp, exchanges.tftp).facts.details.get('tftp')).toEqual({
    operation: 'read',
    file: 'boot/pxe.0',
    mode: 'octet',
    options: ['tsize'],
  });
  const failed: Sent[] = [
    [0, join(be(2, 2), 'config', 0, 'NetASCII', 0)],
    [1, join(be(5, 2), be(2, 2), 'Access violation', 0)],
  ];
  const { facts } = driveDatagrams(tftp, failed);
  expect(facts.details.get('tftp')).toEqual({ operation: 'write', file: 'config', mode: 'netascii', error: 'Access violation' });
  expect([...facts.risks]).toEqual(['error_code_detected']);
});

it('knows a transfer by a block and its acknowledgement', () => {
  expect(
    driveDatagrams(tftp, [
      [0, data(1)],
      [1, ack(1)],
    ]).verdict,
  ).toBe(Verdict.YES);
  expect(
    driveDatagrams(tftp, [
      [1, ack(0)],
      [0, data(1, 17)],
    ]).verdict,
  ).toBe(Verdict.YES);
  expect(driveDatagrams(tftp, [[0, data(1)]]).verdict).toBe(Verdict.MORE);
  expect(
    driveDatagrams(tftp, [
      [0, data(1)],
      [0, ack(1)],
    ]).verdict,
  ).toBe(Verdict.MORE);
  expect(
    driveDatagrams(tftp, [
      [0, data(1)],
      [1, ack(7)],
    ]).verdict,
  ).toBe(Verdict.NO);
});

it('is not another protocol', () => {
  expect(driveDatagrams(tftp, [[0, join(be(1, 2), 'file', 0, 'binary', 0)]]).verdict).toBe(Verdict.NO);
  expect(driveDatagrams(tftp, [[0, join(be(1, 2), 'fi\u0001le', 0, 'octet', 0)]]).verdict).toBe(Verdict.NO);
  expect(driveDatagrams(tftp, [[1, exchanges.tftp[0][1]]]).verdict).toBe(Verdict.NO);
});
