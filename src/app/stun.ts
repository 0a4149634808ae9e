/**
 * STUN and TURN over UDP and TCP (RFC 8489, RFC 8656), STUN in the framing of ICE over TCP (RFC 4571, RFC 6544), and
 * classic STUN (RFC 3489), which has no magic cookie and is therefore believed only when every field fits. The DTLS of a
 * media session in the same flow is read too, and names it.
 */
import { addDetail } from './detail.ts';
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { dtls } from './dtls.ts';
import type { AppFacts, DetailValue } from './facts.ts';
import { eitherSide } from './prefix.ts';
import type { ProtocolName } from './protocols.ts';
import {
  addressOf,
  hasConstantId,
  isClassic,
  readStunMessage,
  STUN_HEADER,
  type StunMessage,
  stunLength,
  textAttribute,
} from './stun-message.ts';

const Attribute = {
  MAPPED_ADDRESS: 0x0001,
  USERNAME: 0x0006,
  ERROR_CODE: 0x0009,
  XOR_PEER_ADDRESS: 0x0012,
  REALM: 0x0014,
  XOR_RELAYED_ADDRESS: 0x0016,
  XOR_MAPPED_ADDRESS: 0x0020,
  SOFTWARE: 0x8022,
} as const;

const turnMethods = new Set([
  'allocate',
  'refresh',
  'send',
  'data',
  'create_permission',
  'channel_bind',
  'connect',
  'connection_bind',
  'connection_attempt',
]);

/** Messages that are read of one connection: an allocation with its refusal, permissions and the first checks. */
const MESSAGE_LIMIT = 16;

function note(section: Record<string, DetailValue>, key: string, value: string | null): void {
  if (value !== null && value !== '' && section[key] === undefined) section[key] = value;
}

function noteAddresses(message: StunMessage, section: Record<string, DetailValue>): void {
  for (const { type, value } of message.attributes) {
    if (type === Attribute.XOR_MAPPED_ADDRESS) note(section, 'mapped_address', addressOf(message, value, true));
    else if (type === Attribute.MAPPED_ADDRESS) note(section, 'mapped_address', addressOf(message, value, false));
    else if (type === Attribute.XOR_PEER_ADDRESS) note(section, 'peer_address', addressOf(message, value, true));
    else if (type === Attribute.XOR_RELAYED_ADDRESS) note(section, 'relayed_address', addressOf(message, value, true));
    else if (type === Attribute.ERROR_CODE && value.length >= 4) section.error_code = (value[2] & 7) * 100 + value[3];
  }
}

function noteMessage(message: StunMessage, facts: AppFacts): void {
  const section = facts.detail('stun');
  addDetail(section, 'methods', message.method);
  section.turn = section.turn === true || turnMethods.has(message.method);
  section.classic = !message.cookie;
  noteAddresses(message, section);
  note(section, 'username', textAttribute(message, Attribute.USERNAME));
  note(section, 'realm', textAttribute(message, Attribute.REALM));
  note(section, 'software', textAttribute(message, Attribute.SOFTWARE));
}

/** RFC 8656 section 12.4: channel numbers begin with 01; over UDP the padding to 4 bytes may be left out. */
function channelOf(bytes: Uint8Array): number {
  if (bytes.length < 4 || bytes[0] < 0x40 || bytes[0] > 0x4f) return 0;
  const length = (bytes[2] << 8) | bytes[3];
  return length > 0 && (bytes.length === 4 + length || bytes.length === 4 + length + ((4 - (length % 4)) % 4))
    ? (bytes[0] << 8) | bytes[1]
    : 0;
}

/** Datagrams of one channel that prove a relay whose allocation was not seen. */
const CHANNEL_PROOF = 4;

/** Without the cookie, types beyond those of RFC 3489 and their neighbours are something else. */
const HIGHEST_CLASSIC_TYPE = 0x01ff;

/** The other side repeats all 16 bytes of the transaction id in a message of another type. */
function isAnswered(datagrams: readonly Datagram[], newest: Datagram, message: StunMessage): boolean {
  return datagrams.some(({ side, bytes }) => {
    const other = side === newest.side ? null : readStunMessage(bytes);
    if (other === null || other.cookie || other.type === message.type || other.type > HIGHEST_CLASSIC_TYPE) return false;
    return Buffer.compare(message.transaction, other.transaction) === 0;
  });
}

function judge(datagrams: readonly Datagram[]): VerdictCode {
  const newest = datagrams[datagrams.length - 1];
  const message = readStunMessage(newest.bytes);
  if (message === null) {
    const channel = channelOf(newest.bytes);
    if (channel === 0) return Verdict.NO;
    const same = datagrams.filter((datagram) => channelOf(datagram.bytes) === channel).length;
    if (same < datagrams.length) return Verdict.NO;
    return same >= CHANNEL_PROOF ? Verdict.YES : Verdict.MORE;
  }
  if (message.cookie) return message.known || message.attributes.length > 0 ? Verdict.YES : Verdict.MORE;
  if (message.type > HIGHEST_CLASSIC_TYPE || hasConstantId(message)) return Verdict.NO;
  if (isClassic(message) && message.attributes.length > 0) return Verdict.YES;
  return isAnswered(datagrams, newest, message) ? Verdict.YES : Verdict.MORE;
}

