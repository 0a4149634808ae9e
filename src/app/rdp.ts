/**
 * RDP: the connection sequence of MS-RDPBCGR section 2.2.1 (X.224 request with cookie and requested protocols, confirm with the chosen one,
 * MCS Connect Initial with the client's core data), and the first datagrams of MS-RDPEUDP section 2.2.
 * After a confirm that chose TLS or CredSSP (over TLS), TLS follows in the same connection: the session hands over.
 */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession } from './framed-session.ts';
import type { ProtocolName } from './protocols.ts';
import { hexNumber, indexOfByte, startsWith, textOf } from './text.ts';
import { CONNECTION_CONFIRM, CONNECTION_REQUEST, DATA, TPKT_BYTES, tpktBytes, x224Code } from './tpkt.ts';
import { utf16Of } from './utf16.ts';

/** TPKT and the fixed part of a connection request. */
const SETUP_BYTES = 11;
const COOKIE = 'Cookie: mstshash=';
const TOKEN = 'Cookie: msts=';
const NEGOTIATION_BYTES = 8;
const NEGOTIATION_REQUEST = 1;
const NEGOTIATION_RESPONSE = 2;
const NEGOTIATION_FAILURE = 3;
const MAX_COOKIE_BYTES = 128;

const SECURITY: readonly (readonly [number, string])[] = [
  [1, 'ssl'],
  [2, 'hybrid'],
  [4, 'rdstls'],
  [8, 'hybrid_ex'],
  [16, 'rdsaad'],
];
const FAILURES = [
  '',
  'ssl_required',
  'ssl_not_allowed',
  'ssl_cert_not_on_server',
  'inconsistent_flags',
  'hybrid_required',
  'ssl_with_user_auth_required',
];

function securityNames(bits: number): string[] {
  return bits === 0 ? ['rdp'] : SECURITY.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
}

/** A negotiation structure that fills the rest of the packet: [type, value], null when there is none. */
function negotiationAt(bytes: Uint8Array, at: number): readonly [type: number, value: number] | null {
  const cursor = new Cursor(bytes, at);
  const type = cursor.u8();
  cursor.skip(1);
  const length = cursor.u16le();
  const value = cursor.u32le();
  if (cursor.overrun || length !== NEGOTIATION_BYTES || type < NEGOTIATION_REQUEST || type > NEGOTIATION_FAILURE) return null;
  return [type, value];
}

/** BER of an MCS Connect Initial, and what T.124 puts before the client's blocks (MS-RDPBCGR 2.2.1.3). */
const CONNECT_INITIAL = [0x7f, 0x65];
const CORE_BLOCK = 0xc001;
const CORE_SEARCH_BYTES = 512;

class RdpSession extends FramedSession {
  label: ProtocolName = 'rdp';
  #requestEnd = 0;
  #hasConfirm = false;
  #hasCore = false;

  protected override measure(bytes: Uint8Array, at: number, end: number, side: Side): number {
    // TLS ahead of the confirm: it stays where it is until the confirm hands over.
    if (side === CLIENT && at > 0 && at === this.#requestEnd && bytes[at] !== 3) return FRAME_UNKNOWN;
    return tpktBytes(bytes, at, end);
  }

  protected override onFrame(frame: Uint8Array, side: Side, whole: boolean): ProgressCode {
    if (frame.length < TPKT_BYTES + 3) return whole ? Progress.BROKEN : Progress.DONE;
    this.context.facts.risks.add('desktop_or_file_sharing_session');
    const code = x224Code(frame, 0);
    if (side === CLIENT && code === CONNECTION_REQUEST) return this.#onRequest(frame);
    if (side === SERVER && code === CONNECTION_CONFIRM) return this.#onConfirm(frame);
    if (code !== DATA) return Progress.BROKEN;
    if (side === CLIENT && frame[7] === CONNECT_INITIAL[0] && frame[8] === CONNECT_INITIAL[1]) {
      this.confirmed = true;
      this.#readCore(frame);
      this.#hasCore = true;
      return this.#hasConfirm ? Progress.DONE : Progress.MORE;
    }
    return Progress.MORE;
  }

  #onRequest(frame: Uint8Array): ProgressCode {
    this.#requestEnd = this.at[CLIENT];
    const section = this.context.facts.detail('rdp');
    let at = SETUP_BYTES;
    const isCookie = startsWith(frame, frame.length, COOKIE, at);
    if (isCookie || startsWith(frame, frame.length, TOKEN, at)) {
      const end = indexOfByte(frame, Math.min(frame.length, at + MAX_COOKIE_BYTES), 0x0d, at);
      if (end < 0) return Progress.MORE;
      if (isCookie) section.cookie = textOf(frame.subarray(at + COOKIE.length, end), 64);
      else section.routing_token = textOf(frame.subarray(at + TOKEN.length, end), 64);
      at = end + 2;
    }
    const negotiation = negotiationAt(frame, at);
    if (negotiation !== null && negotiation[0] === NEGOTIATION_REQUEST) section.requested = securityNames(negotiation[1]);
    return Progress.MORE;
  }

