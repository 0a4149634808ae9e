/**
 * QUIC: version 1 (RFC 9000, RFC 9001), version 2 (RFC 9369), the drafts from 22 on, and Google's versions before them.
 *
 *   datagram ─▶ long packets ─▶ Initial ─▶ keys of the destination id ─▶ CRYPTO frames ─▶ ClientHello, ServerHello
 *
 * A flow that shows only short headers proves nothing: they are a few bits and random bytes.
 */
import { clientShape } from '../fingerprint/client-shape.ts';
import { ja3s } from '../fingerprint/ja3.ts';
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  type SessionContext,
  type Side,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { AppFacts, QuicFacts } from './facts.ts';
import { type InitialKeys, initialKeys, unprotect } from './quic-crypto.ts';
import { CryptoStream, readCryptoFrames } from './quic-frames.ts';
import { isWholeHello, readGoogleHello, readGooglePacket } from './quic-google.ts';
import { hasLongHeader, type LongPacket, readLongPackets, readVersionNegotiation, versionOf } from './quic-packet.ts';
import { userAgentOf } from './quic-parameters.ts';
import { isPlausibleVersion, isReservedVersion, PacketType, type QuicVersion, quicVersion, versionName } from './quic-versions.ts';
import { hexOf } from './text.ts';
import { type ClientHello, parseClientHello } from './tls-client-hello.ts';
import { parseServerHello } from './tls-server-hello.ts';

/** Datagrams that a session reads: a ClientHello of three packets, a Retry, both repeated. */
const DATAGRAM_LIMIT = 32;
/** Datagrams after the ClientHello in which the ServerHello is looked for. */
const ANSWER_LIMIT = 12;
/** Connection ids that keys were made for: the client's first, those after a Retry, a second version. */
const KEYS_LIMIT = 4;
/** Attempts to decrypt in one flow. */
const ATTEMPT_LIMIT = 64;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;

const sameBytes = (left: Uint8Array, right: Uint8Array) => Buffer.compare(left, right) === 0;

/** True when the packet opens with the client's keys of its own destination id: a client's first Initial, beyond doubt. */
function opensByItself(bytes: Uint8Array, packet: LongPacket): boolean {
  const version = quicVersion(packet.version);
  if (version === null || packet.type !== PacketType.INITIAL) return false;
  const keys = initialKeys(version, packet.destinationId);
  return unprotect(bytes, packet.start, packet.numberAt, packet.end, keys.client) !== null;
}

/** An offer of versions proves itself when one of them is known and all are plausible, or by the ids of the packet that it answers. */
function judgeNegotiation(datagrams: readonly Datagram[], newest: Datagram): VerdictCode {
  const offer = readVersionNegotiation(newest.bytes);
  if (offer === null) return Verdict.NO;
  if (offer.versions.every(isPlausibleVersion) && offer.versions.some((version) => !isReservedVersion(version))) return Verdict.YES;
  const answers = datagrams.some(({ side, bytes }) => {
    if (side === newest.side || !hasLongHeader(bytes) || versionOf(bytes) === 0) return false;
    const idLength = bytes[5];
    const id = bytes.subarray(6, 6 + idLength);
    return idLength >= 8 && sameBytes(id, offer.sourceId);
  });
  return answers ? Verdict.YES : Verdict.MORE;
}

function judgeGoogle(datagrams: readonly Datagram[], newest: Datagram): VerdictCode {
  const packet = readGooglePacket(newest.bytes);
  if (packet === null) return Verdict.NO;
  // The hello is the client's.
  if (packet.helloAt > 0) return newest.side === CLIENT ? Verdict.YES : Verdict.NO;
  const again = datagrams.some((earlier) => {
    const other = earlier === newest ? null : readGooglePacket(earlier.bytes);
    return other !== null && other.version === packet.version && sameBytes(other.connectionId, packet.connectionId);
  });
  return again ? Verdict.YES : Verdict.MORE;
}

