/**
 * Refuses requests that have waited too long to be looked at, so that a server that was held up answers with 503 at once
 * instead of working through a queue that only grows. How long they have waited is how late a timer is: timers come before
 * sockets.
 */
import type { FastifyInstance } from 'fastify';
import { ApiProblem } from './problem.ts';

const EVERY_MS = 50;
const RETRY_SECS = 1;

/** Answered in any case: whoever watches the sensor must see that it lives. */
const ALWAYS = new Set(['/health', '/metrics', '/api/v1/health']);

export class LagGuard {
  readonly #mostMs: number;
  readonly #timer: NodeJS.Timeout;
  #due: number;
  #lateMs = 0;

  constructor(mostMs: number) {
    this.#mostMs = mostMs;
    this.#due = performance.now() + EVERY_MS;
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
    this.#timer.unref();
  }

  #look(): void {
    const now = performance.now();
    this.#lateMs = now - this.#due;
    this.#due = now + EVERY_MS;
  }

  watch(app: FastifyInstance): void {
    app.addHook('onRequest', (request, _reply, done) => {
      if (this.#lateMs <= this.#mostMs || ALWAYS.has(request.routeOptions.url ?? '')) return done();
      const late = `the request had to wait for ${(this.#lateMs / 1000).toFixed(1)} s before it was looked at`;
      done(new ApiProblem(503, late, { retryAfterSecs: RETRY_SECS, hint: 'the sensor is overloaded: ask less often' }));
    });
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
