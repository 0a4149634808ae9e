/** The transport parameters that a client sends in its ClientHello (RFC 9000 section 18, up to draft 26 as a list with lengths of 2 bytes). */
import { Cursor } from './cursor.ts';
import { readVarint } from './quic-packet.ts';
import { textOf } from './text.ts';

/** What Google's clients called themselves in QUIC until 2021. */
const GOOGLE_USER_AGENT = 0x3129;
const PARAMETER_LIMIT = 64;

function find(body: Uint8Array, wanted: number): Uint8Array | null {
  const cursor = new Cursor(body);
  for (let i = 0; i < PARAMETER_LIMIT && cursor.left > 0; i++) {
    const id = readVarint(cursor);
    const value = cursor.take(readVarint(cursor));
    if (cursor.overrun) return null;
    if (id === wanted) return value;
  }
  return null;
}

function findInList(body: Uint8Array, wanted: number): Uint8Array | null {
  const cursor = new Cursor(body);
  if (cursor.u16() !== cursor.left) return null;
  for (let i = 0; i < PARAMETER_LIMIT && cursor.left > 0; i++) {
    const id = cursor.u16();
    const value = cursor.take(cursor.u16());
    if (cursor.overrun) return null;
    if (id === wanted) return value;
  }
  return null;
}

export function userAgentOf(parameters: Uint8Array): string | null {
  const value = find(parameters, GOOGLE_USER_AGENT) ?? findInList(parameters, GOOGLE_USER_AGENT);
  return value === null || value.length === 0 ? null : textOf(value, 256);
}