function probe(datagrams: readonly Datagram[]): VerdictCode {
  const newest = datagrams[datagrams.length - 1];
  const { bytes, side } = newest;
  if (hasLongHeader(bytes)) {
    if (versionOf(bytes) === 0) return judgeNegotiation(datagrams, newest);
    const { packets, whole } = readLongPackets(bytes);
    if (packets.length > 0) {
      if (opensByItself(bytes, packets[0])) return side === CLIENT ? Verdict.YES : Verdict.NO;
      if (isReservedVersion(packets[0].version)) return whole && packets[0].destinationId.length >= 8 ? Verdict.MORE : Verdict.NO;
      // Retries have no length that could agree, only a tag.
      return whole && packets[0].type !== PacketType.RETRY ? Verdict.YES : Verdict.MORE;
    }
  }
  const verdict = judgeGoogle(datagrams, newest);
  // Short headers and the server's packets of Google's versions may come before the packet that tells.
  return verdict === Verdict.NO && datagrams.length > 1 ? Verdict.MORE : verdict;
}

interface KeySet {
  readonly version: number;
  readonly destinationId: Uint8Array;
  readonly keys: InitialKeys;
}

class Session implements DatagramSession {
  readonly #facts: AppFacts;
  readonly #keySets: KeySet[] = [];
  readonly #streams: readonly [CryptoStream, CryptoStream] = [new CryptoStream(), new CryptoStream()];
  #attempts = 0;
  #datagrams = 0;
  #helloAt = -1;
  #clientSeen = false;
  confirmed = false;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
  }

  advance({ side, bytes }: Datagram): boolean {
    this.#datagrams++;
    if (hasLongHeader(bytes) && versionOf(bytes) !== 0) {
      const { packets } = readLongPackets(bytes);
      for (const packet of packets) this.#readPacket(bytes, packet, side);
      if (packets.length === 0) this.#readGoogle(bytes);
    } else {
      this.#readGoogle(bytes);
    }
    if (this.#facts.ja3s !== null || this.#datagrams >= DATAGRAM_LIMIT) return true;
    return this.#helloAt >= 0 && this.#datagrams - this.#helloAt >= ANSWER_LIMIT;
  }

  #section(version: string): QuicFacts {
    this.#facts.quic ??= { version, sni: null, alpn: [], user_agent: null, dcid: '', scid: '' };
    return this.#facts.quic;
  }

  #readPacket(bytes: Uint8Array, packet: LongPacket, side: Side): void {
    const section = this.#section(versionName(packet.version));
    if (side === CLIENT) {
      // A client that was refused begins again with another version.
      if (this.#helloAt < 0) section.version = versionName(packet.version);
      if (!this.#clientSeen) {
        section.dcid = hexOf(packet.destinationId);
        section.scid = hexOf(packet.sourceId);
      }
      this.#clientSeen = true;
    } else if (!this.#clientSeen && section.dcid === '') {
      section.dcid = hexOf(packet.sourceId);
      section.scid = hexOf(packet.destinationId);
    }
    const version = quicVersion(packet.version);
    if (version === null || packet.type !== PacketType.INITIAL) return;
    const payload = this.#open(bytes, packet, version, side);
    if (payload === null) return;
    this.confirmed = true;
    const stream = this.#streams[side];
    readCryptoFrames(payload, version.googleFrames, stream);
    if (side === CLIENT) this.#readClient(stream.start, version);
    else if (version.handshake === 'tls') this.#readServer(stream.start);
  }

  /** Tries the keys that are known, then those of the packet's own destination id. */
  #open(bytes: Uint8Array, packet: LongPacket, version: QuicVersion, side: Side): Uint8Array | null {
    const attempt = (set: KeySet) => {
      if (++this.#attempts > ATTEMPT_LIMIT) return null;
      const keys = side === CLIENT ? set.keys.client : set.keys.server;
      return unprotect(bytes, packet.start, packet.numberAt, packet.end, keys)?.payload ?? null;
    };
    for (const set of this.#keySets) {
      const payload = set.version === packet.version ? attempt(set) : null;
      if (payload !== null) return payload;
    }
    // RFC 9368 section 4: after compatible negotiation the keys of another version come from the first destination id too.
    const ids = this.#keySets.filter((set) => set.version !== packet.version).map((set) => set.destinationId);
    if (side === CLIENT) ids.push(packet.destinationId);
    for (const id of ids) {
      if (this.#keySets.some((set) => set.version === packet.version && sameBytes(set.destinationId, id))) continue;
      if (this.#attempts >= ATTEMPT_LIMIT) return null;
      const set: KeySet = { version: packet.version, destinationId: id.slice(), keys: initialKeys(version, id) };
      const payload = attempt(set);
      if (payload === null) continue;
      this.#keySets.unshift(set);
      if (this.#keySets.length > KEYS_LIMIT) this.#keySets.pop();
      return payload;
    }
    return null;
  }

  #readClient(start: Uint8Array, version: QuicVersion): void {
    if (this.#helloAt >= 0) return;
    if (version.handshake === 'google') {
      if (start.length > 8 && isWholeHello(start)) this.#takeGoogleHello(start);
      return;
    }
    const body = messageBody(start, CLIENT_HELLO);
    const hello = body === null ? null : parseClientHello(body);
    if (hello === null) return;
    this.#helloAt = this.#datagrams;
    this.#takeHello(hello);
  }

  #takeHello(hello: ClientHello): void {
    const { quic } = this.#facts;
    if (quic === null) return;
    quic.sni = hello.sni;
    quic.alpn = [...hello.alpn];
    if (hello.quicParameters !== null) quic.user_agent = userAgentOf(hello.quicParameters);
    const shape = clientShape(hello, 'q');
    this.#facts.ja3 = shape.ja3;
    this.#facts.ja4 = shape.ja4;
    this.#facts.ja4_r = shape.ja4_r;
    if (hello.sni !== null) this.#facts.nameHost(hello.sni, 'quic_sni');
  }

  #readServer(start: Uint8Array): void {
    const body = messageBody(start, SERVER_HELLO);
    const hello = body === null ? null : parseServerHello(body);
    if (hello !== null) this.#facts.ja3s = ja3s(hello);
  }

  #readGoogle(bytes: Uint8Array): void {
    const packet = readGooglePacket(bytes);
    if (packet === null) return;
    const section = this.#section(packet.version);
    if (section.dcid === '') section.dcid = hexOf(packet.connectionId);
    if (packet.helloAt > 0 && this.#helloAt < 0) this.#takeGoogleHello(bytes.subarray(packet.helloAt));
  }

  #takeGoogleHello(bytes: Uint8Array): void {
    const hello = readGoogleHello(bytes);
    const { quic } = this.#facts;
    if (hello === null || quic === null) return;
    this.confirmed = true;
    this.#helloAt = this.#datagrams;
    quic.sni = hello.sni;
    quic.user_agent = hello.userAgent;
    if (hello.alpn !== null) quic.alpn = [hello.alpn];
    if (hello.sni !== null) this.#facts.nameHost(hello.sni, 'quic_sni');
  }
}

/** The body of the first handshake message (RFC 8446 section 4); null while it is not whole. */
function messageBody(start: Uint8Array, type: number): Uint8Array | null {
  if (start.length < 4 || start[0] !== type) return null;
  const length = (start[1] << 16) | (start[2] << 8) | start[3];
  return start.length < 4 + length ? null : start.subarray(4, 4 + length);
}

export const quic: DatagramDissector = {
  transport: 'udp',
  protocol: 'quic',
  ports: [443, 80, 853, 8443],
  probe,
  open: (context) => new Session(context),
};
