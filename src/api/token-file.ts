/**
 * The token file: lines `name:role:hash` with `#` comments, or JSON, `[{"name": …, "role": …, "hash": …}]` (also under
 * `tokens`). Whoever can write it can log in, so reading it and checking its mode is the caller's.
 */
import { SensorError } from '../errors.ts';
import type { ApiToken } from './options.ts';
import { isTokenHash } from './token.ts';

/** Each wrong login costs one scrypt per token, so there are few. */
export const MOST_TOKENS = 32;

const HINT = "lines are name:role:hash, role viewer or admin; 'weir token' prints one";

type Fail = (message: string) => never;

function checked(entry: { name: unknown; role: unknown; hash: unknown }, fail: Fail): ApiToken {
  const { name, role, hash } = entry;
  if (typeof name !== 'string' || !/^[\p{L}\p{N} ._@-]{1,64}$/u.test(name)) {
    return fail('the name may have letters, digits, spaces and . _ @ - only, 1 to 64 of them');
  }
  if (role !== 'viewer' && role !== 'admin') return fail(`role '${String(role).slice(0, 40)}' is neither viewer nor admin`);
  if (typeof hash !== 'string' || !isTokenHash(hash)) return fail('the hash is not of the form scrypt$N$r$p$salt$key');
  return { name, role, hash };
}

function fromLines(text: string, failAt: (where: string) => Fail): ApiToken[] {
  const tokens: ApiToken[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const fail = failAt(`line ${index + 1}`);
    const [name, role, hash, ...rest] = line.split(':');
    if (hash === undefined || rest.length > 0) fail('a line has three parts, name:role:hash');
    tokens.push(checked({ name: name.trim(), role: role?.trim(), hash: hash?.trim() }, fail));
  });
  return tokens;
}

function fromJson(text: string, failAt: (where: string) => Fail): ApiToken[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    failAt('JSON')((error as Error).message);
  }
  const list: unknown = Array.isArray(parsed) ? parsed : (parsed as { tokens?: unknown } | null)?.tokens;
  if (!Array.isArray(list)) return failAt('JSON')('there is no list of tokens');
  return list.map((entry: unknown, index) => {
    const fail = failAt(`token ${index + 1}`);
    if (typeof entry !== 'object' || entry === null) return fail('it is not an object');
    return checked(entry as ApiToken, fail);
  });
}

/** Throws SensorError CONFIG that names the file and the line (of JSON: the entry). `path` is for messages only. */
export function parseTokenFile(text: string, path: string): ApiToken[] {
  const failAt =
    (where: string): Fail =>
    (message) => {
      throw new SensorError('CONFIG', `token file ${path}, ${where}: ${message}`, { hint: HINT, detail: { path, where } });
    };
  const plain = text.replace(/^\uFEFF/, '');
  const tokens = /^\s*[[{]/.test(plain) ? fromJson(plain, failAt) : fromLines(plain, failAt);
  if (tokens.length === 0) failAt('line 1')('it holds no token');
  if (tokens.length > MOST_TOKENS) failAt(`token ${MOST_TOKENS + 1}`)(`there may be ${MOST_TOKENS} at most`);
  return tokens;
}
