import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { l2tp } from '../../../src/app/l2tp.ts';
import { cutDatagrams, noise } from '../../support/app/dialogue.ts';
import { driveDatagrams, fromHex, type Sent } from '../../support/app/drive.ts';
import { join, text, u16 } from '../../support/app/tls.ts';

const avp = (type: number, value: Uint8Array | readonly number[], flags = 0x8000) =>
  join(u16(flags | (6 + value.length)), u16(0), u16(type), value);
const control = (...avps: readonly Uint8Array[]) => {
  const body = join(...avps);
  return join(u16(0xc802), u16(12 + body.length), u16(0), u16(0), u16(0), u16(0), body);
};
const request = control(avp(0, u16(1)), avp(2, u16(0x100)), avp(7, text('lac.example')), avp(8, text('Maker')));

it('reads the set-up of a tunnel', () => {
  const sent: Sent[] = [
    [0, request],
    [1, control(avp(0, u16(2)), avp(7, text('lns')))],
    [0, control()],
  ];
  const { verdict, facts } = driveDatagrams(l2tp, sent);
  expect(verdict).toBe(Verdict.YES);
  expect(facts.details.get('l2tp')).toEqual({
    version: 2,
    client_host: 'lac.example',
    client_vendor: 'Maker',
    server_host: 'lns',
    messages: ['SCCRQ', 'SCCRP'],
  });
  expect(cutDatagrams(l2tp, sent.slice(0, 2))).toBe(0);
});

it('asks for more of acknowledgements and data', () => {
  expect(driveDatagrams(l2tp, [[0, control()]]).verdict).toBe(Verdict.MORE);
  const data = (i: number): Sent => [0, join(fromHex('0002 0011 0022 ff03 0021'), noise(40, i))];
  expect(driveDatagrams(l2tp, [data(1), data(2)]).verdict).toBe(Verdict.MORE);
  expect(driveDatagrams(l2tp, [data(1), data(2), data(3)]).verdict).toBe(Verdict.YES);
  for (const decoy of [control(avp(7, text('x'))), control(avp(0, u16(99))), noise(60), join(request, [0])]) {
    expect(driveDatagrams(l2tp, [[0, decoy]]).verdict).toBe(Verdict.NO);
  }
});
