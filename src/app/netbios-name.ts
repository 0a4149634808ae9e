/** NetBIOS names: RFC 1001 section 14, RFC 1002 section 4.1. Sixteen bytes, written as 32 letters; the last byte says what it is. */
import { textOf } from './text.ts';

export interface NetbiosName {
  name: string;
  /** The sixteenth byte: 0x00 workstation, 0x20 file server, 0x1b domain master browser … */
  suffix: number;
  /** Offset behind the name with its scope. */
  next: number;
}

const ENCODED_LENGTH = 32;
const SCOPE_LABELS = 16;

/** Fifteen bytes padded with spaces; `*` of a node status query is padded with zeros. */
function plainName(bytes: Uint8Array): string {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x20 || bytes[end - 1] === 0)) end--;
  return textOf(bytes.subarray(0, end));
}

/** A name that stands as it is: 15 bytes and the suffix. */
export function rawNetbiosName(bytes: Uint8Array, at: number): string {
  return plainName(bytes.subarray(at, at + 15));
}

/** The encoded name at `at`; null when there is none. */
export function netbiosNameAt(bytes: Uint8Array, at: number, end: number): NetbiosName | null {
  if (at + 1 + ENCODED_LENGTH + 1 > end || bytes[at] !== ENCODED_LENGTH) return null;
  const raw = new Uint8Array(16);
  for (let i = 0; i < 16; i++) {
    const high = bytes[at + 1 + 2 * i] - 0x41;
    const low = bytes[at + 2 + 2 * i] - 0x41;
    if (high < 0 || high > 15 || low < 0 || low > 15) return null;
    raw[i] = (high << 4) | low;
  }
  let next = at + 1 + ENCODED_LENGTH;
  for (let labels = 0; labels < SCOPE_LABELS && next < end; labels++) {
    const length = bytes[next];
    if (length > 63) return null;
    next += 1 + length;
    if (length === 0) return next <= end ? { name: plainName(raw.subarray(0, 15)), suffix: raw[15], next } : null;
  }
  return null;
}

const suffixes: Readonly<Record<number, string>> = {
  0: 'workstation',
  1: 'messenger',
  3: 'messenger',
  6: 'ras_server',
  27: 'domain_master_browser',
  28: 'domain_controllers',
  29: 'master_browser',
  30: 'browser_elections',
  31: 'netdde',
  32: 'file_server',
  33: 'ras_client',
};

export function suffixName(suffix: number): string {
  return suffixes[suffix] ?? `0x${suffix.toString(16).padStart(2, '0')}`;
}
