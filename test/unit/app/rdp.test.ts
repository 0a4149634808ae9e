import { expect, test } from 'vitest';
import { Progress, Verdict } from '../../../src/app/dissector.ts';
import { rdp, rdpUdp } from '../../../src/app/rdp.ts';
import { driveStream } from '../../support/app/drive.ts';
import { be, join, le, refuses, refusesDecoys, steadyDatagrams, steadyStream, utf16 } from '../../support/app/steady.ts';

const setup = (code: number, tail: Uint8Array) => join(3, 0, be(11 + tail.length, 2), 6 + tail.length, code, be(0, 2), be(0, 2), 0, tail);
const negotiation = (type: number, value: number) => join(type, 0, le(8, 2), le(value, 4));
const request = (cookie: string, protocols: number) => setup(0xe0, join(cookie, negotiation(1, protocols)));

test('cookie and protocols, then TLS takes over', () => {
  const hello = '\x16\x03\x01\x00\x05hello';
  const run = steadyStream(rdp, [
    [0, request('Cookie: mstshash=alice\r\n', 11)],
    [1, setup(0xd0, negotiation(2, 2))],
    [0, hello],
  ]);
  expect(run.facts.detail('rdp')).toEqual({ cookie: 'alice', requested: ['ssl', 'hybrid', 'hybrid_ex'], chosen: 'hybrid' });
  expect(run.progress).toBe(Progress.HAND_OVER);
  expect(run.offsets).toEqual([43, 19]);
  expect([...run.facts.risks]).toEqual(['desktop_or_file_sharing_session']);
});

test('TLS that the client sends with its request begins behind the request', () => {
  const run = driveStream(rdp, [
    [0, join(request('', 1), '\x16\x03\x01')],
    [1, setup(0xd0, negotiation(2, 1))],
  ]);
  expect(run.offsets).toEqual([19, 19]);
});

test('a refusal', () => {
  const run = steadyStream(rdp, [
    [0, request('', 0)],
    [1, setup(0xd0, negotiation(3, 5))],
  ]);
  expect(run.facts.detail('rdp')).toEqual({ requested: ['rdp'], failure: 'hybrid_required' });
});

test('standard security: the client says its name', () => {
  const core = join(
    le(0xc001, 2),
    le(216, 2),
    le(0x00080004, 4),
    new Uint8Array(12),
    le(2600, 4),
    utf16('LAPTOP'),
    new Uint8Array(20),
    new Uint8Array(160),
  );
  const body = join(2, 0xf0, 0x80, 0x7f, 0x65, 0x82, be(300, 2), new Uint8Array(90), core);
  const initial = join(3, 0, be(4 + body.length, 2), body);
  const run = steadyStream(rdp, [
    [0, setup(0xe0, new Uint8Array(0))],
    [1, setup(0xd0, new Uint8Array(0))],
    [0, initial],
  ]);
  expect(run.facts.detail('rdp')).toEqual({ chosen: 'rdp', client_version: '00080004', client_build: 2600, client_name: 'LAPTOP' });
});

test('others are refused', () => {
  refusesDecoys(rdp);
  refuses(rdp, [0, setup(0xe0, new Uint8Array(0))]);
  refuses(rdp, [0, setup(0xe0, join([0xc1, 2, 1, 0, 0xc2, 2, 1, 2, 0xc0, 1, 10]))]);
  refuses(rdp, [1, request('', 3)]);
  refuses(rdp, [0, request('', 3).with(4, 13)]);
});

test('over UDP', () => {
  const syn = join(
    be(0xffffffff, 4),
    be(64, 2),
    be(0x1001, 2),
    be(77, 4),
    be(1232, 2),
    be(1232, 2),
    'correlation id',
    new Uint8Array(1202),
  );
  expect(syn.length).toBe(1232);
  expect(steadyDatagrams(rdpUdp, [[0, syn]]).verdict).toBe(Verdict.YES);
  expect(steadyDatagrams(rdpUdp, [[0, syn.with(0, 0)]]).verdict).toBe(Verdict.NO);
  expect(steadyDatagrams(rdpUdp, [[0, syn.with(1231, 1)]]).verdict).toBe(Verdict.NO);
});
