import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { ipsec } from '../../../src/app/ipsec.ts';
import { cutDatagrams, noise } from '../../support/app/dialogue.ts';
import { driveDatagrams, fromHex, type Sent } from '../../support/app/drive.ts';
import { u32 } from '../../support/app/quic.ts';
import { join, u16 } from '../../support/app/tls.ts';

const I = fromHex('1122334455667788');
const R = fromHex('99aabbccddeeff00');
const ZERO = new Uint8Array(8);
const payload = (next: number, body: Uint8Array) => join([next, 0], u16(4 + body.length), body);

function ike(
  responder: Uint8Array,
  first: number,
  version: number,
  exchange: number,
  flags: number,
  id: number,
  body: Uint8Array,
): Uint8Array {
  return join(I, responder, [first, version, exchange, flags], u32(id), u32(28 + body.length), body);
}

const init = ike(ZERO, 33, 0x20, 34, 0x08, 0, join(payload(34, noise(44)), payload(40, noise(68)), payload(0, noise(32))));
const answer = ike(R, 33, 0x20, 34, 0x20, 0, join(payload(34, noise(40)), payload(40, noise(68)), payload(0, noise(32))));
const authentication = ike(R, 46, 0x20, 35, 0x08, 1, payload(35, noise(200)));
const main = ike(ZERO, 1, 0x10, 2, 0, 0, join(payload(13, noise(52)), payload(0, noise(16))));
const quick = ike(R, 8, 0x10, 32, 1, 0x1234567, noise(128));

it('reads IKEv2 through its change of port', () => {
  const sent: Sent[] = [
    [0, init],
    [1, answer],
    [0, join([0, 0, 0, 0], authentication)],
  ];
  const { verdict, facts } = driveDatagrams(ipsec, sent);
  expect(verdict).toBe(Verdict.YES);
  expect(facts.details.get('ipsec')).toEqual({
    version: 'IKEv2',
    initiator_spi: '1122334455667788',
    responder_spi: '99aabbccddeeff00',
    exchanges: ['ike_sa_init', 'ike_auth'],
    nat_traversal: true,
  });
  expect(cutDatagrams(ipsec, sent)).toBe(0);
});

it('reads IKEv1', () => {
  expect(
    driveDatagrams(ipsec, [
      [0, main],
      [0, quick],
    ]).facts.details.get('ipsec'),
  ).toMatchObject({
    version: 'IKEv1',
    exchanges: ['identity_protection', 'quick'],
  });
  expect(driveDatagrams(ipsec, [[1, quick]]).verdict).toBe(Verdict.YES);
});

it('wants every field to fit', () => {
  const wrong = [
    ike(ZERO, 33, 0x30, 34, 0x08, 0, payload(0, noise(44))),
    ike(ZERO, 33, 0x20, 99, 0x08, 0, payload(0, noise(44))),
    ike(ZERO, 33, 0x20, 34, 0x01, 0, payload(0, noise(44))),
    ike(ZERO, 33, 0x20, 34, 0x08, 7, payload(0, noise(44))),
    ike(ZERO, 33, 0x20, 34, 0x08, 0, payload(0, noise(44)).fill(0xff, 0, 4)),
    join(init, [0]),
  ];
  for (const bytes of wrong) expect(driveDatagrams(ipsec, [[0, bytes]]).verdict).not.toBe(Verdict.YES);
});

it('believes ESP as a run that goes up by one', () => {
  const esp = (i: number, spi = 0xc1234567): Sent => [0, join(u32(spi), u32(i), noise(96, i))];
  const run = [1, 2, 3, 4, 5].map((i) => esp(i));
  const { verdict, facts } = driveDatagrams(ipsec, [[1, Uint8Array.of(0xff)], ...run]);
  expect(verdict).toBe(Verdict.YES);
  expect(facts.details.get('ipsec')).toEqual({ esp_spi: 'c1234567' });
  expect(driveDatagrams(ipsec, run.slice(0, 4)).verdict).toBe(Verdict.MORE);
  expect(
    driveDatagrams(
      ipsec,
      [1, 2, 3, 4, 50].map((i) => esp(i)),
    ).verdict,
  ).not.toBe(Verdict.YES);
  expect(
    driveDatagrams(
      ipsec,
      [1, 2, 3, 4, 5].map((i) => esp(i, 0xc1234567 + i)),
    ).verdict,
  ).not.toBe(Verdict.YES);
  expect(
    driveDatagrams(
      ipsec,
      [1, 2, 3, 4, 5].map((i): Sent => [0, join(u32(0xc1234567), u32(i), new Uint8Array(96))]),
    ).verdict,
  ).not.toBe(Verdict.YES);
});
