/**
 * ClientHello of SSL 3.0 to TLS 1.3 and of DTLS (RFC 5246 section 7.4.1.2, RFC 8446 section 4.1.2, RFC 9147 section 5.3).
 * QUIC carries the same message.
 */
import { Cursor } from './cursor.ts';
import { textOf } from './text.ts';
import { isGrease, versionRank } from './tls-registry.ts';

export const Extension = {
  SERVER_NAME: 0,
  SUPPORTED_GROUPS: 10,
  POINT_FORMATS: 11,
  SIGNATURE_ALGORITHMS: 13,
  ALPN: 16,
  SESSION_TICKET: 35,
  PRE_SHARED_KEY: 41,
  EARLY_DATA: 42,
  SUPPORTED_VERSIONS: 43,
  KEY_SHARE: 51,
  QUIC_PARAMETERS: 57,
  QUIC_PARAMETERS_DRAFT: 0xffa5,
  NEXT_PROTOCOL: 13_172,
  ENCRYPTED_CLIENT_HELLO: 0xfe0d,
  /** The draft that came before encrypted_client_hello. */
  ENCRYPTED_SERVER_NAME: 0xffce,
} as const;

/** Extension types that drafts of encrypted_client_hello used before the number of the registry. */
const ECH_TYPES: readonly number[] = [Extension.ENCRYPTED_CLIENT_HELLO, 0xfe08, 0xfe09, 0xfe0a, 0xff02, 0xff03];

/** The longest name that a resolver takes is 253 characters; what is longer is no host name, but worth seeing. */
const NAME_LIMIT = 512;
/** Protocol names that are kept; their length is limited by the format to 255 bytes. */
const ALPN_LIMIT = 32;

/** Lists are complete and in the order of the message, GREASE (RFC 8701) included, except `versions` and `alpn`. */
export interface ClientHello {
  legacyVersion: number;
  sessionId: Uint8Array;
  ciphers: number[];
  /** Types. Empty too when there is no extension block. */
  extensions: number[];
  /** The host name as it was sent, null when there is none. */
  serverName: Uint8Array | null;
  /** The same as text that is safe to print. */
  sni: string | null;
  /** The first protocol that is not GREASE, as sent: what JA4 takes its two characters from. */
  firstAlpn: Uint8Array | null;
  alpn: string[];
  groups: number[];
  pointFormats: number[];
  signatureAlgorithms: number[];
  /** supported_versions without GREASE; empty when the extension is absent. */
  versions: number[];
  /** The newest version that is offered. */
  bestVersion: number;
  keyShareGroups: number[];
  encryptedClientHello: boolean;
  encryptedServerName: boolean;
  sessionTicket: boolean;
  preSharedKey: boolean;
  earlyData: boolean;
  /** Body of the quic_transport_parameters extension, a view of the message. */
  quicParameters: Uint8Array | null;
  /** Only the beginning of the message was there: lists may be short, and fingerprints would be wrong. */
  truncated: boolean;
}

const NOTHING = new Uint8Array(0);

function emptyHello(): ClientHello {
  return {
    legacyVersion: 0,
    sessionId: NOTHING,
    ciphers: [],
    extensions: [],
    serverName: null,
    sni: null,
    firstAlpn: null,
    alpn: [],
    groups: [],
    pointFormats: [],
    signatureAlgorithms: [],
    versions: [],
    bestVersion: 0,
    keyShareGroups: [],
    encryptedClientHello: false,
    encryptedServerName: false,
    sessionTicket: false,
    preSharedKey: false,
    earlyData: false,
    quicParameters: null,
    truncated: false,
  };
}

function numbers16(list: Cursor, out: number[]): void {
  while (list.left >= 2) out.push(list.u16());
}

function readServerName(body: Cursor, hello: ClientHello): void {
  const list = body.part(body.u16());
  while (list.left >= 3 && hello.serverName === null) {
    const type = list.u8();
    const name = list.take(list.u16());
    if (type !== 0 || list.overrun) continue;
    hello.serverName = name.slice(0, NAME_LIMIT);
    hello.sni = textOf(name, NAME_LIMIT);
  }
}

function readAlpn(body: Cursor, hello: ClientHello): void {
  const list = body.part(body.u16());
  while (list.left >= 1 && hello.alpn.length < ALPN_LIMIT) {
    const name = list.take(list.u8());
    if (list.overrun) return;
    if (name.length === 2 && isGrease((name[0] << 8) | name[1])) continue;
    hello.firstAlpn ??= name.slice();
    hello.alpn.push(textOf(name));
  }
}

