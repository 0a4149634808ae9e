/** What must not work: without a token, with too little of one, from other pages, and by brute force on sockets. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { TestApi, TOKENS, testTokens } from '../support/api-server.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start({ auth: { tokens: await testTokens() }, limits: { failedLoginsPerMinute: 1000 } });
  api.sensor.tick();
});
afterAll(async () => {
  await api.server.close();
});

interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Unlike fetch, sends the path and the headers as they are given. */
function rawRequest(path: string, headers: Record<string, string> = {}, method = 'GET', body: Buffer | string = ''): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port: api.port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const viewer = { authorization: `Bearer ${TOKENS.viewer}` };
const admin = { authorization: `Bearer ${TOKENS.admin}` };
const acknowledge = '/api/v1/alerts/a1e4700000000000/acknowledge';

/** Resolves to the status that refused the upgrade, or `open`. */
function upgrade(path: string, headers: Record<string, string>, port = api.port): Promise<number | 'open'> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    socket.on('open', () => {
      resolve('open');
      socket.close();
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      response.resume();
    });
    socket.on('error', () => {});
  });
}

describe('tokens and roles', () => {
  const routes = [
    '/api/v1/stats',
    '/api/v1/devices',
    '/api/v1/flows',
    '/api/v1/alerts',
    '/api/v1/topology',
    '/api/v1/config',
    '/api/v1/session',
    '/api/v1/openapi.json',
    '/api/v1/no-such-route',
    '/chart/data.json',
    '/docs',
    '/metrics',
    '/health',
  ];

  it.each(routes)('401 without a token, and with a wrong one: %s', async (path) => {
    const without = await rawRequest(path);
    expect([without.status, without.headers['www-authenticate']]).toEqual([401, 'Bearer realm="weir"']);
    expect(JSON.parse(without.body)).toMatchObject({ error: 'unauthorized' });
    expect((await rawRequest(path, { authorization: 'Bearer not-the-right-token' })).status).toBe(401);
    expect((await rawRequest(path, { authorization: `Basic ${TOKENS.admin}` })).status).toBe(401);
    expect((await rawRequest(path, { cookie: 'weir_session=AAAA' })).status).toBe(401);
  });

  it('a viewer sees everything but the settings, and changes nothing', async () => {
    expect((await rawRequest('/api/v1/flows', viewer)).status).toBe(200);
    expect((await rawRequest('/api/v1/config', viewer)).status).toBe(403);
    expect((await rawRequest(acknowledge, viewer, 'POST')).status).toBe(403);
    expect((await rawRequest(acknowledge, viewer, 'DELETE')).status).toBe(403);
    expect(api.sensor.alerts[0].acknowledged).toBeNull();
  });

  it('an administrator acknowledges, takes it back, and the log tells', async () => {
    const json = { ...admin, 'content-type': 'application/json' };
    expect((await rawRequest('/api/v1/config', admin)).status).toBe(200);
    expect((await rawRequest(acknowledge, json, 'POST', '{"note":"my own scan"}')).status).toBe(204);
    expect(api.sensor.alerts[0].acknowledged).toMatchObject({ by: 'ada', note: 'my own scan' });
    expect((await rawRequest(acknowledge, admin, 'DELETE')).status).toBe(204);
    expect(api.sensor.alerts[0].acknowledged).toBeNull();
    const audit = api.log.filter(({ fields }) => fields.alert_id !== undefined).map(({ fields }) => [fields.audit, fields.by]);
    expect(audit).toEqual([
      ['acknowledged', 'ada'],
      ['acknowledgement_taken_back', 'ada'],
    ]);
    expect((await rawRequest('/api/v1/alerts/nothing/acknowledge', admin, 'POST')).status).toBe(404);
  });

  it('wrong tokens of one address are slowed down; the right one still works when it was known', async () => {
    await using strict = await TestApi.start({ auth: { tokens: await testTokens() }, limits: { failedLoginsPerMinute: 3 } });
    const status = async (token: string) => (await strict.fetch('/api/v1/session', { token })).status;
    expect(await status(TOKENS.viewer)).toBe(200);
    expect([await status('wrong-one-1'), await status('wrong-one-2'), await status('wrong-one-2')]).toEqual([401, 401, 401]);
    const refused = await strict.fetch('/api/v1/session', { token: 'wrong-one-3' });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await status(TOKENS.admin)).toBe(429);
    expect(await status(TOKENS.viewer)).toBe(200);
  });

  it('too many requests of one address are slowed down, unknown paths too', async () => {
    await using strict = await TestApi.start({ limits: { requestsPerMinute: 5 } });
    for (const path of ['/api/v1/session', '/api/v1/nothing']) {
      const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await strict.fetch(path)).status));
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(3);
    }
  });
});

