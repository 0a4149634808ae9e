/** OpenFlow. */
import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { openflow } from '../../../src/app/openflow.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { driveStream, fromHex } from '../../support/app/drive.ts';
import { be, join, refusesDecoys } from '../../support/app/steady.ts';

const message = (version: number, type: number, xid: number, ...body: Parameters<typeof join>) => {
  const rest = join(...body);
  return join(version, type, be(8 + rest.length, 2), be(xid, 4), rest);
};
const hello = (version: number) => message(version, 0, 1);

it('speaks the lower version that both offer', () => {
  const features = message(1, 6, 2, fromHex('00000000005e0053'), new Uint8Array(16));
  const driven = drivenWell(openflow, [
    [0, hello(4)],
    [1, join(hello(1), message(1, 5, 2))],
    [0, features],
  ]);
  expect(driven.facts.details.get('openflow')).toEqual({
    version: '1.0',
    messages: expect.arrayContaining(['hello', 'features_request', 'features_reply']) as string[],
    datapath: '00000000005e0053',
  });
});

it('wants more than one bare hello', () => {
  expect(driveStream(openflow, [[0, hello(4).subarray(0, 8)]], 8).verdict).toBe(Verdict.MORE);
  expect(driveStream(openflow, [[0, message(4, 0, 1, be(1, 2), be(8, 2), be(0x10, 4))]]).verdict).toBe(Verdict.YES);
  expect(driveStream(openflow, [[0, join(hello(3), hello(3))]]).verdict).toBe(Verdict.NO);
});

it('knows a running connection by a request and its answer', () => {
  expect(
    driveStream(openflow, [
      [0, message(4, 2, 77)],
      [1, message(4, 3, 77)],
    ]).verdict,
  ).toBe(Verdict.YES);
  expect(
    driveStream(openflow, [
      [0, message(4, 2, 77)],
      [1, message(4, 3, 78)],
    ]).verdict,
  ).not.toBe(Verdict.YES);
});

it('is not another protocol', () => refusesDecoys(openflow));
