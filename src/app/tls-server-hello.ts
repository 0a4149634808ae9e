/** ServerHello and HelloRetryRequest (RFC 5246 section 7.4.1.3, RFC 8446 sections 4.1.3 and 4.1.4). */
import { Cursor } from './cursor.ts';
import { textOf } from './text.ts';
import { Extension } from './tls-client-hello.ts';
import { TLS_1_2 } from './tls-registry.ts';

export interface ServerHello {
  legacyVersion: number;
  /** What was chosen: supported_versions when it is there, else `legacyVersion`. */
  version: number;
  sessionId: Uint8Array;
  cipher: number;
  /** Types, in order. */
  extensions: number[];
  alpn: string | null;
  group: number | null;
  preSharedKey: boolean;
  helloRetryRequest: boolean;
}

/** SHA-256 of "HelloRetryRequest", which stands in place of the random number. */
const RETRY_RANDOM = Uint8Array.from([
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c,
  0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
]);

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

function readExtension(type: number, body: Cursor, hello: ServerHello): void {
  switch (type) {
    case Extension.ALPN: {
      const list = body.part(body.u16());
      const name = list.take(list.u8());
      if (name.length > 0) hello.alpn = textOf(name);
      return;
    }
    case Extension.SUPPORTED_VERSIONS:
      if (body.left >= 2) hello.version = body.u16();
      return;
    case Extension.KEY_SHARE:
      if (body.left >= 2) hello.group = body.u16();
      return;
    case Extension.PRE_SHARED_KEY:
      hello.preSharedKey = true;
  }
}

/** Drafts of TLS 1.3 up to 21 leave the session id and the compression method out. */
function isOldDraft(version: number): boolean {
  return version >= 0x7f00 && version <= 0x7f15;
}

/** The body of a handshake message of type server_hello. Null when it is not one. */
export function parseServerHello(body: Uint8Array): ServerHello | null {
  const cursor = new Cursor(body);
  const legacyVersion = cursor.u16();
  const random = cursor.take(32);
  const oldDraft = isOldDraft(legacyVersion);
  const sessionId = oldDraft ? new Uint8Array(0) : cursor.take(cursor.u8()).slice();
  const cipher = cursor.u16();
  if (!oldDraft) cursor.skip(1);
  const high = legacyVersion >> 8;
  const known = (high === 3 && (legacyVersion & 0xff) <= 4) || high === 0xfe || legacyVersion === 0x0100 || oldDraft;
  if (cursor.overrun || !known || sessionId.length > 32) return null;
  const hello: ServerHello = {
    legacyVersion,
    version: legacyVersion,
    sessionId,
    cipher,
    extensions: [],
    alpn: null,
    group: null,
    preSharedKey: false,
    helloRetryRequest: sameBytes(random, RETRY_RANDOM),
  };
  if (cursor.left < 2) return hello;
  const block = cursor.part(cursor.u16());
  while (block.left >= 4) {
    const type = block.u16();
    hello.extensions.push(type);
    readExtension(type, block.part(block.u16()), hello);
  }
  return cursor.overrun || block.overrun ? null : hello;
}

/** True when the server accepted the session that the client asked for by its id (TLS 1.2 and older; 1.3 echoes any id). */
export function resumesSession(hello: ServerHello, offeredId: Uint8Array): boolean {
  return hello.version !== TLS_1_2 + 1 && offeredId.length > 0 && sameBytes(hello.sessionId, offeredId);
}