  #onConfirm(frame: Uint8Array): ProgressCode {
    this.confirmed = true;
    this.#hasConfirm = true;
    const section = this.context.facts.detail('rdp');
    const negotiation = negotiationAt(frame, SETUP_BYTES);
    if (negotiation === null) {
      section.chosen = 'rdp';
      return this.#hasCore ? Progress.DONE : Progress.MORE;
    }
    const [type, value] = negotiation;
    if (type === NEGOTIATION_FAILURE) {
      section.failure = FAILURES[value] ?? `code ${value}`;
      return Progress.DONE;
    }
    section.chosen = securityNames(value).join(' ');
    if (type !== NEGOTIATION_RESPONSE || value === 0) return Progress.MORE;
    // What the client sent ahead of the confirm would be TLS already: the end of its request is where TLS begins.
    return this.#requestEnd > 0 ? this.handOver(this.#requestEnd) : Progress.DONE;
  }

  #readCore(frame: Uint8Array): void {
    const last = Math.min(frame.length - 60, CORE_SEARCH_BYTES);
    for (let at = 9; at <= last; at++) {
      if (frame[at] !== (CORE_BLOCK & 0xff) || frame[at + 1] !== CORE_BLOCK >> 8) continue;
      const cursor = new Cursor(frame, at + 2);
      const length = cursor.u16le();
      const version = cursor.u32le();
      if (length < 132 || version >>> 16 !== 8) continue;
      cursor.skip(12);
      const build = cursor.u32le();
      const section = this.context.facts.detail('rdp');
      section.client_version = hexNumber(version, 8);
      section.client_build = build;
      section.client_name = utf16Of(cursor.take(32), 32).replace(/\?.*$/, '');
      return;
    }
  }
}

function requestVerdict({ bytes, length }: StreamHead): VerdictCode {
  const end = Math.min(length, 64);
  if (end === 0) return Verdict.MORE;
  const packet = tpktBytes(bytes, 0, end);
  if (packet < 0) return Verdict.NO;
  if (end < SETUP_BYTES) return Verdict.MORE;
  // Destination reference 0, class 0.
  if (x224Code(bytes, 0) !== CONNECTION_REQUEST || bytes[6] !== 0 || bytes[7] !== 0 || bytes[10] !== 0) return Verdict.NO;
  if (packet > SETUP_BYTES) {
    if (startsWith(bytes, end, COOKIE.slice(0, end - SETUP_BYTES), SETUP_BYTES))
      return end >= SETUP_BYTES + 10 ? Verdict.YES : Verdict.MORE;
    if (startsWith(bytes, end, TOKEN.slice(0, end - SETUP_BYTES), SETUP_BYTES)) return end >= SETUP_BYTES + 10 ? Verdict.YES : Verdict.MORE;
    if (packet < SETUP_BYTES + NEGOTIATION_BYTES) return Verdict.NO;
    if (end < SETUP_BYTES + NEGOTIATION_BYTES) return Verdict.MORE;
    const negotiation = negotiationAt(bytes.subarray(0, end), SETUP_BYTES);
    return negotiation !== null && negotiation[0] === NEGOTIATION_REQUEST && negotiation[1] < 64 ? Verdict.YES : Verdict.NO;
  }
  // A bare request may be anything over TPKT: MCS Connect Initial must follow.
  const next = SETUP_BYTES;
  if (end < next + 9) return Verdict.MORE;
  const isInitial =
    tpktBytes(bytes, next, end) > 0 && x224Code(bytes, next) === DATA && bytes[next + 7] === 0x7f && bytes[next + 8] === 0x65;
  return isInitial ? Verdict.YES : Verdict.NO;
}

function confirmVerdict({ bytes, length }: StreamHead): VerdictCode {
  const end = Math.min(length, 64);
  if (end === 0) return Verdict.MORE;
  const packet = tpktBytes(bytes, 0, end);
  if (packet < 0) return Verdict.NO;
  if (end < SETUP_BYTES) return Verdict.MORE;
  if (x224Code(bytes, 0) !== CONNECTION_CONFIRM) return Verdict.NO;
  if (packet === SETUP_BYTES) return Verdict.MORE;
  if (packet !== SETUP_BYTES + NEGOTIATION_BYTES) return Verdict.NO;
  if (end < packet) return Verdict.MORE;
  const negotiation = negotiationAt(bytes, SETUP_BYTES);
  return negotiation !== null && negotiation[0] !== NEGOTIATION_REQUEST ? Verdict.YES : Verdict.NO;
}

export const rdp: StreamDissector = {
  transport: 'tcp',
  protocol: 'rdp',
  ports: [3389],
  probe([client, server]) {
    const asked = requestVerdict(client);
    const answered = confirmVerdict(server);
    if (asked === Verdict.NO || answered === Verdict.NO) return Verdict.NO;
    return asked === Verdict.YES || answered === Verdict.YES ? Verdict.YES : Verdict.MORE;
  },
  open: (context: SessionContext) => new RdpSession(context),
};

const UDP_SYN = 0x0001;
const UDP_KNOWN_FLAGS = 0x3fff;
const NO_ACK = 0xffffffff;
const LEAST_MTU = 1132;
const LARGEST_MTU = 1232;

/** MS-RDPEUDP 3.1.5.1.1: a SYN is padded with zeros to the MTU that it offers. */
function isUdpSyn({ bytes }: Datagram): boolean {
  const cursor = new Cursor(bytes);
  const ack = cursor.u32();
  cursor.skip(2);
  const flags = cursor.u16();
  cursor.skip(4);
  const mtus = [cursor.u16(), cursor.u16()];
  if (cursor.overrun || ack !== NO_ACK || (flags & UDP_SYN) === 0 || (flags & ~UDP_KNOWN_FLAGS) !== 0) return false;
  if (mtus.some((mtu) => mtu < LEAST_MTU || mtu > LARGEST_MTU) || bytes.length < LEAST_MTU || bytes.length > LARGEST_MTU) return false;
  return bytes.subarray(bytes.length - 256).every((byte) => byte === 0);
}

export const rdpUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'rdp',
  ports: [3389],
  probe: ([first]) => (first.side === CLIENT && isUdpSyn(first) ? Verdict.YES : Verdict.NO),
  open: ({ facts }) => {
    facts.risks.add('desktop_or_file_sharing_session');
    return { confirmed: true, advance: () => true };
  },
};