describe('sessions', () => {
  const origin = () => ({ origin: `http://127.0.0.1:${api.port}` });
  const login = (token: string) =>
    rawRequest('/api/v1/session', { 'content-type': 'application/json', ...origin() }, 'POST', JSON.stringify({ token }));

  it('begin with a token, hold by cookie, and end', async () => {
    const answer = await login(TOKENS.admin);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { role: 'admin', authentication: true }]);
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^weir_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const session = { cookie: cookie.split(';', 1)[0] };
    expect((await rawRequest('/api/v1/config', session)).status).toBe(200);
    // The browser sends the cookie along with whatever page asks; a change needs more.
    expect((await rawRequest(acknowledge, session, 'POST')).status).toBe(403);
    expect((await rawRequest(acknowledge, { ...session, origin: 'http://evil.example' }, 'POST')).status).toBe(403);
    expect((await rawRequest(acknowledge, { ...session, ...origin() }, 'POST')).status).toBe(204);
    expect((await rawRequest('/api/v1/session', { ...session, ...origin() }, 'DELETE')).status).toBe(204);
    expect((await rawRequest('/api/v1/config', session)).status).toBe(401);
  });

  it('do not begin with a wrong token', async () => {
    const answer = await login('not-the-right-token');
    expect([answer.status, answer.headers['set-cookie']]).toEqual([401, undefined]);
    expect((await login('x'.repeat(300))).status).toBe(400);
  });

  it('a ticket opens one WebSocket, once', async () => {
    expect(await upgrade('/ws', {})).toBe(401);
    const { ticket } = (await api.json('/api/v1/ws-ticket', { method: 'POST', token: TOKENS.viewer })) as { ticket: string };
    expect((await rawRequest(`/api/v1/stats?ticket=${ticket}`)).status).toBe(401);
    expect(await upgrade(`/ws?ticket=${ticket}`, {})).toBe('open');
    expect(await upgrade(`/ws?ticket=${ticket}`, {})).toBe(401);
    expect(await upgrade('/ws', viewer)).toBe('open');
  });
});