/** RFC 7983 section 7: what shares a port with STUN is told apart by its first byte. */
const isDtls = (bytes: Uint8Array) => bytes.length > 0 && bytes[0] >= 20 && bytes[0] <= 63;
/** Media sessions begin with STUN; how many datagrams may pass until their DTLS handshake. */
const UDP_LIMIT = 40;

class UdpSession implements DatagramSession {
  readonly #context: SessionContext;
  #left = UDP_LIMIT;
  #dtls: DatagramSession | null = null;
  /** The client of the DTLS handshake is the server of the flow. */
  #turned = false;
  confirmed = false;

  constructor(context: SessionContext) {
    this.#context = context;
    context.facts.detail('stun');
  }

  /** What the connectivity checks were for. */
  get label(): ProtocolName {
    return this.#dtls === null ? 'stun' : 'dtls';
  }

  advance(datagram: Datagram): boolean {
    const { bytes } = datagram;
    if (isDtls(bytes)) return this.#advanceDtls(datagram) || --this.#left <= 0;
    const message = readStunMessage(bytes);
    if (message !== null && (message.cookie || isClassic(message))) {
      this.confirmed = true;
      noteMessage(message, this.#context.facts);
    } else if (channelOf(bytes) !== 0) {
      this.#context.facts.detail('stun').turn = true;
    }
    return --this.#left <= 0;
  }

  finish(): void {
    this.#dtls?.finish?.();
  }

  /** True when the handshake is over. */
  #advanceDtls({ side, bytes }: Datagram): boolean {
    const turned: Side = side === CLIENT ? SERVER : CLIENT;
    if (this.#dtls === null) {
      const straight = dtls.probe([{ side, bytes }], this.#context) === Verdict.YES;
      this.#turned = !straight && dtls.probe([{ side: turned, bytes }], this.#context) === Verdict.YES;
      if (!straight && !this.#turned) return false;
      this.#dtls = dtls.open(this.#context);
      this.#left += UDP_LIMIT;
    }
    return this.#dtls.advance({ side: this.#turned ? turned : side, bytes });
  }
}

export const stunUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'stun',
  ports: [3478, 3479, 19302, 5349],
  probe: judge,
  open: (context) => new UdpSession(context),
};

/** Where the first message of a head begins: 0, or 2 behind the length that ICE over TCP puts before it; -1 for neither. */
function streamStart(head: StreamHead): number {
  if (stunLength(head.bytes, head.length) > 0) return 0;
  const framed = stunLength(head.bytes, head.length, 2);
  return framed > 0 && ((head.bytes[0] << 8) | head.bytes[1]) === framed ? 2 : -1;
}

function judgeHead(head: StreamHead): VerdictCode {
  if (head.length === 0) return Verdict.MORE;
  if (head.bytes[0] > 0x3f) return Verdict.NO;
  if (head.length >= STUN_HEADER && streamStart(head) >= 0) return Verdict.YES;
  return head.length >= STUN_HEADER + 2 || head.complete ? Verdict.NO : Verdict.MORE;
}

class TcpSession implements StreamSession {
  readonly #facts: AppFacts;
  readonly #at = [0, 0];
  readonly #framing = [-1, -1];
  #left = MESSAGE_LIMIT;
  confirmed = false;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
    this.#facts.detail('stun');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const client = this.#read(heads[CLIENT], CLIENT);
    const server = this.#read(heads[SERVER], SERVER);
    if (this.#left <= 0 || (client && server)) return Progress.DONE;
    return Progress.MORE;
  }

  /** True when nothing of use will come from this side. */
  #read(head: StreamHead, side: 0 | 1): boolean {
    while (this.#left > 0) {
      if (this.#framing[side] < 0) {
        if (head.length < STUN_HEADER) return head.complete;
        this.#framing[side] = streamStart(head);
        if (this.#framing[side] < 0) return true;
      }
      const start = this.#at[side] + this.#framing[side];
      if (start + 8 > head.length) return head.complete;
      const length = stunLength(head.bytes, head.length, start);
      // Anything else is relayed data from here on.
      if (length === 0) return true;
      if (start + length > head.length) return head.complete;
      const message = readStunMessage(head.bytes.subarray(start, start + length));
      if (message === null) return true;
      this.confirmed = true;
      noteMessage(message, this.#facts);
      this.#at[side] = start + length;
      this.#left--;
    }
    return true;
  }
}

export const stunTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'stun',
  ports: [3478, 5349],
  probe: (heads) => eitherSide(judgeHead(heads[CLIENT]), judgeHead(heads[SERVER])),
  open: (context) => new TcpSession(context),
};
