/**
 * The versions of QUIC that are told apart, and what their Initial protection needs: salt and key labels (RFC 9001
 * section 5.2, RFC 9369 section 3.3, drafts 22 to 34 of the TLS mapping), and the numbers of the long packet types.
 */
import { hexNumber } from './text.ts';

export const PacketType = { INITIAL: 0, ZERO_RTT: 1, HANDSHAKE: 2, RETRY: 3 } as const;
export type PacketTypeCode = (typeof PacketType)[keyof typeof PacketType];

/** What the first stream of the handshake carries: TLS 1.3, or the older handshake of Google. */
export type HandshakeKind = 'tls' | 'google';

export interface QuicVersion {
  readonly name: string;
  readonly salt: Uint8Array;
  readonly labels: { readonly key: string; readonly iv: string; readonly hp: string };
  /** The two type bits of the first byte, to the types of version 1. */
  readonly types: readonly PacketTypeCode[];
  readonly handshake: HandshakeKind;
  /** Frames are numbered and laid out as Google's versions had them. */
  readonly googleFrames: boolean;
}

const salt = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const salts = {
  v1: salt('38762cf7f55934b34d179ae6a4c80cadccbb7f0a'),
  v2: salt('0dede3def700a6db819381be6e269dcbf9bd2ed9'),
  v2draft: salt('a707c203a59b47184a1d62ca570406ea7ae3e5d3'),
  draft29: salt('afbfec289993d24c9e9786f19c6111e04390a899'),
  draft23: salt('c3eef712c72ebb5a11a7d2432bb46365bef9f502'),
  draft22: salt('7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a'),
  q050: salt('504574efd066fe2f9d945cfcdbd3a7f0d3b56b45'),
  t050: salt('7ff579e5acd072915580304c43a2367c60488310'),
  t051: salt('7a4edef4e7ccee5fa4506c19124fc8ccda6e033d'),
};
const labels = { key: 'quic key', iv: 'quic iv', hp: 'quic hp' };
const types = [PacketType.INITIAL, PacketType.ZERO_RTT, PacketType.HANDSHAKE, PacketType.RETRY];

function ietf(name: string, versionSalt: Uint8Array): QuicVersion {
  return { name, salt: versionSalt, labels, types, handshake: 'tls', googleFrames: false };
}

/** Version 2 has other labels, and its packet types are turned by one (RFC 9369 sections 3.2 and 3.3). */
function second(name: string, versionSalt: Uint8Array): QuicVersion {
  return {
    ...ietf(name, versionSalt),
    labels: { key: 'quicv2 key', iv: 'quicv2 iv', hp: 'quicv2 hp' },
    types: [PacketType.RETRY, PacketType.INITIAL, PacketType.ZERO_RTT, PacketType.HANDSHAKE],
  };
}

const known = new Map<number, QuicVersion>([
  [1, ietf('v1', salts.v1)],
  [0x6b3343cf, second('v2', salts.v2)],
  // Drafts of version 2, which ngtcp2 and others of that time speak.
  [0x709a50c4, second('v2-draft', salts.v2draft)],
  // Versions of Facebook's mvfst, which are drafts under other numbers.
  [0xfaceb001, ietf('faceb001', salts.draft22)],
  [0xfaceb002, ietf('faceb002', salts.draft23)],
  [0xfaceb00e, ietf('faceb00e', salts.draft23)],
  [0xfaceb003, ietf('faceb003', salts.draft29)],
  // `Q050`: Google's handshake in the packets of the drafts; `T050`, `T051`: TLS in them.
  [0x51303530, { ...ietf('Q050', salts.q050), handshake: 'google', googleFrames: true }],
  [0x54303530, { ...ietf('T050', salts.t050), googleFrames: true }],
  [0x54303531, { ...ietf('T051', salts.t051), googleFrames: true }],
]);

const FIRST_DRAFT = 22;
const LAST_DRAFT = 34;
for (let draft = FIRST_DRAFT; draft <= LAST_DRAFT; draft++) {
  const versionSalt = draft >= 33 ? salts.v1 : draft >= 29 ? salts.draft29 : draft >= 23 ? salts.draft23 : salts.draft22;
  known.set(0xff000000 + draft, ietf(`draft-${draft}`, versionSalt));
}

/** Null for a version whose packets cannot be read. */
export function quicVersion(version: number): QuicVersion | null {
  return known.get(version) ?? null;
}

/** Versions that are reserved to force a negotiation: `0x?a?a?a?a` (RFC 9000 section 15). */
export function isReservedVersion(version: number): boolean {
  return (version & 0x0f0f0f0f) === 0x0a0a0a0a;
}

/** `Q001` to `Q049`: Google's versions before the long header of the drafts was taken over. */
export function isEarlyGoogleVersion(version: number): boolean {
  const tens = (version >>> 8) & 0xff;
  const ones = version & 0xff;
  return version >>> 16 === 0x5130 && tens >= 0x30 && tens <= 0x34 && ones >= 0x30 && ones <= 0x39;
}

/** A version that a list of versions may well hold: known here, Google's, reserved, or one of the registered private ranges. */
export function isPlausibleVersion(version: number): boolean {
  if (known.has(version) || isEarlyGoogleVersion(version) || isReservedVersion(version)) return true;
  const top = version >>> 8;
  return top === 0xff0000 || top === 0xfaceb0 || top === 0x51474f || top === 0x91c170 || top === 0xabcd00;
}

export function versionName(version: number): string {
  const entry = known.get(version);
  if (entry !== undefined) return entry.name;
  if (isEarlyGoogleVersion(version)) {
    return String.fromCharCode(version >>> 24, (version >>> 16) & 0xff, (version >>> 8) & 0xff, version & 0xff);
  }
  return hexNumber(version, 8);
}
