/**
 * Addresses as words of a key, as they stand in entries: four of 32 bits, the first byte of each its lowest, then 4 or 6
 * for the version.
 */
import type { Address, FlowTuple } from './events.ts';

/** An address with its version. */
export const ADDRESS_WORDS = 5;
/** Two addresses of one version. */
export const PAIR_WORDS = 9;
const ONLY_ADDRESS = 4;
const V4_BYTES = 4;

export function writeAddress(address: Address, key: Int32Array, at: number): void {
  writeWords(address, key, at);
  key[at + ONLY_ADDRESS] = versionOf(address);
}

/** Source and target. */
export function writePair(flow: Pick<FlowTuple, 'source' | 'target'>, key: Int32Array, at: number): void {
  writeWords(flow.source, key, at);
  writeAddress(flow.target, key, at + 4);
}

/** The address of four words and its version, from `wordAt(0)` on. */
export function addressOfWords(wordAt: (word: number) => number): Address {
  const words = wordAt(ONLY_ADDRESS) === 4 ? 1 : 4;
  let address = '';
  for (let i = 0; i < words; i++) {
    const word = wordAt(i);
    address += String.fromCharCode(word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24);
  }
  return address;
}

const versionOf = (address: Address): number => (address.length === V4_BYTES ? 4 : 6);

function writeWords(address: Address, key: Int32Array, at: number): void {
  for (let word = 0; word < 4; word++) {
    const from = word * 4;
    key[at + word] =
      from >= address.length
        ? 0
        : address.charCodeAt(from) |
          (address.charCodeAt(from + 1) << 8) |
          (address.charCodeAt(from + 2) << 16) |
          (address.charCodeAt(from + 3) << 24);
  }
}
