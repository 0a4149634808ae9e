/** Diameter over TCP. */
import { expect, it } from 'vitest';
import { diameter } from '../../../src/app/diameter.ts';
import { Progress, Verdict } from '../../../src/app/dissector.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { driveStream } from '../../support/app/drive.ts';
import { be, join, refusesDecoys } from '../../support/app/steady.ts';

function avp(code: number, ...value: Parameters<typeof join>): Uint8Array {
  const body = join(...value);
  return join(be(code, 4), 0x40, be(8 + body.length, 3), body, new Uint8Array((4 - (body.length % 4)) % 4));
}

function message(flags: number, command: number, ...avps: Uint8Array[]): Uint8Array {
  const body = join(...avps);
  return join(1, be(20 + body.length, 3), flags, be(command, 3), be(0, 4), be(1, 4), be(2, 4), body);
}

const request = message(0x80, 257, avp(264, 'client.example.org'), avp(296, 'example.org'), avp(269, 'peer'));
const answer = message(0, 257, avp(268, be(2001, 4)), avp(264, 'server.example.org'), avp(296, 'example.org'));

it('says which peers exchange what', () => {
  const watchdog = message(0x80, 280, avp(264, 'client.example.org'));
  const { facts } = drivenWell(diameter, [
    [0, request],
    [1, answer],
    [0, watchdog],
  ]);
  expect(facts.details.get('diameter')).toEqual({
    commands: expect.arrayContaining([
      'capabilities_exchange_request',
      'capabilities_exchange_answer',
      'device_watchdog_request',
    ]) as string[],
    application: 0,
    origin_host: 'client.example.org',
    origin_realm: 'example.org',
    product: 'peer',
    result: 2001,
    server_origin_host: 'server.example.org',
    server_origin_realm: 'example.org',
  });
  expect([...facts.risks]).toEqual([]);
});

it('tells failures', () => {
  const { facts } = driveStream(diameter, [[1, message(0, 257, avp(268, be(5010, 4)))]]);
  expect([...facts.risks]).toEqual(['error_code_detected']);
});

it('is not another protocol, nor the wrong side', () => {
  refusesDecoys(diameter);
  expect(driveStream(diameter, [[1, request]]).verdict).toBe(Verdict.NO);
  expect(driveStream(diameter, [[0, request.with(4, 0x81)]]).verdict).toBe(Verdict.NO);
  expect(driveStream(diameter, [[0, join(request, 'junk of another protocol')]]).progress).toBe(Progress.BROKEN);
});
