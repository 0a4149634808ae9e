import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encryptBlock, expandKey } from '../../../src/app/aes-block.ts';
import { fromHex } from '../../support/app/drive.ts';

function encrypted(key: Uint8Array, bytes: Uint8Array, at = 0): string {
  const out = new Int32Array(4);
  encryptBlock(expandKey(key), bytes, at, out);
  return [...out].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

it('encrypts the block of FIPS 197 appendix B', () => {
  const key = fromHex('2b7e151628aed2a6abf7158809cf4f3c');
  expect(encrypted(key, fromHex('3243f6a8885a308d313198a2e0370734'))).toBe('3925841d02dc09fbdc118597196a0b32');
});

it('encrypts whatever OpenSSL encrypts, in the same way', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  fc.assert(
    fc.property(bytes(16), bytes(21), fc.nat(5), (key, data, at) => {
      const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
      expect(encrypted(key, data, at)).toBe(cipher.update(data.subarray(at, at + 16)).toString('hex'));
    }),
    { numRuns: 500 },
  );
});