describe('Host and Origin', () => {
  it.each(['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', '10.9.8.7', 'localhost.evil.example', 'a b'])(
    '403 for the name %s',
    async (host) => {
      expect((await rawRequest('/api/v1/stats', { ...viewer, host })).status).toBe(403);
      expect((await rawRequest('/', { host })).status).toBe(403);
      expect(await upgrade('/ws', { ...viewer, host })).toBe(403);
    },
  );

  it.each(['localhost', 'localhost:1234', '[::1]:80', '127.0.0.1'])('the name %s is ours', async (host) => {
    expect((await rawRequest('/api/v1/stats', { ...viewer, host })).status).toBe(200);
  });

  it.each(['http://evil.example', 'null', 'http://127.0.0.1:1', 'https://localhost:1', 'file://'])(
    '403 for a page of %s, WebSockets too',
    async (origin) => {
      expect((await rawRequest('/api/v1/stats', { ...viewer, origin })).status).toBe(403);
      expect(await upgrade('/ws', { ...viewer, origin })).toBe(403);
    },
  );

  it('our own page may ask; no answer allows other origins', async () => {
    const own = await rawRequest('/api/v1/stats', { ...viewer, origin: `http://127.0.0.1:${api.port}` });
    expect(own.status).toBe(200);
    expect(Object.keys(own.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect(await upgrade('/ws', { ...viewer, origin: `http://127.0.0.1:${api.port}` })).toBe('open');
    expect((await rawRequest('/api/v1/stats', { ...viewer, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).status).toBe(
      403,
    );
  });

  it('names that are allowed', async () => {
    await using named = await TestApi.start({ allowedHosts: ['sensor.example'] });
    const ask = (host: string) =>
      new Promise<number>((resolve, reject) => {
        request({ host: '127.0.0.1', port: named.port, path: '/api/v1/session', headers: { host }, agent: false }, (response) => {
          resolve(response.statusCode ?? 0);
          response.resume();
        })
          .on('error', reject)
          .end();
      });
    expect([await ask('sensor.example'), await ask('Sensor.Example:9'), await ask('other.example')]).toEqual([200, 200, 403]);
    await expect(TestApi.start({ allowedHosts: ['http://x/'] })).rejects.toMatchObject({ code: 'CONFIG' });
  });
});

describe('headers', () => {
  it('of every answer keep pages in their place', async () => {
    for (const path of ['/', '/api/v1/stats', '/docs', '/nothing']) {
      const { headers } = await rawRequest(path, viewer);
      expect(headers['content-security-policy']).toMatch(
        /^default-src 'self'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'/,
      );
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' });
    }
  });
});

describe('hostile clients', () => {
  it('10 MB of body', async () => {
    const json = { ...admin, 'content-type': 'application/json' };
    const body = Buffer.alloc(10_000_000, 0x20);
    const outcome = await rawRequest(acknowledge, { ...json, 'content-length': String(body.length) }, 'POST', body).catch(
      (error: Error) => error,
    );
    if (!(outcome instanceof Error)) expect(outcome.status).toBe(413);
    const chunked = await rawRequest(acknowledge, { ...json, 'transfer-encoding': 'chunked' }, 'POST', body).catch((error: Error) => error);
    if (!(chunked instanceof Error)) expect(chunked.status).toBe(413);
    expect((await rawRequest('/api/v1/stats', viewer)).status).toBe(200);
    const small = await rawRequest(acknowledge, json, 'POST', Buffer.alloc(70_000, 0x20));
    expect([small.status, JSON.parse(small.body).error]).toEqual([413, 'too_large']);
  });

  it('bodies that are no JSON', async () => {
    const as = (type: string, body: string) => rawRequest(acknowledge, { ...admin, 'content-type': type }, 'POST', body);
    expect((await as('text/plain', 'x')).status).toBe(415);
    expect((await as('application/json', '{')).status).toBe(400);
    expect((await as('application/json', '{"note":1,"__proto__":{}}')).status).toBe(400);
    expect((await as('application/json', '{"other":"x"}')).status).toBe(400);
  });

  it('headers that come too slowly', async () => {
    await using strict = await TestApi.start({ limits: { headersTimeoutMs: 300 } });
    const socket = connect(strict.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n');
    let drips = 0;
    const drip = setInterval(() => {
      drips++;
      socket.write('X-Drip: 1\r\n');
    }, 100);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
    expect(drips).toBeLessThan(50);
  });

  it('1,000 idle sockets keep nobody out', async () => {
    await using strict = await TestApi.start({ limits: { connections: 100, headersTimeoutMs: 600_000, requestTimeoutMs: 600_000 } });
    const sockets: Socket[] = [];
    let closed = 0;
    for (let count = 0; count < 1000; count++) {
      const socket = connect(strict.port, '127.0.0.1').resume();
      socket.on('error', () => {});
      socket.on('close', () => {
        closed++;
      });
      sockets.push(socket);
    }
    await wait(500);
    // Whoever had to wait for one of them to go would wait for longer than this test may take.
    expect((await strict.fetch('/api/v1/session')).status).toBe(200);
    await expect.poll(() => closed, { timeout: 10_000 }).toBeGreaterThanOrEqual(900);
    for (const socket of sockets) socket.destroy();
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasOpenssl)('TLS', () => {
  it('covers every route and the WebSocket, and its cookie is for this host alone', async () => {
    using folder = new TemporaryFolder('tls');
    const [certFile, keyFile] = [folder.file('cert.pem'), folder.file('key.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      keyFile,
      '-out',
      certFile,
      '-days',
      '2',
      ...subject,
    ]);
    expect(made.status).toBe(0);
    const tls = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
    await using secure = await TestApi.start({ tls, auth: { tokens: await testTokens() } });
    expect(secure.url).toMatch(/^https:/);
    const ask = (path: string, method: string, headers: Record<string, string>, body = '') =>
      new Promise<{ status: number; cookie: string }>((resolve, reject) => {
        const outgoing = requestTls(
          { host: '127.0.0.1', port: secure.port, path, method, headers, ca: tls.cert, agent: false },
          (response) => {
            response.resume();
            resolve({ status: response.statusCode ?? 0, cookie: response.headers['set-cookie']?.[0] ?? '' });
          },
        );
        outgoing.on('error', reject);
        outgoing.end(body);
      });
    const json = { origin: secure.url, 'content-type': 'application/json' };
    const login = await ask('/api/v1/session', 'POST', json, JSON.stringify({ token: TOKENS.viewer }));
    expect(login.cookie).toMatch(/^__Host-weir_session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    const cookie = login.cookie.split(';', 1)[0] ?? '';
    expect((await ask('/api/v1/session', 'GET', { cookie })).status).toBe(200);
    expect((await ask('/health', 'GET', {})).status).toBe(401);
    const opened = await new Promise<string>((resolve) => {
      const socket = new WebSocket(`wss://127.0.0.1:${secure.port}/ws`, { ca: tls.cert, headers: { cookie, origin: secure.url } });
      socket.on('message', (text) => {
        resolve((text as Buffer).toString());
        socket.close();
      });
      socket.on('error', (error) => resolve(error.message));
    });
    expect(opened).toContain('"hello"');
    // Plain HTTP on this port is no way in.
    await expect(fetch(`http://127.0.0.1:${secure.port}/health`)).rejects.toThrow();
  });

  it('a key that does not fit is refused with what is wrong', async () => {
    await expect(TestApi.start({ tls: { cert: 'nonsense', key: 'nonsense' } })).rejects.toMatchObject({ code: 'CONFIG' });
  });
});
