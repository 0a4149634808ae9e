/** QUIC packets as a client and a server would send them (RFC 9000 section 17, RFC 9001 section 5). */
import { createCipheriv } from 'node:crypto';
import { type InitialKeys, initialKeys, type PacketKeys } from '../../../src/app/quic-crypto.ts';
import { type QuicVersion, quicVersion } from '../../../src/app/quic-versions.ts';
import { join } from './tls.ts';

export const CLIENT_ID = Uint8Array.from(Buffer.from('8394c8f03e515708', 'hex'));
export const SERVER_ID = Uint8Array.from(Buffer.from('f067a5502a4262b5', 'hex'));

export function varint(value: number): number[] {
  if (value < 0x40) return [value];
  if (value < 0x4000) return [0x40 | (value >> 8), value & 0xff];
  return [0x80 | (value >>> 24), (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

export const u32 = (value: number) => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];

/** Protects a packet whose header ends with its packet number. */
export function protect(header: Uint8Array, payload: Uint8Array, keys: PacketKeys): Uint8Array {
  const numberLength = (header[0] & 3) + 1;
  const nonce = Uint8Array.from(keys.iv);
  for (let i = 1; i <= numberLength; i++) nonce[12 - i] ^= header[header.length - i];
  const cipher = createCipheriv('aes-128-gcm', keys.key, nonce);
  cipher.setAAD(header);
  const body = join(cipher.update(payload), cipher.final(), cipher.getAuthTag());
  const sample = body.subarray(4 - numberLength, 20 - numberLength);
  const mask = createCipheriv('aes-128-ecb', keys.hp, null).setAutoPadding(false).update(sample);
  const out = join(header, body);
  out[0] ^= mask[0] & 0x0f;
  for (let i = 0; i < numberLength; i++) out[header.length - numberLength + i] ^= mask[1 + i];
  return out;
}

export const cryptoFrame = (offset: number, piece: Uint8Array, type = 0x06) => join([type], varint(offset), varint(piece.length), piece);

export interface PacketParts {
  version?: number;
  /** The long packet type of version 1: 0 Initial, 1 0-RTT, 2 Handshake. */
  type?: number;
  destination?: Uint8Array;
  source?: Uint8Array;
  token?: Uint8Array;
  number?: number;
  /** Keys come from this connection id. */
  keyId?: Uint8Array;
  from?: 'client' | 'server';
  /** Pads the payload with PADDING frames up to a packet of this size. */
  size?: number;
}

function version(number: number): QuicVersion {
  const entry = quicVersion(number);
  if (entry === null) throw new RangeError(`no version ${number}`);
  return entry;
}

export function longPacket(frames: Uint8Array, parts: PacketParts = {}): Uint8Array {
  const {
    type = 0,
    destination = CLIENT_ID,
    source = new Uint8Array(0),
    token = new Uint8Array(0),
    number = 0,
    from = 'client',
    size = 0,
  } = parts;
  const entry = version(parts.version ?? 1);
  const keys: InitialKeys = initialKeys(entry, parts.keyId ?? destination);
  const start = join(
    [0xc1 | (entry.types.indexOf(type as 0) << 4)],
    u32(parts.version ?? 1),
    [destination.length],
    destination,
    [source.length],
    source,
    type === 0 ? [...varint(token.length), ...token] : [],
  );
  const padding = Math.max(size - (start.length + 2 + 2 + frames.length + 16), 0);
  const payload = join(frames, new Uint8Array(padding));
  const length = 2 + payload.length + 16;
  const header = join(start, [0x40 | (length >> 8), length & 0xff], [number >> 8, number & 0xff]);
  return protect(header, payload, from === 'client' ? keys.client : keys.server);
}

export function retryPacket(source: Uint8Array, token: Uint8Array): Uint8Array {
  return join([0xf0], u32(1), [0], [source.length], source, token, new Uint8Array(16).fill(0x5a));
}
