/** CoAP: what proves it, and what it says. */
import { expect, it } from 'vitest';
import { coap } from '../../../src/app/coap.ts';
import { coapMessageOf } from '../../../src/app/coap-message.ts';
import { Verdict } from '../../../src/app/dissector.ts';
import { coapContent, coapGet } from '../../support/app/datagrams.ts';
import { driveDatagrams, fromHex } from '../../support/app/drive.ts';
import { be, join } from '../../support/app/steady.ts';

it('says what is asked of which resource', () => {
  const { facts } = driveDatagrams(coap, [
    [0, coapGet],
    [1, coapContent],
  ]);
  expect(facts.details.get('coap')).toEqual({
    method: 'GET',
    path: '/sensors/temp',
    messages: ['GET', '2.05'],
    code: '2.05',
    content_format: 0,
  });
});

it('reads host, query and long options', () => {
  const host = 'h'.repeat(20);
  const message = coapMessageOf(join(0x40, 1, be(7, 2), 0x3d, 7, host, 0x81, 'a', 0x43, 'b=1', 0x03, 'c=2'));
  expect(message).toMatchObject({ host, path: '/a', query: '?b=1&c=2' });
});

it('wants an answer, or a third message, where a request names nothing', () => {
  const get = fromHex('40010001');
  const reset = fromHex('70000001');
  expect(driveDatagrams(coap, [[0, get]]).verdict).toBe(Verdict.MORE);
  expect(
    driveDatagrams(coap, [
      [0, get],
      [1, reset],
    ]).verdict,
  ).toBe(Verdict.YES);
  expect(
    driveDatagrams(coap, [
      [0, get],
      [1, fromHex('70000002')],
    ]).verdict,
  ).toBe(Verdict.MORE);
  expect(driveDatagrams(coap, [[1, coapContent]]).verdict).toBe(Verdict.MORE);
  expect(
    driveDatagrams(coap, [
      [1, coapContent],
      [1, coapContent],
      [1, coapContent],
    ]).verdict,
  ).toBe(Verdict.YES);
});

it('refuses what breaks a rule of the format', () => {
  for (const bytes of ['80010001', '49010001', '60010001', '40080001', '4001000100ff', '40010001f0', '4000000101', '40010001b5']) {
    expect(coapMessageOf(fromHex(bytes))).toBeNull();
  }
  expect(driveDatagrams(coap, [[1, coapGet]]).verdict).toBe(Verdict.NO);
});
