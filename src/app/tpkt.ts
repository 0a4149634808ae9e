/** TPKT (RFC 1006, RFC 2126) and the X.224 class 0 header in it (ITU-T X.224, ISO 8073): under RDP and S7. */
import { FRAME_UNKNOWN, NOT_A_FRAME } from './framed-session.ts';

export const TPKT_BYTES = 4;
export const CONNECTION_REQUEST = 0xe0;
export const CONNECTION_CONFIRM = 0xd0;
export const DATA = 0xf0;
/** TPKT, length indicator, code. */
const LEAST_BYTES = 7;

/** Length of the packet at `at`, as `FramedSession.measure`. */
export function tpktBytes(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== 3 || (end - at > 1 && bytes[at + 1] !== 0)) return NOT_A_FRAME;
  if (end - at < TPKT_BYTES) return FRAME_UNKNOWN;
  const length = (bytes[at + 2] << 8) | bytes[at + 3];
  return length < LEAST_BYTES ? NOT_A_FRAME : length;
}

/** Code of the X.224 unit in a packet that starts at `at`; 0 when the lengths contradict each other. Needs 7 bytes. */
export function x224Code(bytes: Uint8Array, at: number): number {
  const length = (bytes[at + 2] << 8) | bytes[at + 3];
  const indicator = bytes[at + 4];
  const code = bytes[at + 5];
  if (code === DATA) return indicator === 2 && (bytes[at + 6] & 0x7f) === 0 ? DATA : 0;
  const isSetup = code === CONNECTION_REQUEST || code === CONNECTION_CONFIRM;
  return isSetup && indicator === length - TPKT_BYTES - 1 && indicator >= 6 ? code : 0;
}
