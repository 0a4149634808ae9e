import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { pptp } from '../../../src/app/pptp.ts';
import { cutStream, readStream } from '../../support/app/dialogue.ts';
import { driveStream, fromHex, type Sent } from '../../support/app/drive.ts';
import { join, text, u16 } from '../../support/app/tls.ts';

const padded = (value: string) => join(text(value), new Uint8Array(64 - value.length));
const start = (type: number, host: string, vendor: string) =>
  join(u16(156), fromHex('0001 1a2b3c4d'), u16(type), new Uint8Array(2), new Uint8Array(16), padded(host), padded(vendor));
const call = join(u16(168), fromHex('0001 1a2b3c4d'), u16(7), [0, 0], u16(0x4000), new Uint8Array(154));
const dialogue: Sent[] = [
  [0, start(1, 'laptop', 'Vendor A')],
  [1, start(2, 'concentrator', 'Vendor B')],
  [0, call],
];

it('reads the control connection', () => {
  const { verdict, facts } = readStream(pptp, dialogue);
  expect(verdict).toBe(Verdict.YES);
  expect(facts.details.get('pptp')).toEqual({
    client_host: 'laptop',
    client_vendor: 'Vendor A',
    server_host: 'concentrator',
    server_vendor: 'Vendor B',
    call_id: 0x4000,
  });
  expect([...facts.risks]).toEqual(['unsafe_protocol']);
  expect(cutStream(pptp, dialogue)).toBe(12);
});

it('wants length and type to agree', () => {
  const wrong = start(1, 'a', 'b');
  wrong[1] = 100;
  expect(driveStream(pptp, [[0, wrong]]).verdict).toBe(Verdict.NO);
  expect(driveStream(pptp, [[0, new Uint8Array(40)]]).verdict).toBe(Verdict.NO);
});
