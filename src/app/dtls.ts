/** DTLS 1.0, 1.2 and 1.3 (RFC 4347, RFC 6347, RFC 9147), and the DTLS before them that OpenSSL-based VPNs speak. */

import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  SERVER,
  type SessionContext,
  type Side,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { type DtlsRecord, dtlsFragment, dtlsRecord, FragmentBuffer, isUnifiedHeader } from './dtls-records.ts';
import { TlsHandshake } from './tls-handshake.ts';
import { ContentType, HandshakeType } from './tls-records.ts';

/** Records of one datagram that are looked at. */
const RECORD_LIMIT = 32;
/** Datagrams after which a handshake that has not come to its end is no longer waited for. */
const DATAGRAM_LIMIT = 64;

class DtlsSession implements DatagramSession {
  private readonly handshake: TlsHandshake;
  private readonly buffers: readonly [FragmentBuffer, FragmentBuffer] = [new FragmentBuffer(), new FragmentBuffer()];
  private datagrams = 0;

  constructor(context: SessionContext) {
    this.handshake = new TlsHandshake(context, 'd');
  }

  get confirmed(): boolean {
    return this.handshake.confirmed;
  }

  advance({ side, bytes }: Datagram): boolean {
    const { handshake } = this;
    let at = 0;
    for (let count = 0; count < RECORD_LIMIT && at < bytes.length && !handshake.over; count++) {
      const record = dtlsRecord(bytes, at);
      if (record === null) {
        if (isUnifiedHeader(bytes[at]) && handshake.confirmed) handshake.protectedRecord(side, bytes.length - at);
        break;
      }
      this.record(side, record);
      at = record.end;
    }
    this.datagrams++;
    if (!handshake.over && this.datagrams < DATAGRAM_LIMIT) return false;
    handshake.finish();
    return true;
  }

  finish(): void {
    this.handshake.finish();
  }

  private record(side: Side, { type, version, epoch, body }: DtlsRecord): void {
    const { handshake } = this;
    if (epoch > 0) {
      if (type === ContentType.HANDSHAKE || type === ContentType.APPLICATION_DATA) handshake.protectedRecord(side, body.length);
    } else if (type === ContentType.CHANGE_CIPHER_SPEC) {
      if (side === SERVER) handshake.serverChangesCipher();
    } else if (type === ContentType.ALERT) {
      if (body.length === 2) handshake.alert(body[0], body[1], version);
    } else if (type === ContentType.HANDSHAKE) this.fragments(side, body, version);
  }

  private fragments(side: Side, body: Uint8Array, version: number): void {
    let at = 0;
    for (let fragment = dtlsFragment(body, at); fragment !== null; fragment = dtlsFragment(body, at)) {
      at = fragment.end;
      const message = this.buffers[side].add(fragment);
      if (message !== null) this.handshake.message(side, message.type, message.body, version);
    }
  }
}

/** What one datagram proves. */
const Sight = { OTHER: 0, HIDDEN: 1, PROOF: 2 } as const;
type SightCode = (typeof Sight)[keyof typeof Sight];

const FROM_CLIENT: readonly number[] = [HandshakeType.CLIENT_HELLO, HandshakeType.CLIENT_KEY_EXCHANGE, HandshakeType.CERTIFICATE_VERIFY];
const FROM_SERVER: readonly number[] = [
  HandshakeType.HELLO_REQUEST,
  HandshakeType.SERVER_HELLO,
  HandshakeType.HELLO_VERIFY_REQUEST,
  HandshakeType.NEW_SESSION_TICKET,
  HandshakeType.SERVER_KEY_EXCHANGE,
  HandshakeType.CERTIFICATE_REQUEST,
  HandshakeType.SERVER_HELLO_DONE,
];

/** A handshake in clear: the fragments must fill the record exactly, and be ones that this side sends. */
function plainHandshake(side: Side, body: Uint8Array): boolean {
  let at = 0;
  for (let fragment = dtlsFragment(body, 0); fragment !== null; fragment = dtlsFragment(body, at)) {
    const { type, sequence, offset, body: part } = fragment;
    const allowed = type === HandshakeType.CERTIFICATE || (side === CLIENT ? FROM_CLIENT : FROM_SERVER).includes(type);
    if (!allowed || sequence > 32) return false;
    const isHello = type >= HandshakeType.CLIENT_HELLO && type <= HandshakeType.HELLO_VERIFY_REQUEST;
    if (isHello && offset === 0 && part.length >= 2 && part[0] !== 0xfe && part[0] !== 1) return false;
    at = fragment.end;
  }
  return at > 0 && at === body.length;
}

function sightOf({ side, bytes }: Datagram): SightCode {
  let sight: SightCode = Sight.HIDDEN;
  let at = 0;
  for (let count = 0; at < bytes.length; count++) {
    const record = dtlsRecord(bytes, at);
    // In DTLS 1.3 encrypted records may follow a hello in clear.
    if (record === null) return sight === Sight.PROOF && isUnifiedHeader(bytes[at]) ? sight : Sight.OTHER;
    if (count === RECORD_LIMIT) return sight;
    if (record.type === ContentType.HANDSHAKE && record.epoch === 0) {
      if (!plainHandshake(side, record.body)) return Sight.OTHER;
      sight = Sight.PROOF;
    }
    // Nobody renews keys so often that the epoch gets large.
    if (record.epoch > 64) return Sight.OTHER;
    at = record.end;
  }
  return at > 0 ? sight : Sight.OTHER;
}

/** Voice and video check the path first, in the same flow (RFC 8489 section 5, RFC 7983). */
function isStun(bytes: Uint8Array): boolean {
  if (bytes.length < 20 || bytes[0] > 3) return false;
  return bytes[4] === 0x21 && bytes[5] === 0x12 && bytes[6] === 0xa4 && bytes[7] === 0x42;
}

function probe(datagrams: readonly Datagram[]): VerdictCode {
  let hidden = 0;
  for (const datagram of datagrams) {
    if (isStun(datagram.bytes)) continue;
    const sight = sightOf(datagram);
    if (sight === Sight.PROOF) return Verdict.YES;
    if (sight === Sight.OTHER) return Verdict.NO;
    hidden++;
  }
  return hidden > 1 ? Verdict.YES : Verdict.MORE;
}

export const dtls: DatagramDissector = {
  transport: 'udp',
  protocol: 'dtls',
  ports: [443, 853, 2221, 3391, 4433, 5061, 5349, 5684, 6514],
  probe,
  open: (context) => new DtlsSession(context),
};
