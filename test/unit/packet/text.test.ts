import { describe, expect, it } from 'vitest';
import { ipv6Text, macText } from '../../../src/packet/address.ts';
import { hexDump } from '../../../src/packet/hex-dump.ts';
import { clockText, epochSeconds, printable } from '../../../src/packet/text.ts';

describe('addresses', () => {
  const groups = (...words: number[]) => Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));

  it.each([
    [[0, 0, 0, 0, 0, 0, 0, 0], '::'],
    [[0, 0, 0, 0, 0, 0, 0, 1], '::1'],
    [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], '2001:db8::1:0:0:1'],
    [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], '2001:db8:0:1:1:1:1:1'],
    [[0xfe80, 0, 0, 0, 0, 0, 0, 0], 'fe80::'],
    [[0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201], '::ffff:192.0.2.1'],
    [[1, 0, 0, 2, 0, 0, 0, 3], '1:0:0:2::3'],
  ])('writes %j by RFC 5952', (words, text) => {
    expect(ipv6Text(groups(...words))).toBe(text);
  });

  it('writes link addresses of any length', () => {
    expect(macText(Uint8Array.of(0, 0xab))).toBe('00:ab');
  });
});

describe('printable', () => {
  it.each([
    ['\x1b[31mred\x07', '\\x1b[31mred\\x07'],
    ['a\nb\tc', 'a\\x0ab\\x09c'],
    ['\x9b2J', '\\x9b2J'],
    ['abc\u202etxt', 'abc\\u{202e}txt'],
    ['zero\u200bwidth', 'zero\\u{200b}width'],
    ['Grüße, 世界', 'Grüße, 世界'],
    ['half \ud800', 'half \ufffd'],
  ])('makes %j harmless', (raw, safe) => {
    expect(printable(raw)).toBe(safe);
  });
});

describe('times', () => {
  it('are UTC with microseconds', () => {
    expect(clockText(1_700_000_000, 123_456_789)).toBe('22:13:20.123456');
    expect(clockText(86_399, 999_999_999)).toBe('23:59:59.999999');
  });

  it('may lie before the epoch', () => {
    expect(clockText(-1, 500_000_000)).toBe('23:59:59.500000');
    expect(epochSeconds(-1, 500_000_000)).toBe(-0.5);
  });

  it('keep their microseconds as seconds', () => {
    expect(epochSeconds(1_700_000_000, 123_456_000)).toBe(1_700_000_000.123456);
  });
});

describe('hex dump', () => {
  it('has 16 bytes per row with a gap after the eighth', () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, index) => 0x3c + index);
    expect(hexDump(bytes)).toEqual([
      '0000  3c 3d 3e 3f 40 41 42 43  44 45 46 47 48 49 4a 4b  |<=>?@ABCDEFGHIJK|',
      '0010  4c 4d                                             |LM|',
    ]);
  });

  it('ends after 256 bytes and says how many are left', () => {
    const rows = hexDump(new Uint8Array(300));
    expect(rows).toHaveLength(17);
    expect(rows[15]).toMatch(/^00f0 {2}/);
    expect(rows[16]).toBe('… (44 bytes remaining)');
    expect(hexDump(new Uint8Array(256))).toHaveLength(16);
  });
});
