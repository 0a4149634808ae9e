import { describe, expect, it } from 'vitest';
import { hashToken, isTokenHash, newToken, verifyToken } from '../../../src/api/token.ts';
import { MOST_TOKENS, parseTokenFile } from '../../../src/api/token-file.ts';
import { SensorError } from '../../../src/errors.ts';

const CHEAP = { n: 2, r: 1, p: 1 };

describe('tokens', () => {
  it('are long, random, and verified by their hash alone', async () => {
    const token = newToken();
    expect(token).toMatch(/^weir_[\w-]{43}$/);
    expect(newToken()).not.toBe(token);
    const hash = await hashToken(token);
    expect(hash).toMatch(/^scrypt\$16384\$8\$5\$[\w-]{22}\$[\w-]{43}$/);
    expect(hash).not.toContain(token);
    expect(await verifyToken(token, hash)).toBe(true);
    expect(await verifyToken(`${token}x`, hash)).toBe(false);
    expect(await verifyToken('', hash)).toBe(false);
  });

  it('have another hash each time', async () => {
    expect(await hashToken('the same', CHEAP)).not.toBe(await hashToken('the same', CHEAP));
  });

  it('are the same in both forms of Unicode', async () => {
    expect(await verifyToken('gru\u0308n', await hashToken('gr\u00fcn', CHEAP))).toBe(true);
  });

  it.each([
    '',
    'scrypt$16384$8$5$c2FsdHNhbHRzYWx0c2FsdA',
    'scrypt$3$8$1$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdHNhbHQ',
    'scrypt$0$8$1$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdHNhbHQ',
    'scrypt$4194304$8$1$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdHNhbHQ',
    'scrypt$16384$8$999$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdHNhbHQ',
    'bcrypt$16384$8$5$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdHNhbHQ',
  ])('a hash that is none, or costs too much, is refused: %s', async (hash) => {
    expect(isTokenHash(hash)).toBe(false);
    expect(await verifyToken('anything', hash)).toBe(false);
  });
});

describe('the token file', () => {
  const hash = 'scrypt$2$1$1$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdHNhbHQ';
  const refusal = (text: string): string => {
    try {
      parseTokenFile(text, '/etc/weir/tokens');
    } catch (error) {
      if (error instanceof SensorError && error.code === 'CONFIG' && error.hint !== undefined) return error.message;
      throw error;
    }
    return 'accepted';
  };

  it('has lines, comments and empty lines', () => {
    expect(parseTokenFile(`\uFEFF# ours\r\n\r\nada:admin:${hash}\r\n vera : viewer : ${hash} \n`, 'x')).toEqual([
      { name: 'ada', role: 'admin', hash },
      { name: 'vera', role: 'viewer', hash },
    ]);
  });

  it('or JSON, as a list or under tokens', () => {
    const entry = { name: 'ada', role: 'admin', hash };
    expect(parseTokenFile(JSON.stringify([entry]), 'x')).toEqual([entry]);
    expect(parseTokenFile(JSON.stringify({ tokens: [entry] }), 'x')).toEqual([entry]);
  });

  it.each<[string, RegExp]>([
    ['', /holds no token/],
    ['# nothing', /holds no token/],
    [`# x\nada:admin`, /^token file \/etc\/weir\/tokens, line 2: a line has three parts/],
    [`ada:root:${hash}`, /line 1: role 'root' is neither viewer nor admin/],
    ['ada:admin:secret', /line 1: the hash is not of the form scrypt/],
    [`a\u0000b:admin:${hash}`, /line 1: the name may have/],
    ['{', /JSON: /],
    ['{}', /JSON: there is no list/],
    ['[1]', /token 1: it is not an object/],
    ['[{"name":"ada","role":"admin"}]', /token 1: the hash is not/],
    [`ada:admin:${hash}\n`.repeat(MOST_TOKENS + 1), /there may be 32 at most/],
  ])('%j is refused with its line', (text, message) => {
    expect(refusal(text)).toMatch(message);
  });

  it('never shows a token that somebody wrote in place of a hash', () => {
    expect(refusal('ada:admin:my-secret-token')).not.toContain('my-secret-token');
  });
});
