import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { wireguard } from '../../../src/app/wireguard.ts';
import { cutDatagrams, noise, oneSide } from '../../support/app/dialogue.ts';
import { driveDatagrams, type Sent } from '../../support/app/drive.ts';
import { join } from '../../support/app/tls.ts';

const le = (value: number) => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
const A = 0x11223344;
const B = 0xa1b2c3d4;
const initiation = (mac: Uint8Array = new Uint8Array(16)) => join([1, 0, 0, 0], le(A), noise(124), mac);
const response = (receiver = A, mac: Uint8Array = new Uint8Array(16)) => join([2, 0, 0, 0], le(B), le(receiver), noise(64), mac);
const data = (counter: number, index = B, length = 64) => join([4, 0, 0, 0], le(index), le(counter), le(0), noise(length, counter + 1));

it('reads a handshake', () => {
  const sent: Sent[] = [
    [0, initiation()],
    [1, response()],
    [0, data(0)],
  ];
  const { verdict, facts } = driveDatagrams(wireguard, sent);
  expect(verdict).toBe(Verdict.YES);
  expect(facts.details.get('wireguard')).toEqual({ initiator_index: '11223344', responder_index: 'a1b2c3d4', established: true });
  expect(oneSide(wireguard, sent, 1)).toBe(Verdict.YES);
  expect(cutDatagrams(wireguard, sent)).toBe(0);
});

it('waits for the answer when the second MAC is used', () => {
  expect(driveDatagrams(wireguard, [[0, initiation(noise(16))]]).verdict).toBe(Verdict.MORE);
  expect(
    driveDatagrams(wireguard, [
      [0, initiation(noise(16))],
      [1, response(A, noise(16))],
    ]).verdict,
  ).toBe(Verdict.YES);
  expect(
    driveDatagrams(wireguard, [
      [0, initiation(noise(16))],
      [1, response(99, noise(16))],
    ]).verdict,
  ).toBe(Verdict.MORE);
  expect(
    driveDatagrams(wireguard, [
      [0, initiation(noise(16))],
      [1, join([3, 0, 0, 0], le(A), noise(56))],
    ]).verdict,
  ).toBe(Verdict.YES);
});

it('knows data by its index and counter', () => {
  expect(
    driveDatagrams(
      wireguard,
      [7, 8, 10].map((i): Sent => [0, data(i)]),
    ).verdict,
  ).toBe(Verdict.YES);
  expect(
    driveDatagrams(
      wireguard,
      [7, 7000, 10].map((i): Sent => [0, data(i)]),
    ).verdict,
  ).not.toBe(Verdict.YES);
  expect(
    driveDatagrams(
      wireguard,
      [7, 8, 9].map((i): Sent => [0, data(i, i)]),
    ).verdict,
  ).not.toBe(Verdict.YES);
  expect(
    driveDatagrams(
      wireguard,
      [7, 8, 9].map((i): Sent => [0, join([4, 0, 0, 0], noise(60, i))]),
    ).verdict,
  ).toBe(Verdict.NO);
});
