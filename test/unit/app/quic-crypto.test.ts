import { expect, it } from 'vitest';
import { initialKeys, unprotect } from '../../../src/app/quic-crypto.ts';
import { type QuicVersion, quicVersion } from '../../../src/app/quic-versions.ts';
import { fromHex } from '../../support/app/drive.ts';
import { CLIENT_ID, protect } from '../../support/app/quic.ts';
import { join } from '../../support/app/tls.ts';

const v1 = quicVersion(1) as QuicVersion;
const v2 = quicVersion(0x6b3343cf) as QuicVersion;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

it('derives the keys of RFC 9001 appendix A.1', () => {
  const { client, server } = initialKeys(v1, CLIENT_ID);
  expect([client.key, client.iv, client.hp].map(hex)).toEqual([
    '1f369613dd76d5467730efcbe3b1a22d',
    'fa044b2f42a3fd3b46fb255c',
    '9f50449e04a0e810283a1e9933adedd2',
  ]);
  expect([server.key, server.iv, server.hp].map(hex)).toEqual([
    'cf3a5331653c364c88f0f379b6067e37',
    '0ac1493ca1905853b0bba03e',
    'c206b8d9b9f0f37644430b490eeaa314',
  ]);
});

it('derives the keys of RFC 9369 appendix A.1', () => {
  const { client, server } = initialKeys(v2, CLIENT_ID);
  expect([client.key, client.iv, client.hp].map(hex)).toEqual([
    '8b1a0bc121284290a29e0971b5cd045d',
    '91f73e2351d8fa91660e909f',
    '45b95e15235d6f45a6b19cbcb0294ba9',
  ]);
  expect([server.key, server.iv, server.hp].map(hex)).toEqual([
    '82db637861d55e1d011f19ea71d5d2a7',
    'dd13c276499c0249d3310652',
    'edf6d05c83121201b436e16877593c3a',
  ]);
});

/** RFC 9001 appendix A.2: the payload of the client's Initial before PADDING. */
const CRYPTO = fromHex(`
  060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00000b65
  78616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa4
  7fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c0002
  40010039 00320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff`);

function clientInitial(version: QuicVersion, header: string): Uint8Array {
  return protect(fromHex(header), join(CRYPTO, new Uint8Array(1162 - CRYPTO.length)), initialKeys(version, CLIENT_ID).client);
}

it('protects and opens the client Initial of RFC 9001 appendix A.2', () => {
  const packet = clientInitial(v1, 'c300000001088394c8f03e5157080000449e00000002');
  expect(hex(packet.subarray(0, 50))).toBe(
    'c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92ec356c0bab',
  );
  expect(hex(packet.subarray(-16))).toBe('e221af44860018ab0856972e194cd934');
  const opened = unprotect(packet, 0, 18, packet.length, initialKeys(v1, CLIENT_ID).client);
  expect(opened?.packetNumber).toBe(2);
  expect(hex(opened?.payload.subarray(0, CRYPTO.length) ?? new Uint8Array(0))).toBe(hex(CRYPTO));
});

it('opens the client Initial of RFC 9369 appendix A.2', () => {
  const packet = clientInitial(v2, 'd36b3343cf088394c8f03e5157080000449e00000002');
  expect(hex(packet.subarray(0, 34))).toBe('d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04');
  expect(unprotect(packet, 0, 18, packet.length, initialKeys(v2, CLIENT_ID).client)?.packetNumber).toBe(2);
});

it('opens the server Initial of RFC 9001 appendix A.3', () => {
  const packet = fromHex(`
    cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839
    b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456
    cbc42158407dd074ee`);
  const opened = unprotect(packet, 0, 18, packet.length, initialKeys(v1, CLIENT_ID).server);
  expect(opened?.packetNumber).toBe(1);
  expect(hex(opened?.payload.subarray(0, 11) ?? new Uint8Array(0))).toBe('02000000000600405a0200');
});

it('opens nothing with other keys or a changed byte', () => {
  const packet = clientInitial(v1, 'c300000001088394c8f03e5157080000449e00000002');
  expect(unprotect(packet, 0, 18, packet.length, initialKeys(v1, CLIENT_ID).server)).toBeNull();
  packet[600] ^= 1;
  expect(unprotect(packet, 0, 18, packet.length, initialKeys(v1, CLIENT_ID).client)).toBeNull();
  expect(unprotect(packet, 0, 18, 30, initialKeys(v1, CLIENT_ID).client)).toBeNull();
});
