import { expect, test } from 'vitest';
import { dcerpc, dcerpcUdp } from '../../../src/app/dcerpc.ts';
import { Verdict } from '../../../src/app/dissector.ts';
import { driveStream } from '../../support/app/drive.ts';
import { ntlmAuthenticate } from '../../support/app/ntlm.ts';
import { join, le, refuses, refusesDecoys, steadyDatagrams, steadyStream } from '../../support/app/steady.ts';

function packet(type: number, body: Uint8Array, auth: Uint8Array = new Uint8Array(0)): Uint8Array {
  const trailer = auth.length === 0 ? auth : join(10, 5, 0, 0, le(0, 4), auth);
  const length = 16 + body.length + trailer.length;
  return join(5, 0, type, 3, 0x10, 0, 0, 0, le(length, 2), le(auth.length, 2), le(7, 4), body, trailer);
}

const SAMR = join(le(0x12345778, 4), le(0x1234, 2), le(0xabcd, 2), [0xef, 0, 1, 0x23, 0x45, 0x67, 0x89, 0xac]);
const NDR = join(le(0x8a885d04, 4), le(0x1ceb, 2), le(0x11c9, 2), [0x9f, 0xe8, 8, 0, 0x2b, 0x10, 0x48, 0x60], le(2, 4));
const bind = packet(11, join(le(5840, 2), le(5840, 2), le(0, 4), 1, 0, 0, 0, le(0, 2), 1, 0, SAMR, le(1, 4), NDR));
const bindAck = packet(12, join(le(5840, 2), le(5840, 2), le(1, 4), le(4, 2), '135\0', le(0, 2), le(1, 4), le(0, 4), NDR));
const request = (operation: number) => packet(0, join(le(8, 4), le(0, 2), le(operation, 2), 'argument'));
const response = packet(2, join(le(8, 4), le(0, 2), le(0, 2), 'result..'));

test('bind, operations, and who authenticates', () => {
  const run = steadyStream(dcerpc, [
    [0, bind],
    [1, bindAck],
    [0, packet(16, le(0, 4), ntlmAuthenticate())],
    [0, request(64)],
    [1, response],
    [0, request(7)],
  ]);
  expect(run.facts.detail('dcerpc')).toEqual({
    interfaces: ['samr 1.0'],
    user: 'alice',
    domain: 'EXAMPLE',
    workstation: 'LAPTOP',
    operations: [64, 7],
  });
  expect(run.confirmed).toBe(true);
});

test('a conversation without its start needs both sides', () => {
  expect(driveStream(dcerpc, [[0, request(3)]]).verdict).toBe(Verdict.MORE);
  const run = steadyStream(dcerpc, [
    [0, request(3)],
    [1, response],
  ]);
  expect(run.facts.detail('dcerpc')).toEqual({ operations: [3] });
});

test('others are refused', () => {
  refusesDecoys(dcerpc);
  refuses(dcerpc, [1, bind]);
  refuses(dcerpc, [0, bind.with(4, 0x20)]);
  refuses(dcerpc, [0, bind.with(8, 40)]);
  refuses(dcerpc, [0, bind.with(24, 9)]);
});

const connectionless = join(
  4,
  0,
  0x28,
  0,
  0x10,
  0,
  0,
  0,
  new Uint8Array(16),
  SAMR,
  new Uint8Array(16),
  le(0, 4),
  le(1, 4),
  le(0, 4),
  le(5, 2),
  le(0xffff, 2),
  le(0xffff, 2),
  le(4, 2),
  le(0, 2),
  0,
  0,
  'body',
);

test('connectionless, over UDP', () => {
  const run = steadyDatagrams(dcerpcUdp, [[0, connectionless]]);
  expect(run.verdict).toBe(Verdict.YES);
  expect(run.facts.detail('dcerpc')).toEqual({ interfaces: ['samr 1'], operations: [5] });
  expect(steadyDatagrams(dcerpcUdp, [[0, connectionless.with(74, 9)]]).verdict).toBe(Verdict.NO);
});
