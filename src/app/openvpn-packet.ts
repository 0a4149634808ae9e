/**
 * Control packets of OpenVPN (openvpn.net "OpenVPN wire protocol", draft-openvpn-wire-protocol section 3 and 4):
 *
 *   plain       opcode|key 1 · session 8 ·                                   acks · [remote session 8] · [packet id 4]
 *   tls-auth    opcode|key 1 · session 8 · HMAC 16…64 · replay id 4 · time 4 · acks · …
 *   tls-crypt   opcode|key 1 · session 8 · replay id 4 · time 4 · HMAC 32 · the rest encrypted
 */
import { Cursor } from './cursor.ts';

export const Opcode = {
  HARD_RESET_CLIENT_V1: 1,
  HARD_RESET_SERVER_V1: 2,
  SOFT_RESET: 3,
  CONTROL: 4,
  ACK: 5,
  DATA_V1: 6,
  HARD_RESET_CLIENT_V2: 7,
  HARD_RESET_SERVER_V2: 8,
  DATA_V2: 9,
  HARD_RESET_CLIENT_V3: 10,
  CONTROL_WKC: 11,
} as const;

const clientResets: ReadonlySet<number> = new Set([Opcode.HARD_RESET_CLIENT_V1, Opcode.HARD_RESET_CLIENT_V2, Opcode.HARD_RESET_CLIENT_V3]);
const serverResets: ReadonlySet<number> = new Set([Opcode.HARD_RESET_SERVER_V1, Opcode.HARD_RESET_SERVER_V2]);
export const isClientReset = (opcode: number) => clientResets.has(opcode);
export const isServerReset = (opcode: number) => serverResets.has(opcode);
export const isReset = (opcode: number) => isClientReset(opcode) || isServerReset(opcode);
const isControl = (opcode: number) =>
  isReset(opcode) || (opcode >= Opcode.SOFT_RESET && opcode <= Opcode.ACK) || opcode === Opcode.CONTROL_WKC;

/** No HMAC, MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512. */
const hmacLengths = [0, 20, 16, 28, 32, 48, 64];
const ACK_LIMIT = 8;
const SESSION_LENGTH = 8;
export const CRYPT_HEADER = 1 + SESSION_LENGTH + 8 + 32;

export type Wrapping = 'none' | 'tls-auth' | 'tls-crypt';

export interface ControlPacket {
  readonly opcode: number;
  readonly session: Uint8Array;
  readonly wrapping: Wrapping;
  /** Length of the HMAC of `tls-auth`, of `tls-crypt` always 32, 0 without. */
  readonly hmac: number;
  /** The session of the other side, which acknowledgements name; null when there are none, or they are encrypted. */
  readonly remote: Uint8Array | null;
  /** Counter and time of the protection against replay; 0 without. */
  readonly replayId: number;
  readonly time: number;
}

export const opcodeOf = (bytes: Uint8Array) => (bytes.length === 0 ? 0 : bytes[0] >> 3);

/** Since 2001, when the protocol began. */
const EARLIEST_TIME = 0x3b000000;
/** Counters of a handshake are low; the top bits of tls-crypt-v2's first packet ask for a stateless answer. */
const LARGEST_REPLAY_ID = 0x10000;
const STATELESS = 0x0f000000;

function replayFits(id: number, time: number): boolean {
  const counter = id > STATELESS ? id - STATELESS : id;
  return counter > 0 && counter <= LARGEST_REPLAY_ID && time >= EARLIEST_TIME;
}

/** A session id is random: neither empty nor one byte over and over. */
function sessionFits(session: Uint8Array): boolean {
  return session.some((byte) => byte !== session[0]);
}

