/** The built dashboard as it is served. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApi, testTokens } from '../support/api-server.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const folder = new TemporaryFolder('dashboard');
let api: TestApi;
beforeAll(async () => {
  const root = folder.file('built');
  mkdirSync(join(root, 'assets'), { recursive: true });
  writeFileSync(join(root, 'index.html'), '<!doctype html><meta name="csp-nonce" content="__CSP_NONCE__"><div id="root"></div>');
  writeFileSync(join(root, 'assets', 'index-3f2a.js'), 'console.log(1)');
  writeFileSync(join(root, 'icon.svg'), '<svg/>');
  writeFileSync(join(root, '.secret'), 'hidden');
  writeFileSync(folder.file('outside.txt'), 'outside');
  api = await TestApi.start({ dashboardDir: root, auth: { tokens: await testTokens() } });
});
afterAll(async () => {
  await api.server.close();
  folder[Symbol.dispose]();
});

/** The path as it is, dots and all. */
const rawGet = (path: string) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    request({ host: '127.0.0.1', port: api.port, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });

describe('the dashboard', () => {
  it.each(['/', '/devices', '/devices/00:11:22:33:44:55', '/flows?state=live'])('its page is at %s, for everybody', async (path) => {
    const response = await api.fetch(path);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await response.text()).toContain('<div id="root">');
  });

  it('the page has a nonce of its own each time, which the policy knows', async () => {
    const nonceOf = async () => {
      const response = await api.fetch('/');
      const nonce = /content="([^"]+)"/.exec(await response.text())?.[1] ?? '';
      expect(response.headers.get('content-security-policy')).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(response.headers.get('content-security-policy')).toContain("script-src 'self';");
      return nonce;
    };
    const first = await nonceOf();
    expect(first).toMatch(/^[\w+/]{22}==$/);
    expect(await nonceOf()).not.toBe(first);
  });

  it('assets stay in caches, other files do not', async () => {
    const asset = await api.fetch('/assets/index-3f2a.js');
    expect([asset.status, asset.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect((await api.fetch('/icon.svg')).headers.get('cache-control')).toBe('no-cache');
    expect((await api.fetch('/')).headers.get('cache-control')).toBe('no-store');
  });

  it.each(['/assets/none.js', '/none.css', '/docs/none', '/.secret', '/index.html'])('404: %s', async (path) => {
    expect((await api.fetch(path)).status).toBe(404);
  });

  it('the API does not become a page', async () => {
    expect((await api.fetch('/api/v1/none')).status).toBe(401);
    expect((await api.fetch('/api/v1/devices')).status).toBe(401);
  });

  it.each([
    '/assets/',
    '/../outside.txt',
    '/assets/../../outside.txt',
    '/%2e%2e/outside.txt',
    '/..%2foutside.txt',
    '/assets/..%5c..%5coutside.txt',
    '/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '/assets/%00',
    '//etc/passwd',
    '/..;/outside.txt',
    '/%c0%ae%c0%ae/outside.txt',
  ])('no way out of its folder: %s', async (path) => {
    const { status, body } = await rawGet(path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body).not.toMatch(/^outside|root:/);
  });

  it('says so where it was not built', async () => {
    await using bare = await TestApi.start({ dashboardDir: folder.file('nothing-here') });
    const response = await bare.fetch('/');
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await response.text()).toContain('The dashboard is not part of this installation');
    expect((await bare.fetch('/devices')).status).toBe(404);
  });
});
