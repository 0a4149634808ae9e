/** The session service under SMB: RFC 1002 section 4.3 on port 139, and the same 4 bytes on direct TCP (MS-SMB2 section 2.1). */
import { FRAME_UNKNOWN, NOT_A_FRAME } from './framed-session.ts';
import { textOf } from './text.ts';

export const SESSION_MESSAGE = 0x00;
export const SESSION_REQUEST = 0x81;
export const POSITIVE_RESPONSE = 0x82;
export const NEGATIVE_RESPONSE = 0x83;
export const RETARGET_RESPONSE = 0x84;
export const KEEP_ALIVE = 0x85;

export const SESSION_HEADER_BYTES = 4;
const NAME_BYTES = 34;
const ENCODED_BYTES = 32;

/** Length of the packet at `at`, its header included. */
export function sessionPacketBytes(bytes: Uint8Array, at: number, end: number): number {
  const type = bytes[at];
  if (type !== SESSION_MESSAGE && (type < SESSION_REQUEST || type > KEEP_ALIVE)) return NOT_A_FRAME;
  if (end - at < SESSION_HEADER_BYTES) return FRAME_UNKNOWN;
  const length = (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  if (type === SESSION_REQUEST && length !== 2 * NAME_BYTES) return NOT_A_FRAME;
  if ((type === POSITIVE_RESPONSE || type === KEEP_ALIVE) && length !== 0) return NOT_A_FRAME;
  if (type === NEGATIVE_RESPONSE && length !== 1) return NOT_A_FRAME;
  if (type === RETARGET_RESPONSE && length !== 6) return NOT_A_FRAME;
  return SESSION_HEADER_BYTES + length;
}

/** A first-level encoded name (RFC 1001 section 14.1) at `at`: null when it is not well-formed as far as it can be seen. */
export function netbiosNameAt(bytes: Uint8Array, at: number, end: number): string | null {
  const visible = Math.min(end - at, NAME_BYTES);
  if (visible > 0 && bytes[at] !== ENCODED_BYTES) return null;
  if (visible === NAME_BYTES && bytes[at + NAME_BYTES - 1] !== 0) return null;
  const name = new Uint8Array(ENCODED_BYTES / 2);
  for (let i = 0; i < ENCODED_BYTES && i + 1 < visible; i++) {
    const nibble = bytes[at + 1 + i] - 0x41;
    if (nibble < 0 || nibble > 15) return null;
    name[i >> 1] |= nibble << ((i & 1) === 0 ? 4 : 0);
  }
  let length = name.length - 1;
  while (length > 0 && (name[length - 1] === 0x20 || name[length - 1] === 0)) length--;
  return textOf(name.subarray(0, length), 16);
}

/** Called and calling name of a session request that is whole. */
export function sessionNames(packet: Uint8Array): { called: string; calling: string } | null {
  const called = netbiosNameAt(packet, SESSION_HEADER_BYTES, packet.length);
  const calling = netbiosNameAt(packet, SESSION_HEADER_BYTES + NAME_BYTES, packet.length);
  return called === null || calling === null ? null : { called, calling };
}