/** Reads what is in clear behind the HMAC; null when it does not agree with the opcode and the length. */
function readClear(bytes: Uint8Array, opcode: number, hmac: number): ControlPacket | null {
  const cursor = new Cursor(bytes, 1);
  const session = cursor.take(SESSION_LENGTH);
  cursor.skip(hmac);
  const replayId = hmac > 0 ? cursor.u32() : 0;
  const time = hmac > 0 ? cursor.u32() : 0;
  const acks = cursor.u8();
  if (acks > ACK_LIMIT || (opcode === Opcode.ACK && acks === 0)) return null;
  for (let i = 0; i < acks; i++) if (cursor.u32() > LARGEST_REPLAY_ID) return null;
  const remote = acks > 0 ? cursor.take(SESSION_LENGTH) : null;
  const packetId = opcode === Opcode.ACK ? 0 : cursor.u32();
  if (cursor.overrun || packetId > LARGEST_REPLAY_ID || !sessionFits(session)) return null;
  // A first packet is number 0 and has nothing behind it, but for the wrapped key of the third kind of client.
  if (isReset(opcode) && (packetId !== 0 || (cursor.left > 0 && opcode !== Opcode.HARD_RESET_CLIENT_V3))) return null;
  if (isClientReset(opcode) && acks > 0) return null;
  if (opcode === Opcode.ACK && cursor.left > 0) return null;
  if (hmac > 0 && !replayFits(replayId, time)) return null;
  return { opcode, session, wrapping: hmac > 0 ? 'tls-auth' : 'none', hmac, remote, replayId, time };
}

function readCrypt(bytes: Uint8Array, opcode: number): ControlPacket | null {
  const cursor = new Cursor(bytes, 1);
  const session = cursor.take(SESSION_LENGTH);
  const replayId = cursor.u32();
  const time = cursor.u32();
  if (!replayFits(replayId, time) || !sessionFits(session)) return null;
  const inside = bytes.length - CRYPT_HEADER;
  // No acknowledgement and a packet id, or one acknowledgement with its session before it.
  if ((opcode === Opcode.HARD_RESET_CLIENT_V2 && inside !== 5) || (opcode === Opcode.HARD_RESET_SERVER_V2 && inside < 5)) return null;
  if (inside < 5 || (opcode === Opcode.HARD_RESET_CLIENT_V3 && inside < 5 + 32)) return null;
  return { opcode, session, wrapping: 'tls-crypt', hmac: 32, remote: null, replayId, time };
}

/** Every way in which the bytes can be read as one control packet: mostly none or one. */
export function readControlPackets(bytes: Uint8Array): ControlPacket[] {
  const opcode = opcodeOf(bytes);
  const out: ControlPacket[] = [];
  if (!isControl(opcode) || bytes.length < 1 + SESSION_LENGTH + 1 + 4) return out;
  for (const hmac of hmacLengths) {
    const packet = readClear(bytes, opcode, hmac);
    if (packet !== null) out.push(packet);
  }
  const crypt = readCrypt(bytes, opcode);
  if (crypt !== null) out.push(crypt);
  return out;
}

export const sameSession = (left: Uint8Array, right: Uint8Array) => Buffer.compare(left, right) === 0;
/** Both ends take their clocks for right to within a day. */
const CLOCK_SKEW = 86_400;

/**
 * True when the later packet belongs to the earlier one: it names its session, or goes on with it, or is the other end's
 * first one at the same time under the same wrapping.
 */
export function corroborates(earlier: ControlPacket, later: ControlPacket, sameSide: boolean): boolean {
  if (earlier.wrapping !== later.wrapping || earlier.hmac !== later.hmac) return false;
  if (!sameSide && later.remote !== null) return sameSession(later.remote, earlier.session);
  if (sameSide) {
    if (!sameSession(earlier.session, later.session)) return false;
    if (earlier.wrapping === 'none') return isReset(earlier.opcode) && !isReset(later.opcode);
    return (
      later.replayId > earlier.replayId && later.replayId - earlier.replayId <= 64 && Math.abs(later.time - earlier.time) <= CLOCK_SKEW
    );
  }
  return (
    later.wrapping === 'tls-crypt' &&
    isReset(earlier.opcode) &&
    isServerReset(later.opcode) &&
    Math.abs(later.time - earlier.time) <= CLOCK_SKEW
  );
}

/**
 * A data packet of the second kind: opcode, peer id of three bytes that begins with zero (servers count from 0), packet id.
 * The first byte is a letter from `H` to `O`, which text does not put before a zero.
 */
export function mayBeData(bytes: Uint8Array): boolean {
  return opcodeOf(bytes) === Opcode.DATA_V2 && bytes.length >= 8 + 16 && bytes[1] === 0;
}
