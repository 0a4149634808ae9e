/**
 * A number for what the system of a SYN or SYN+ACK is told by, without making anything: packets with the same key get
 * the same answer from the signatures, so the answer can be remembered. Addresses, ports, numbers and timestamps are left
 * out but for whether they are zero; everything that `readSynFeatures` looks at is in.
 */
const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_TIMESTAMP = 8;
const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
const OTHER_PRIME = 0x5bd1e995;
const TWO_21 = 2_097_152;

let low = 0;
let high = 0;

function mix(value: number): void {
  low = Math.imul(low ^ value, PRIME);
  high = Math.imul((high ^ value) + (low >>> 15), OTHER_PRIME);
}

function anyBit(bytes: Uint8Array, at: number, count: number): number {
  let bits = 0;
  for (let i = 0; i < count; i++) bits |= bytes[at + i];
  return bits === 0 ? 0 : 1;
}

/** Mixes in the IP header; the length of it, 0 when it is none that can be read. */
function mixNetwork(bytes: Uint8Array, at: number, end: number): number {
  const version = bytes[at] >> 4;
  if (version === 4) {
    const length = (bytes[at] & 15) * 4;
    if (length < 20 || at + length > end) return 0;
    mix(bytes[at]);
    mix(bytes[at + 1] & 3);
    mix(anyBit(bytes, at + 4, 2));
    mix(bytes[at + 6] & 0xe0);
    mix(bytes[at + 8]);
    return length;
  }
  if (version !== 6 || at + 40 > end) return 0;
  mix(bytes[at + 1] & 0xf0);
  mix((bytes[at + 1] & 15) | bytes[at + 2] | bytes[at + 3] ? 1 : 0);
  mix(6);
  mix(bytes[at + 6]);
  mix(bytes[at + 7]);
  return 40;
}

function mixOptions(bytes: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; ) {
    const kind = bytes[at];
    mix(kind);
    if (kind === OPTION_END) {
      mix(end - at);
      mix(anyBit(bytes, at, end - at));
      return;
    }
    if (kind === OPTION_NOP) {
      at++;
      continue;
    }
    const length = at + 1 < end ? bytes[at + 1] : 0;
    mix(length);
    if (length < 2 || at + length > end) return;
    if (kind === OPTION_TIMESTAMP && length === 10) {
      mix(anyBit(bytes, at + 2, 4));
      mix(anyBit(bytes, at + 6, 4));
    } else for (let i = 2; i < length; i++) mix(bytes[at + i]);
    at += length;
  }
}

/** Key of the packet whose IP header begins at `at` and of which `length` bytes are there; -1 when there is none. */
export function synKey(bytes: Uint8Array, at: number, length: number, peerMss: number): number {
  const end = at + length;
  low = OFFSET_BASIS;
  high = peerMss;
  const network = mixNetwork(bytes, at, end);
  const tcp = at + network;
  if (network === 0 || tcp + 20 > end) return -1;
  const headerBytes = (bytes[tcp + 12] >> 4) * 4;
  if (headerBytes < 20 || tcp + headerBytes > end) return -1;
  mix(bytes[tcp + 12]);
  mix(bytes[tcp + 13]);
  mix((bytes[tcp + 14] << 8) | bytes[tcp + 15]);
  mix(anyBit(bytes, tcp + 4, 4));
  mix(anyBit(bytes, tcp + 8, 4));
  mix(anyBit(bytes, tcp + 18, 2));
  mix(length > network + headerBytes ? 1 : 0);
  mixOptions(bytes, tcp + 20, tcp + headerBytes);
  return (high & (TWO_21 - 1)) * 2 ** 32 + (low >>> 0);
}
