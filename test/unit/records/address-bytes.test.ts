import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBytes } from '../../../src/flow/address-bytes.ts';
import { ipv4Text, ipv6Text } from '../../../src/packet/address.ts';

describe('addresses from text', () => {
  it('reads back every address that is written', () => {
    const sparse = fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 }).map((bytes) => Uint8Array.from(bytes));
    const any = fc.oneof(sparse, fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.uint8Array({ minLength: 4, maxLength: 4 }));
    fc.assert(
      fc.property(any, (bytes) => {
        const text = bytes.length === 4 ? ipv4Text(bytes) : ipv6Text(bytes);
        expect(addressBytes(text)).toEqual(bytes);
      }),
    );
  });

  it('ignores a zone', () => {
    expect(addressBytes('fe80::1%eth0')).toEqual(addressBytes('fe80::1'));
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    'a.b.c.d',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::',
    '1.2.3.4::',
    '::1.2.3',
  ])('refuses %j', (text) => {
    expect(addressBytes(text)).toBeNull();
  });
});
