/**
 * AES-128 of a single block (FIPS 197), for the mask of QUIC's header protection. A cipher object of OpenSSL, which is right for
 * anything longer, takes 20 times as long to make as this takes to encrypt 16 bytes.
 */
const ROUNDS = 10;
const KEY_WORDS = 4;

const sbox = new Uint8Array(256);
/** SubBytes and MixColumns of the first byte of a column; the others are the same, turned. */
const columns = new Int32Array(256);

function twice(byte: number): number {
  return (byte << 1) ^ ((byte & 0x80) !== 0 ? 0x11b : 0);
}

function fillTables(): void {
  // p runs through the powers of 3, q through those of its inverse: q is the inverse of p (section 5.1.1).
  let p = 1;
  let q = 1;
  do {
    p = (p ^ twice(p)) & 0xff;
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q &= 0xff;
    if ((q & 0x80) !== 0) q ^= 0x09;
    const turned = q ^ (q << 1) ^ (q << 2) ^ (q << 3) ^ (q << 4);
    sbox[p] = (turned ^ (turned >> 8) ^ 0x63) & 0xff;
  } while (p !== 1);
  sbox[0] = 0x63;
  for (let i = 0; i < 256; i++) {
    const s = sbox[i];
    const s2 = twice(s);
    columns[i] = (s2 << 24) | (s << 16) | (s << 8) | (s2 ^ s);
  }
}
fillTables();

function substituted(word: number): number {
  return (sbox[word >>> 24] << 24) | (sbox[(word >>> 16) & 255] << 16) | (sbox[(word >>> 8) & 255] << 8) | sbox[word & 255];
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

/** The round keys of a key of 16 bytes, for `encryptBlock`. */
export function expandKey(key: Uint8Array): Int32Array {
  const words = new Int32Array(KEY_WORDS * (ROUNDS + 1));
  for (let i = 0; i < KEY_WORDS; i++) words[i] = wordAt(key, 4 * i);
  let constant = 1;
  for (let i = KEY_WORDS; i < words.length; i++) {
    let word = words[i - 1];
    if (i % KEY_WORDS === 0) {
      word = substituted((word << 8) | (word >>> 24)) ^ (constant << 24);
      constant = twice(constant);
    }
    words[i] = words[i - KEY_WORDS] ^ word;
  }
  return words;
}

function mixed(a: number, b: number, c: number, d: number): number {
  const second = columns[(b >>> 16) & 255];
  const third = columns[(c >>> 8) & 255];
  const fourth = columns[d & 255];
  return columns[a >>> 24] ^ ((second >>> 8) | (second << 24)) ^ ((third >>> 16) | (third << 16)) ^ ((fourth >>> 24) | (fourth << 8));
}

function last(a: number, b: number, c: number, d: number): number {
  return (sbox[a >>> 24] << 24) | (sbox[(b >>> 16) & 255] << 16) | (sbox[(c >>> 8) & 255] << 8) | sbox[d & 255];
}

/** Encrypts the 16 bytes at `at` into the four words of `out`, most significant byte first. */
export function encryptBlock(keys: Int32Array, bytes: Uint8Array, at: number, out: Int32Array): void {
  let a = wordAt(bytes, at) ^ keys[0];
  let b = wordAt(bytes, at + 4) ^ keys[1];
  let c = wordAt(bytes, at + 8) ^ keys[2];
  let d = wordAt(bytes, at + 12) ^ keys[3];
  let k = KEY_WORDS;
  for (let round = 1; round < ROUNDS; round++, k += KEY_WORDS) {
    const e = mixed(a, b, c, d) ^ keys[k];
    const f = mixed(b, c, d, a) ^ keys[k + 1];
    const g = mixed(c, d, a, b) ^ keys[k + 2];
    d = mixed(d, a, b, c) ^ keys[k + 3];
    a = e;
    b = f;
    c = g;
  }
  out[0] = last(a, b, c, d) ^ keys[k];
  out[1] = last(b, c, d, a) ^ keys[k + 1];
  out[2] = last(c, d, a, b) ^ keys[k + 2];
  out[3] = last(d, a, b, c) ^ keys[k + 3];
}
