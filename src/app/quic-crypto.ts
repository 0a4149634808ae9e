/**
 * Initial packet protection of QUIC: keys out of the connection id that the client chose (RFC 9001 section 5.2), header
 * protection with AES-128-ECB (section 5.4), payload with AES-128-GCM (section 5.3). Anybody on the path can take it off.
 */
import { createCipheriv, createDecipheriv, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { QuicVersion } from './quic-versions.ts';

export interface PacketKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly hp: Uint8Array;
  /** The same as objects: a cipher that is given bytes takes 20 µs to find out what they are, with an object 3. */
  readonly payloadKey: KeyObject;
  readonly headerKey: KeyObject;
}

/** The keys of both sides of one connection id; the server's are made when they are asked for. */
export class InitialKeys {
  private readonly initial: Uint8Array;
  private readonly version: QuicVersion;
  readonly client: PacketKeys;
  private made: PacketKeys | null = null;

  constructor(version: QuicVersion, destinationId: Uint8Array) {
    this.initial = hmac(version.salt, destinationId);
    this.version = version;
    this.client = keysOf(expandLabel(this.initial, 'client in', 32), version);
  }

  get server(): PacketKeys {
    this.made ??= keysOf(expandLabel(this.initial, 'server in', 32), this.version);
    return this.made;
  }
}

export interface Unprotected {
  readonly packetNumber: number;
  readonly payload: Uint8Array;
}

const TAG_LENGTH = 16;
const SAMPLE_LENGTH = 16;
const LONGEST_PACKET_NUMBER = 4;

const BLOCK = 64;
const LONGEST_MESSAGE = 128;
const inner = new Uint8Array(BLOCK + LONGEST_MESSAGE);
const DIGEST = 32;
const outer = new Uint8Array(BLOCK + DIGEST);

/** SHA-256 into `out` from `at` on: as text, because the digest as a buffer of its own takes four times as long. */
function digestInto(out: Uint8Array, at: number, message: Uint8Array): void {
  const digest = hash('sha256', message, 'binary');
  for (let i = 0; i < DIGEST; i++) out[at + i] = digest.charCodeAt(i);
}

/**
 * HMAC-SHA-256 (RFC 2104) of keys up to a block and short messages. Two one-shot hashes take a tenth of the time of a
 * `createHmac`, which wraps the key in an object first.
 */
function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  for (let i = 0; i < BLOCK; i++) {
    const byte = i < key.length ? key[i] : 0;
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  const length = Math.min(message.length, LONGEST_MESSAGE);
  inner.set(message.subarray(0, length), BLOCK);
  digestInto(outer, BLOCK, inner.subarray(0, BLOCK + length));
  const mac = new Uint8Array(DIGEST);
  digestInto(mac, 0, outer);
  return mac;
}

/** What HKDF-Expand-Label of TLS 1.3 (RFC 8446 section 7.1) hashes: length, label, empty context, and the number of the block. */
export function labelInput(label: string, length: number): Uint8Array {
  const full = Buffer.from(`tls13 ${label}`, 'latin1');
  const input = new Uint8Array(2 + 1 + full.length + 1 + 1);
  input[1] = length;
  input[2] = full.length;
  input.set(full, 3);
  input[input.length - 1] = 1;
  return input;
}

/** One for each label that the versions have. */
const labelInputs = new Map<string, Uint8Array>();

/** One block of SHA-256 is always enough here. */
function expandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  let input = labelInputs.get(label);
  if (input === undefined) {
    input = labelInput(label, length);
    labelInputs.set(label, input);
  }
  const mac = hmac(secret, input);
  return length === DIGEST ? mac : mac.slice(0, length);
}

function keysOf(secret: Uint8Array, version: QuicVersion): PacketKeys {
  const key = expandLabel(secret, version.labels.key, 16);
  const hp = expandLabel(secret, version.labels.hp, 16);
  return { key, iv: expandLabel(secret, version.labels.iv, 12), hp, payloadKey: createSecretKey(key), headerKey: createSecretKey(hp) };
}

/** Keys of the last connection id: the probe and the session of a flow ask for the same ones. */
let recent: { version: QuicVersion; id: Uint8Array; keys: InitialKeys } | null = null;

export function initialKeys(version: QuicVersion, destinationId: Uint8Array): InitialKeys {
  if (recent !== null && recent.version === version && Buffer.compare(recent.id, destinationId) === 0) return recent.keys;
  const keys = new InitialKeys(version, destinationId);
  recent = { version, id: destinationId.slice(), keys };
  return keys;
}

/**
 * Takes the protection off the packet in [start, end) whose packet number begins at `numberAt`. Null when the keys do not
 * fit, which the tag proves.
 */
export function unprotect(bytes: Uint8Array, start: number, numberAt: number, end: number, keys: PacketKeys): Unprotected | null {
  // The session reads first what the probe has just opened.
  if (last.bytes === bytes && last.start === start && last.keys === keys) return last.opened;
  const opened = open(bytes, start, numberAt, end, keys);
  last = { bytes, start, keys, opened };
  return opened;
}

interface Opened {
  bytes: Uint8Array | null;
  start: number;
  keys: PacketKeys | null;
  opened: Unprotected | null;
}

let last: Opened = { bytes: null, start: 0, keys: null, opened: null };

function open(bytes: Uint8Array, start: number, numberAt: number, end: number, keys: PacketKeys): Unprotected | null {
  const sampleAt = numberAt + LONGEST_PACKET_NUMBER;
  if (sampleAt + SAMPLE_LENGTH > end || end > bytes.length) return null;
  const mask = createCipheriv('aes-128-ecb', keys.headerKey, null)
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
  const nonce = new Uint8Array(keys.iv);
  for (let i = 0; i < numberLength; i++) nonce[nonce.length - numberLength + i] ^= header[header.length - numberLength + i];
  const cipher = createDecipheriv('aes-128-gcm', keys.payloadKey, nonce, { authTagLength: TAG_LENGTH });
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
