/** Builds TLS and DTLS messages, records and certificates byte by byte. */
import { CLIENT, SERVER } from '../../../src/app/dissector.ts';
import { fromHex, type Sent } from './drive.ts';

export function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export function text(value: string): Uint8Array {
  return Uint8Array.from(Buffer.from(value, 'utf8'));
}

export function u16(value: number): number[] {
  return [(value >> 8) & 255, value & 255];
}

export function u24(value: number): number[] {
  return [(value >> 16) & 255, ...u16(value)];
}

/** A vector with its length in front. */
export function vector(lengthBytes: 1 | 2 | 3, ...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const content = join(...parts);
  const length = lengthBytes === 1 ? [content.length] : lengthBytes === 2 ? u16(content.length) : u24(content.length);
  return join(length, content);
}

export function extension(type: number, ...content: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return join(u16(type), vector(2, ...content));
}

export const sniExtension = (name: string | Uint8Array) =>
  extension(0, vector(2, [0], vector(2, typeof name === 'string' ? text(name) : name)));
export const alpnExtension = (...names: readonly (string | Uint8Array)[]) =>
  extension(16, vector(2, ...names.map((name) => vector(1, typeof name === 'string' ? text(name) : name))));
export const groupsExtension = (...groups: readonly number[]) => extension(10, vector(2, ...groups.map(u16)));
export const versionsExtension = (...versions: readonly number[]) => extension(43, vector(1, ...versions.map(u16)));
export const algorithmsExtension = (...codes: readonly number[]) => extension(13, vector(2, ...codes.map(u16)));

export const RANDOM = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 255);
export const SESSION_ID = Uint8Array.from({ length: 32 }, (_, i) => (i * 29 + 3) & 255);

export interface HelloParts {
  version?: number;
  sessionId?: Uint8Array;
  ciphers?: readonly number[];
  /** Null leaves the whole block out. */
  extensions?: readonly Uint8Array[] | null;
  /** DTLS only. */
  cookie?: Uint8Array;
}

export function clientHelloBody(parts: HelloParts = {}): Uint8Array {
  const { version = 0x0303, sessionId = new Uint8Array(0), ciphers = [0xc02f, 0x009c], extensions = [], cookie } = parts;
  const isDtls = version > 0x0400 || version === 0x0100;
  return join(
    u16(version),
    RANDOM,
    vector(1, sessionId),
    isDtls ? vector(1, cookie ?? []) : [],
    vector(2, ...ciphers.map(u16)),
    vector(1, [0]),
    extensions === null ? [] : vector(2, ...extensions),
  );
}

export interface ServerHelloParts {
  version?: number;
  random?: Uint8Array;
  sessionId?: Uint8Array;
  cipher?: number;
  extensions?: readonly Uint8Array[] | null;
}

export function serverHelloBody(parts: ServerHelloParts = {}): Uint8Array {
  const { version = 0x0303, random = RANDOM, sessionId = new Uint8Array(0), cipher = 0xc02f, extensions = [] } = parts;
  return join(u16(version), random, vector(1, sessionId), u16(cipher), [0], extensions === null ? [] : vector(2, ...extensions));
}

/** RFC 8446 section 4.1.3: the random number of a HelloRetryRequest. */
export const RETRY_RANDOM = fromHex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c');

export const handshake = (type: number, body: Uint8Array) => join([type], vector(3, body));
export const record = (type: number, body: Uint8Array | readonly number[], version = 0x0303) => join([type], u16(version), vector(2, body));
export const changeCipherSpec = (version = 0x0303) => record(20, [1], version);
export const alertRecord = (level: number, description: number, version = 0x0303) => record(21, [level, description], version);
/** Bytes that look like nothing. */
export const noise = (length: number, seed = 7) => Uint8Array.from({ length }, (_, i) => (i * i * 31 + i * 17 + seed * 101) & 255);
export const applicationData = (length: number, version = 0x0303) => record(23, noise(length), version);
export const finished = (version = 0x0303) => record(22, noise(40, 3), version);

export const certificateMessage = (...chain: readonly Uint8Array[]) => handshake(11, vector(3, ...chain.map((der) => vector(3, der))));
/** ServerKeyExchange with a named curve and a made-up point and signature. */
export const keyExchange = (group: number) => handshake(12, join([3], u16(group), vector(1, noise(65)), u16(0x0401), vector(2, noise(64))));

export interface DtlsRecordParts {
  version?: number;
  epoch?: number;
  sequence?: number;
}

export function dtlsRecord(type: number, body: Uint8Array | readonly number[], parts: DtlsRecordParts = {}): Uint8Array {
  const { version = 0xfefd, epoch = 0, sequence = 0 } = parts;
  return join([type], u16(version), u16(epoch), [0, 0, 0], u24(sequence), vector(2, body));
}

