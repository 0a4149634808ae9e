import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { vnc } from '../../../src/app/vnc.ts';
import { cutStream, noise, readStream } from '../../support/app/dialogue.ts';
import { driveStream, type Sent } from '../../support/app/drive.ts';
import { u32 } from '../../support/app/quic.ts';
import { join, text, u16 } from '../../support/app/tls.ts';

const screen = join(u16(1280), u16(800), noise(16), u32(6), text('office'));
const dialogue: Sent[] = [
  [1, 'RFB 003.008\n'],
  [0, 'RFB 003.008\n'],
  [1, Uint8Array.of(2, 1, 2)],
  [0, Uint8Array.of(2)],
  [1, noise(16)],
  [0, noise(16, 2)],
  [1, new Uint8Array(4)],
  [0, Uint8Array.of(1)],
  [1, screen],
];

it('reads version 3.8', () => {
  const { verdict, facts, confirmed } = readStream(vnc, dialogue);
  expect(verdict).toBe(Verdict.YES);
  expect(confirmed).toBe(true);
  expect(facts.details.get('vnc')).toEqual({
    server_version: '003.008',
    client_version: '003.008',
    security_types: ['none', 'vnc'],
    security: 'vnc',
    authenticated: true,
    width: 1280,
    height: 800,
    desktop: 'office',
  });
  expect([...facts.risks]).toEqual(['desktop_or_file_sharing_session']);
  expect(cutStream(vnc, dialogue)).toBe(12);
});

it('reads versions 3.3 and 3.7', () => {
  const old = readStream(vnc, [
    [1, 'RFB 003.008\n'],
    [0, 'RFB 003.003\n'],
    [1, join(u32(1))],
    [0, Uint8Array.of(1)],
    [1, screen],
  ]);
  expect(old.facts.details.get('vnc')).toMatchObject({ security: 'none', desktop: 'office' });
  const newer = readStream(vnc, [
    [1, 'RFB 003.007\n'],
    [0, 'RFB 003.007\n'],
    [1, Uint8Array.of(1, 1)],
    [0, Uint8Array.of(1)],
    [1, screen],
  ]);
  expect(newer.facts.details.get('vnc')).toMatchObject({ security: 'none', desktop: 'office' });
  const refused = readStream(vnc, [
    [1, 'RFB 003.003\n'],
    [0, 'RFB 003.003\n'],
    [1, join(u32(2), noise(16), u32(1))],
  ]);
  expect(refused.facts.details.get('vnc')).toMatchObject({ security: 'vnc', authenticated: false });
});

it('is no other greeting', () => {
  expect(driveStream(vnc, [[1, 'RFB 3.8\n and more text']]).verdict).toBe(Verdict.NO);
  expect(driveStream(vnc, [[1, '220 RFB 003.008\n']]).verdict).toBe(Verdict.NO);
});
