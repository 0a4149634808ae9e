import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ClientHello, parseClientHello } from '../../../src/app/tls-client-hello.ts';
import { parseServerHello } from '../../../src/app/tls-server-hello.ts';
import { ja3, ja3s, ja3sText, ja3Text } from '../../../src/fingerprint/ja3.ts';
import { ja4Forms } from '../../../src/fingerprint/ja4.ts';
import {
  algorithmsExtension,
  alpnExtension,
  clientHelloBody,
  extension,
  groupsExtension,
  type HelloParts,
  serverHelloBody,
  sniExtension,
  versionsExtension,
} from '../../support/app/tls.ts';

function hello(parts: HelloParts): ClientHello {
  const parsed = parseClientHello(clientHelloBody(parts));
  if (parsed === null) throw new Error('the test builds a wrong ClientHello');
  return parsed;
}

/** The client that JA4's specification takes as its example, GREASE added. */
const EXAMPLE = hello({
  ciphers: [0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x9c, 0x9d, 0x2f, 0x35],
  extensions: [
    extension(0x3a3a),
    extension(0x1b, [2, 0, 2]),
    sniExtension('example.org'),
    extension(0x33, [0, 0]),
    alpnExtension('h2', 'http/1.1'),
    extension(0x4469, [0, 0]),
    extension(0x17),
    extension(0x2d, [1, 1]),
    algorithmsExtension(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601),
    extension(5, [1, 0, 0, 0, 0]),
    extension(0x23),
    extension(0x12),
    versionsExtension(0x6a6a, 0x0304, 0x0303),
    extension(0xff01, [0]),
    extension(0x0b, [1, 0]),
    groupsExtension(0x8a8a, 29, 23, 24),
    extension(0x15, [0, 0]),
  ],
});

describe('JA4', () => {
  it('of the example of its specification', () => {
    expect(ja4Forms(EXAMPLE, 't').ja4).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
    expect(ja4Forms(EXAMPLE, 't').ja4_r).toBe(
      't13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_' +
        '0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_0403,0804,0401,0503,0805,0501,0806,0601',
    );
  });

  it.each([
    ['a version that is not GREASE', { extensions: [versionsExtension(0x0303, 0x0304, 0xfafa)] }, 't13i020100'],
    ['no extension block', { version: 0x0300, extensions: null }, 'ts3i020000'],
    ['a version nobody knows', { version: 0x0305 }, 't00i020000'],
    ['DTLS', { version: 0xfeff }, 'td1i020000'],
    ['one character', { extensions: [alpnExtension('x')] }, 't12i0201xx'],
    ['the protocol behind GREASE', { extensions: [alpnExtension(Uint8Array.from([0x1a, 0x1a]), 'http/1.1')] }, 't12i0201h1'],
    ['bytes that are no letters', { extensions: [alpnExtension(Uint8Array.from([0x30, 0xab]))] }, 't12i02013b'],
    ['more than 99 ciphers', { ciphers: Array.from({ length: 120 }, (_, i) => 0xc000 + i) }, 't12i990000'],
  ])('begins with %s', (_what, parts: HelloParts, head) => {
    expect(ja4Forms(hello(parts), 't').ja4.split('_')[0]).toBe(head);
  });

  it('has zeros where there is nothing to hash, and no underscore without algorithms', () => {
    expect(ja4Forms(hello({ ciphers: [0x0a0a] }), 'q').ja4).toBe('q12i000000_000000000000_000000000000');
    expect(ja4Forms(hello({ extensions: [sniExtension('a.example')] }), 'd').ja4).toMatch(/^d12d020100_[0-9a-f]{12}_000000000000$/);
    expect(ja4Forms(hello({ ciphers: [0x1301], extensions: [extension(0x17)] }), 't').ja4_r).toBe('t12i010100_1301_0017');
  });
});

describe('JA3', () => {
  it('leaves GREASE out and keeps the order', () => {
    const text =
      '771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,27-0-51-16-17513-23-45-13-5-35-18-43-65281-11-10-21,29-23-24,0';
    expect(ja3Text(EXAMPLE)).toBe(text);
    expect(ja3(EXAMPLE)).toBe(createHash('md5').update(text).digest('hex'));
    expect(ja3Text(hello({ version: 0x0300, ciphers: [5], extensions: null }))).toBe('768,5,,,');
  });

  it('of the server', () => {
    const server = parseServerHello(serverHelloBody({ extensions: [extension(0xff01, [0]), extension(0x0b, [1, 0])] }));
    if (server === null) throw new Error('the test builds a wrong ServerHello');
    expect(ja3sText(server)).toBe('771,49199,65281-11');
    expect(ja3s(server)).toBe(createHash('md5').update('771,49199,65281-11').digest('hex'));
  });
});