/** A fragment [from, to) of a handshake message; all of it by default. */
export function dtlsFragment(type: number, sequence: number, body: Uint8Array, from = 0, to = body.length): Uint8Array {
  return join([type], u24(body.length), u16(sequence), u24(from), u24(to - from), body.subarray(from, to));
}

function der(tag: number, ...content: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const all = join(...content);
  const length = all.length < 128 ? [all.length] : all.length < 256 ? [0x81, all.length] : [0x82, ...u16(all.length)];
  return join([tag], length, all);
}

/** `2.5.4.3` in DER. */
export function oid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const arcs = [first * 40 + second, ...rest].flatMap((arc) => {
    const out = [arc & 127];
    for (let left = arc >> 7; left > 0; left >>= 7) out.unshift((left & 127) | 128);
    return out;
  });
  return der(6, arcs);
}

const OIDS: Readonly<Record<string, string>> = { CN: '2.5.4.3', C: '2.5.4.6', O: '2.5.4.10' };

/** Pairs such as `['CN', 'example.org']`; a third entry is the tag of the string, UTF8String by default. */
export type NamePart = readonly [type: string, value: string | Uint8Array, tag?: number];

function distinguishedName(parts: readonly NamePart[]): Uint8Array {
  const sets = parts.map(([type, value, tag = 12]) =>
    der(0x31, der(0x30, oid(OIDS[type] ?? type), der(tag, typeof value === 'string' ? text(value) : value))),
  );
  return der(0x30, ...sets);
}

export interface CertificateParts {
  subject?: readonly NamePart[];
  issuer?: readonly NamePart[];
  /** As `231114221320Z`; a longer one becomes a GeneralizedTime. */
  notBefore?: string;
  notAfter?: string;
  serial?: readonly number[];
  dnsNames?: readonly string[];
  addresses?: readonly (readonly number[])[];
}

function time(value: string): Uint8Array {
  return der(value.length > 13 ? 0x18 : 0x17, text(value));
}

/** A certificate with a made-up key and signature. */
export function certificate(parts: CertificateParts = {}): Uint8Array {
  const { subject = [['CN', 'example.org']], issuer = [['CN', 'Weir Test CA']], serial = [1, 2, 3] } = parts;
  const { notBefore = '230901000000Z', notAfter = '240901000000Z', dnsNames = [], addresses = [] } = parts;
  const algorithm = der(0x30, oid('1.2.840.113549.1.1.11'), der(5));
  const key = der(0x30, algorithm, der(3, [0], noise(64)));
  const names = [...dnsNames.map((name) => der(0x82, text(name))), ...addresses.map((address) => der(0x87, address))];
  const constraints = der(0x30, oid('2.5.29.19'), der(1, [255]), der(4, der(0x30)));
  const altNames = names.length === 0 ? [] : [der(0x30, oid('2.5.29.17'), der(4, der(0x30, ...names)))];
  const signed = der(
    0x30,
    der(0xa0, der(2, [2])),
    der(2, serial),
    algorithm,
    distinguishedName(issuer),
    der(0x30, time(notBefore), time(notAfter)),
    distinguishedName(subject),
    key,
    der(0xa3, der(0x30, constraints, ...altNames)),
  );
  return der(0x30, signed, algorithm, der(3, [0], noise(64)));
}

export const LEAF = certificate({ subject: [['CN', 'www.example.org']], dnsNames: ['example.org', '*.cdn.example.org'] });
export const CA = certificate({ subject: [['CN', 'Weir Test CA']] });

/** A whole connection of TLS 1.2. */
export function tls12(chain: readonly Uint8Array[], sni = 'www.example.org'): Sent[] {
  const hello = clientHelloBody({
    ciphers: [0x0a0a, 0xc02f, 0x009c],
    extensions: [sniExtension(sni), groupsExtension(0x2a2a, 29, 23), algorithmsExtension(0x0403), alpnExtension('h2', 'http/1.1')],
  });
  const flight = join(
    handshake(2, serverHelloBody({ extensions: [extension(0xff01, [0]), alpnExtension('h2')] })),
    certificateMessage(...chain),
    keyExchange(29),
    handshake(14, new Uint8Array(0)),
  );
  return [
    [CLIENT, record(22, handshake(1, hello), 0x0301)],
    [SERVER, record(22, flight)],
    [CLIENT, join(record(22, handshake(16, vector(1, noise(32)))), changeCipherSpec(), finished())],
    [SERVER, join(changeCipherSpec(), finished(), applicationData(100))],
  ];
}
