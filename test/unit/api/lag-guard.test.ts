import { setTimeout as sleep } from 'node:timers/promises';
import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { LagGuard } from '../../../src/api/lag-guard.ts';
import { answerProblems } from '../../../src/api/problem.ts';

const nowhere = { debug() {}, info() {}, warn() {}, error() {} };

/** Nothing else runs meanwhile. */
function holdUp(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until) {
    // Only time has to pass.
  }
}

describe('requests to a server that was held up', () => {
  it('are refused at once, but not those of who watches it, and answered when it is on time again', async () => {
    const app = fastify();
    const guard = new LagGuard(100);
    answerProblems(app, nowhere);
    guard.watch(app);
    for (const url of ['/flows', '/health']) app.get(url, () => 'here');
    await app.ready();
    holdUp(400);
    // The timer has its turn first, as it has before requests that waited in their sockets.
    await sleep(1);
    const refused = await app.inject('/flows');
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1']);
    expect(refused.json()).toMatchObject({ error: 'unavailable', message: expect.stringMatching(/^the request had to wait for 0\.\d s/) });
    expect((await app.inject('/health')).statusCode).toBe(200);
    await expect.poll(async () => (await app.inject('/flows')).statusCode).toBe(200);
    guard.close();
    await app.close();
  });

  it('that is never late are all answered', async () => {
    const app = fastify();
    const guard = new LagGuard(60_000);
    guard.watch(app);
    app.get('/flows', () => 'here');
    holdUp(120);
    await sleep(1);
    expect((await app.inject('/flows')).statusCode).toBe(200);
    guard.close();
    await app.close();
  });
});
