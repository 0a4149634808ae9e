/** Who may listen where, which names and pages are ours, and who has to wait. */
import { describe, expect, it } from 'vitest';
import { Authenticator } from '../../../src/api/authenticator.ts';
import { checkBind, isLoopback } from '../../../src/api/bind.ts';
import { clientKey, FailedLogins } from '../../../src/api/failed-logins.ts';
import { type ApiLog, DEFAULT_LIMITS } from '../../../src/api/options.ts';
import { type Asked, OriginPolicy, parseHost } from '../../../src/api/origin-policy.ts';
import { RecentMap } from '../../../src/api/recent-map.ts';
import { SessionTable } from '../../../src/api/session-table.ts';
import { TOKENS, testTokens } from '../../support/api-server.ts';

const auth = { tokens: [{ role: 'admin', name: 'ada', hash: 'x' }] } as const;

describe('the address to bind', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost', '::ffff:127.0.0.1'])('%s needs no token', (bind) => {
    expect(isLoopback(bind)).toBe(true);
    expect(() => checkBind({ bind, auth: null })).not.toThrow();
  });

  it.each(['0.0.0.0', '::', '192.168.1.1', 'fe80::1', '1.127.0.0'])('%s needs one, and the refusal says how to make it', (bind) => {
    expect(() => checkBind({ bind, auth: null })).toThrow(
      expect.objectContaining({ code: 'CONFIG', message: expect.stringContaining(bind), hint: expect.stringContaining('weir token') }),
    );
    expect(() => checkBind({ bind, auth: { tokens: [...auth.tokens] } })).not.toThrow();
    expect(() => checkBind({ bind, auth: { tokens: [] } })).toThrow(/no token/);
  });

  it.each(['', 'sensor.example', '127.0.0.1:80', '127.0.0.1.evil.example'])('%j is no address', (bind) => {
    expect(isLoopback(bind)).toBe(false);
    expect(() => checkBind({ bind, auth: null })).toThrow(/is not an IP address/);
  });
});

describe('hosts and origins', () => {
  const asked = (host: string, origin?: string): Asked => ({
    host,
    origin,
    fetchSite: undefined,
    fetchMode: undefined,
    localAddress: '::ffff:192.168.1.5',
  });
  const policy = new OriginPolicy(['sensor.example', 'proxy.example:8443'], () => [8080]);

  it.each([
    ['sensor.example', { name: 'sensor.example', port: null }],
    ['Sensor.Example.:81', { name: 'sensor.example', port: 81 }],
    ['[::1]:8080', { name: '::1', port: 8080 }],
    ['[::zz]', null],
    ['::1', null],
    ['a:b', null],
    ['a:99999', null],
    ['a/b', null],
    ['user@a', null],
    ['', null],
  ])('%j is read as a host', (text, host) => {
    expect(parseHost(text)).toEqual(host);
  });

  it.each([
    ['192.168.1.5:8080', true],
    ['sensor.example:99', true],
    ['proxy.example:8443', true],
    ['proxy.example', false],
    ['192.168.1.6:8080', false],
    ['sensor.example.evil.example', false],
  ])('%s is our name: %s', (host, isOwn) => {
    expect(policy.isOwnHost(asked(host))).toBe(isOwn);
  });

  it.each([
    ['sensor.example:8080', 'http://sensor.example:8080', true],
    ['sensor.example:8081', 'http://sensor.example:8080', true],
    ['sensor.example', 'https://sensor.example', true],
    ['sensor.example', 'http://sensor.example', true],
    ['sensor.example:8080', 'https://proxy.example:8443', true],
    ['localhost:8080', 'http://localhost:3000', false],
    ['localhost:8080', 'http://127.0.0.1:8080', false],
    ['sensor.example:8080', 'https://proxy.example', false],
    ['sensor.example:8080', 'null', false],
    ['sensor.example:8080', 'ftp://sensor.example:8080', false],
    ['sensor.example:8080', 'http://sensor.example:8080/path', false],
  ])('asked as %s, the page %s is ours: %s', (host, origin, isOwn) => {
    expect(policy.isOwnOrigin(asked(host, origin))).toBe(isOwn);
  });
});

