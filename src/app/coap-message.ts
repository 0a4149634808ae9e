/** CoAP messages: RFC 7252 section 3, option numbers of the IANA registry with the lengths that their RFCs allow. */
import { textOf } from './text.ts';

export interface CoapMessage {
  /** 0 confirmable, 1 non-confirmable, 2 acknowledgement, 3 reset. */
  type: number;
  /** Class in the upper three bits, detail in the lower five. */
  code: number;
  id: number;
  /** Token bytes as they are; compared, never shown. */
  token: Uint8Array;
  path: string;
  query: string;
  host: string | null;
  contentFormat: number | null;
  options: number;
  payloadLength: number;
}

const HEADER_LENGTH = 4;
const PAYLOAD_MARKER = 0xff;
const OPTION_LIMIT = 32;
const TEXT_LIMIT = 512;

/** [least, most] bytes of an option's value. */
const optionLengths: Readonly<Record<number, readonly [number, number]>> = {
  1: [0, 8],
  3: [1, 255],
  4: [1, 8],
  5: [0, 0],
  6: [0, 3],
  7: [0, 2],
  8: [0, 255],
  9: [0, 255],
  11: [0, 255],
  12: [0, 2],
  14: [0, 4],
  15: [0, 255],
  16: [0, 1],
  17: [0, 2],
  19: [0, 3],
  20: [0, 255],
  23: [0, 3],
  27: [0, 3],
  28: [0, 4],
  31: [0, 3],
  35: [1, 1034],
  39: [1, 255],
  60: [0, 4],
  252: [1, 40],
  258: [0, 1],
  292: [0, 8],
  2048: [1, 255],
};

/** Requests GET to iPATCH, the responses that are registered, and empty messages. */
export function isCode(code: number): boolean {
  if (code <= 7) return true;
  const detail = code & 31;
  switch (code >> 5) {
    case 2:
      return (detail >= 1 && detail <= 5) || detail === 31;
    case 4:
      return (
        detail <= 6 || detail === 8 || detail === 9 || detail === 12 || detail === 13 || detail === 15 || detail === 22 || detail === 29
      );
    case 5:
      return detail <= 5 || detail === 8;
    default:
      return false;
  }
}

/** Parsed value of a delta or length nibble; -1 when reserved or not there. Adds what it took to `state.at`. */
function extended(bytes: Uint8Array, nibble: number, state: { at: number }): number {
  if (nibble < 13) return nibble;
  if (nibble === 15) return -1;
  const wide = nibble === 14;
  if (state.at + (wide ? 2 : 1) > bytes.length) return -1;
  const value = wide ? 269 + ((bytes[state.at] << 8) | bytes[state.at + 1]) : 13 + bytes[state.at];
  state.at += wide ? 2 : 1;
  return value;
}

function keep(message: CoapMessage, number: number, value: Uint8Array): void {
  if (number === 3) message.host ??= textOf(value);
  else if (number === 11 && message.path.length < TEXT_LIMIT) message.path += `/${textOf(value)}`;
  else if (number === 15 && message.query.length < TEXT_LIMIT) message.query += `${message.query === '' ? '?' : '&'}${textOf(value)}`;
  else if (number === 12) message.contentFormat = value.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** The message that a datagram is; null when it is none. Only registered options count. */
export function coapMessageOf(bytes: Uint8Array): CoapMessage | null {
  if (bytes.length < HEADER_LENGTH || bytes[0] >> 6 !== 1 || !isCode(bytes[1])) return null;
  const tokenLength = bytes[0] & 15;
  if (tokenLength > 8 || HEADER_LENGTH + tokenLength > bytes.length) return null;
  const state = { at: HEADER_LENGTH + tokenLength };
  const message: CoapMessage = {
    type: (bytes[0] >> 4) & 3,
    code: bytes[1],
    id: (bytes[2] << 8) | bytes[3],
    token: bytes.subarray(HEADER_LENGTH, state.at),
    path: '',
    query: '',
    host: null,
    contentFormat: null,
    options: 0,
    payloadLength: 0,
  };
  // Empty messages have nothing behind the header; requests are neither acknowledgements nor resets.
  if (message.code === 0) return bytes.length === HEADER_LENGTH ? message : null;
  if (message.type === 3 || (message.code < 32 && message.type === 2)) return null;
  let number = 0;
  while (state.at < bytes.length && bytes[state.at] !== PAYLOAD_MARKER) {
    const byte = bytes[state.at++];
    const delta = extended(bytes, byte >> 4, state);
    const length = extended(bytes, byte & 15, state);
    if (delta < 0 || length < 0 || state.at + length > bytes.length || ++message.options > OPTION_LIMIT) return null;
    number += delta;
    const allowed = optionLengths[number];
    if (allowed === undefined || length < allowed[0] || length > allowed[1]) return null;
    keep(message, number, bytes.subarray(state.at, state.at + length));
    state.at += length;
  }
  if (state.at < bytes.length) {
    message.payloadLength = bytes.length - state.at - 1;
    // A marker without a payload behind it is an error (section 3).
    if (message.payloadLength === 0) return null;
  }
  return message;
}