function readKeyShares(body: Cursor, hello: ClientHello): void {
  const list = body.part(body.u16());
  while (list.left >= 4) {
    hello.keyShareGroups.push(list.u16());
    list.skip(list.u16());
  }
}

function readExtension(type: number, body: Cursor, hello: ClientHello): void {
  switch (type) {
    case Extension.SERVER_NAME:
      readServerName(body, hello);
      break;
    case Extension.SUPPORTED_GROUPS:
      numbers16(body.part(body.u16()), hello.groups);
      break;
    case Extension.POINT_FORMATS:
      for (let left = Math.min(body.u8(), body.left); left > 0; left--) hello.pointFormats.push(body.u8());
      break;
    case Extension.SIGNATURE_ALGORITHMS:
      numbers16(body.part(body.u16()), hello.signatureAlgorithms);
      break;
    case Extension.ALPN:
      readAlpn(body, hello);
      break;
    case Extension.SUPPORTED_VERSIONS:
      numbers16(body.part(body.u8()), hello.versions);
      hello.versions = hello.versions.filter((version) => !isGrease(version));
      break;
    case Extension.KEY_SHARE:
      readKeyShares(body, hello);
      break;
    case Extension.SESSION_TICKET:
      hello.sessionTicket = body.left > 0;
      break;
    case Extension.PRE_SHARED_KEY:
      hello.preSharedKey = true;
      break;
    case Extension.EARLY_DATA:
      hello.earlyData = true;
      break;
    case Extension.QUIC_PARAMETERS:
    case Extension.QUIC_PARAMETERS_DRAFT:
      hello.quicParameters = body.take(body.left);
      break;
    case Extension.ENCRYPTED_SERVER_NAME:
      hello.encryptedServerName = true;
      break;
    default:
      if (ECH_TYPES.includes(type)) hello.encryptedClientHello = true;
  }
}

function readExtensions(body: Cursor, hello: ClientHello): void {
  // SSL 3.0 and the first TLS have messages without a block; with one, nothing may follow it.
  if (body.left < 2) return;
  const block = body.part(body.u16());
  while (block.left >= 4) {
    const type = block.u16();
    const extension = block.part(block.u16());
    hello.extensions.push(type);
    readExtension(type, extension, hello);
  }
  if (block.overrun) body.overrun = true;
}

function newest(hello: ClientHello): number {
  let best = hello.legacyVersion;
  for (const version of hello.versions) if (versionRank(version) > versionRank(best)) best = version;
  return best;
}

function isDtlsVersion(version: number): boolean {
  return version >> 8 === 0xfe || version === 0x0100;
}

function read(body: Uint8Array): { hello: ClientHello; cursor: Cursor } {
  const cursor = new Cursor(body);
  const hello = emptyHello();
  hello.legacyVersion = cursor.u16();
  cursor.skip(32);
  hello.sessionId = cursor.take(cursor.u8()).slice(0, 32);
  // DTLS has a cookie here (RFC 6347 section 4.2.1); in DTLS 1.3 it is empty.
  if (isDtlsVersion(hello.legacyVersion)) cursor.skip(cursor.u8());
  numbers16(cursor.part(cursor.u16()), hello.ciphers);
  cursor.skip(cursor.u8());
  if (!cursor.overrun) readExtensions(cursor, hello);
  hello.bestVersion = newest(hello);
  return { hello, cursor };
}

function isPlausible(hello: ClientHello): boolean {
  const { legacyVersion } = hello;
  if (isDtlsVersion(legacyVersion)) return true;
  // 3.5 and the like come from clients that ask what the server makes of a version of the future.
  return legacyVersion >> 8 === 3 && (legacyVersion & 0xff) <= 0x0f;
}

/** The body of a handshake message of type client_hello, behind its 4-byte header (12 bytes in DTLS). Null when it is not one. */
export function parseClientHello(body: Uint8Array): ClientHello | null {
  const { hello, cursor } = read(body);
  if (cursor.overrun || !isPlausible(hello) || body[34] > 32 || hello.ciphers.length === 0) return null;
  return hello;
}

/** What can be read from the beginning of a ClientHello that never came to its end. Null when not even the ciphers are there. */
export function parseTruncatedClientHello(body: Uint8Array): ClientHello | null {
  if (body.length < 35 || body[34] > 32) return null;
  const { hello } = read(body);
  hello.truncated = true;
  return isPlausible(hello) && hello.ciphers.length > 0 ? hello : null;
}
