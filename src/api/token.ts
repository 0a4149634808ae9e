/**
 * Tokens and their hashes. A hash is text, `scrypt$N$r$p$salt$key` with salt and key in base64url, so that cost
 * can rise later and old hashes keep working. A token may be a password of a person's choice.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

interface Cost {
  /** A power of two. */
  n: number;
  r: number;
  p: number;
}

/** 16 MiB and about 0.2 s of one core. */
const COST: Cost = { n: 16_384, r: 8, p: 5 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** What a hash of somebody else's making may cost: 128 MiB. */
const MOST_MEMORY_BYTES = 134_217_728;
const MOST_P = 16;

/** Longer ones are refused before anything is computed. */
export const MOST_TOKEN_LENGTH = 256;
export const LEAST_TOKEN_LENGTH = 8;

interface Parts {
  cost: Cost;
  salt: Buffer;
  key: Buffer;
}

function derive(token: string, salt: Buffer, keyBytes: number, { n, r, p }: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(token.normalize('NFC'), salt, keyBytes, { N: n, r, p, maxmem: 2 * MOST_MEMORY_BYTES }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function partsOf(hash: string): Parts | null {
  const match = /^scrypt\$(\d{1,7})\$(\d{1,3})\$(\d{1,3})\$([\w-]{16,128})\$([\w-]{22,128})$/.exec(hash);
  if (match === null) return null;
  const [n, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (n < 2 || (n & (n - 1)) !== 0 || r < 1 || p < 1 || p > MOST_P || 128 * n * r > MOST_MEMORY_BYTES) return null;
  return { cost: { n, r, p }, salt: Buffer.from(match[4], 'base64url'), key: Buffer.from(match[5], 'base64url') };
}

/** Whether a text is a hash that `verifyToken` can work with. */
export function isTokenHash(hash: string): boolean {
  return partsOf(hash) !== null;
}

/** 256 random bits as text: `weir_` and 43 letters, digits, `-` and `_`. */
export function newToken(): string {
  return `weir_${randomBytes(32).toString('base64url')}`;
}

/** The hash of a token, with a salt of its own. `cost` is for tests. */
export async function hashToken(token: string, cost: Cost = COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(token, salt, KEY_BYTES, cost);
  return `scrypt$${cost.n}$${cost.r}$${cost.p}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

/** Compares in constant time; false also for a hash that is none. Runs on the thread pool. */
export async function verifyToken(token: string, hash: string): Promise<boolean> {
  const parts = partsOf(hash);
  if (parts === null || token.length > MOST_TOKEN_LENGTH) return false;
  const key = await derive(token, parts.salt, parts.key.length, parts.cost);
  return timingSafeEqual(key, parts.key);
}