describe('who has to wait', () => {
  it('an address, after so many wrong tokens, for a minute', () => {
    let now = 0;
    const failures = new FailedLogins(2, () => now);
    failures.count('10.0.0.1');
    expect(failures.waitSecs('10.0.0.1')).toBe(0);
    failures.count('::ffff:10.0.0.1');
    expect(failures.waitSecs('10.0.0.1')).toBe(60);
    expect(failures.waitSecs('10.0.0.2')).toBe(0);
    now = 60_000;
    expect(failures.waitSecs('10.0.0.1')).toBe(0);
  });

  it('IPv6 by its /64', () => {
    expect(clientKey('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
    expect(clientKey('2001:db8:1:2::6')).toBe('2001:db8:1:2');
    expect(clientKey('2001:db8::6')).toBe('2001:db8:0:0');
    expect(clientKey('::1')).toBe('0:0:0:0');
    expect(clientKey('::')).toBe('0:0:0:0');
    expect(clientKey('10.0.0.1')).toBe('10.0.0.1');
  });
});

describe('the authenticator', () => {
  const silent: ApiLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

  it('knows roles, verifies the same token once, and counts what is wrong', async () => {
    const authenticator = new Authenticator(await testTokens(), { ...DEFAULT_LIMITS, failedLoginsPerMinute: 2 }, silent, () => 0);
    const answers = await Promise.all(Array.from({ length: 50 }, () => authenticator.byToken(TOKENS.admin, '10.0.0.1')));
    expect(answers.every(({ role, name }) => role === 'admin' && name === 'ada')).toBe(true);
    await expect(authenticator.byToken('wrong-token-a', '10.0.0.1')).rejects.toMatchObject({ statusCode: 401 });
    await expect(authenticator.byToken('short', '10.0.0.1')).rejects.toMatchObject({ statusCode: 401 });
    await expect(authenticator.byToken('wrong-token-b', '10.0.0.1')).rejects.toMatchObject({ statusCode: 429, retryAfterSecs: 60 });
    expect((await authenticator.byToken(TOKENS.viewer, '10.0.0.2')).role).toBe('viewer');
  });
});

describe('sessions', () => {
  const ada = { role: 'admin', name: 'ada' } as const;

  it('end when they are idle, closed, or pushed out', () => {
    let now = 0;
    const table = new SessionTable(1000, () => now);
    const used = table.open(ada);
    const idle = table.open(ada);
    const principal = table.find(used);
    now = 900;
    expect(table.find(used)).toMatchObject({ role: 'admin', name: 'ada', by: 'session' });
    now = 1100;
    expect(table.find(idle)).toBeNull();
    expect(principal?.isCurrent()).toBe(true);
    table.close(used);
    expect([table.find(used), principal?.isCurrent()]).toEqual([null, false]);
    const first = table.open(ada);
    for (let count = 0; count < 256; count++) table.open(ada);
    expect(table.find(first)).toBeNull();
  });

  it('give tickets for 30 s', () => {
    let now = 0;
    const table = new SessionTable(100_000, () => now);
    const principal = table.find(table.open(ada));
    if (principal === null) throw new Error('no session');
    const [early, late] = [table.openTicket(principal), table.openTicket(principal)];
    now = 29_999;
    expect(table.takeTicket(early)).toMatchObject({ name: 'ada', by: 'ticket' });
    expect(table.takeTicket(early)).toBeNull();
    now = 30_000;
    expect(table.takeTicket(late)).toBeNull();
  });
});

describe('the map of recent entries', () => {
  it('forgets what was not used longest', () => {
    const map = new RecentMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect(map.get('a')).toBe(1);
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2]);
  });
});
