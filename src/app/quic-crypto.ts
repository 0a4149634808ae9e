/**
 * Initial packet protection of QUIC: keys out of the connection id that the client chose (RFC 9001 section 5.2), header
 * protection with AES-128-ECB (section 5.4), payload with AES-128-GCM (section 5.3). Anybody on the path can take it off.
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { QuicVersion } from './quic-versions.ts';

export interface PacketKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly hp: Uint8Array;
}

export interface InitialKeys {
  readonly client: PacketKeys;
  readonly server: PacketKeys;
}

export interface Unprotected {
  readonly packetNumber: number;
  readonly payload: Uint8Array;
}

const TAG_LENGTH = 16;
const SAMPLE_LENGTH = 16;
const LONGEST_PACKET_NUMBER = 4;

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** HKDF-Expand-Label of TLS 1.3 (RFC 8446 section 7.1) with an empty context; one block of SHA-256 is always enough here. */
function expandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  const full = Buffer.from(`tls13 ${label}`, 'latin1');
  const input = new Uint8Array(2 + 1 + full.length + 1 + 1);
  input[1] = length;
  input[2] = full.length;
  input.set(full, 3);
  input[input.length - 1] = 1;
  return hmac(secret, input).subarray(0, length);
}

function keysOf(secret: Uint8Array, version: QuicVersion): PacketKeys {
  return {
    key: expandLabel(secret, version.labels.key, 16),
    iv: expandLabel(secret, version.labels.iv, 12),
    hp: expandLabel(secret, version.labels.hp, 16),
  };
}

export function initialKeys(version: QuicVersion, destinationId: Uint8Array): InitialKeys {
  const initial = hmac(version.salt, destinationId);
  return {
    client: keysOf(expandLabel(initial, 'client in', 32), version),
    server: keysOf(expandLabel(initial, 'server in', 32), version),
  };
}

/**
 * Takes the protection off the packet in [start, end) whose packet number begins at `numberAt`. Null when the keys do not
 * fit, which the tag proves.
 */
export function unprotect(bytes: Uint8Array, start: number, numberAt: number, end: number, keys: PacketKeys): Unprotected | null {
  const sampleAt = numberAt + LONGEST_PACKET_NUMBER;
  if (sampleAt + SAMPLE_LENGTH > end || end > bytes.length) return null;
  const mask = createCipheriv('aes-128-ecb', keys.hp, null)
    .setAutoPadding(false)
    .update(bytes.subarray(sampleAt, sampleAt + SAMPLE_LENGTH));
  const first = bytes[start] ^ (mask[0] & 0x0f);
  const numberLength = (first & 3) + 1;
  const payloadAt = numberAt + numberLength;
  if (payloadAt + TAG_LENGTH > end) return null;
  const header = bytes.slice(start, payloadAt);
  header[0] = first;
  let packetNumber = 0;
  for (let i = 0; i < numberLength; i++) {
    const at = numberAt - start + i;
    header[at] ^= mask[1 + i];
    packetNumber = packetNumber * 256 + header[at];
  }
  const nonce = Uint8Array.from(keys.iv);
  for (let i = 0; i < numberLength; i++) nonce[nonce.length - numberLength + i] ^= header[header.length - numberLength + i];
  const cipher = createDecipheriv('aes-128-gcm', keys.key, nonce, { authTagLength: TAG_LENGTH });
  cipher.setAAD(header);
  cipher.setAuthTag(bytes.subarray(end - TAG_LENGTH, end));
  const payload = cipher.update(bytes.subarray(payloadAt, end - TAG_LENGTH));
  try {
    cipher.final();
  } catch {
    return null;
  }
  return { packetNumber, payload };
}
