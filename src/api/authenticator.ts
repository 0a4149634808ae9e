/**
 * Decides who asks. A token costs one scrypt per stored hash the first time it is seen; after that its keyed digest is
 * known, right or wrong, so that neither requests nor guesses repeat the cost.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { FailedLogins } from './failed-logins.ts';
import type { ApiLimits, ApiLog, ApiToken } from './options.ts';
import type { Principal } from './principal.ts';
import { ApiProblem } from './problem.ts';
import { RecentMap } from './recent-map.ts';
import { SessionTable } from './session-table.ts';
import { LEAST_TOKEN_LENGTH, MOST_TOKEN_LENGTH, verifyToken } from './token.ts';

const MOST_KNOWN = 1024;
/** Tokens that are being verified at once; more wait for the client's next try. */
const MOST_VERIFYING = 8;

export class Authenticator {
  readonly sessions: SessionTable;
  readonly #tokens: readonly ApiToken[];
  readonly #failures: FailedLogins;
  readonly #log: ApiLog;
  readonly #digestKey = randomBytes(32);
  readonly #known = new RecentMap<string, ApiToken | 'wrong'>(MOST_KNOWN);
  /** By digest: the same token in many requests at once is verified once. */
  readonly #verifying = new Map<string, Promise<ApiToken | 'wrong'>>();

  constructor(tokens: readonly ApiToken[], limits: ApiLimits, log: ApiLog, now: () => number = Date.now) {
    this.#tokens = tokens;
    this.#log = log;
    this.#failures = new FailedLogins(limits.failedLoginsPerMinute, now);
    this.sessions = new SessionTable(limits.sessionIdleMs, now);
  }

  /** Throws ApiProblem 401 for a wrong token, 429 for an address that tried too many. */
  async byToken(token: string, address: string): Promise<Principal> {
    const digest = createHmac('sha256', this.#digestKey).update(token).digest('base64url');
    let found = this.#known.get(digest);
    if (found === undefined || found === 'wrong') {
      const waitSecs = this.#failures.waitSecs(address);
      if (waitSecs > 0) throw new ApiProblem(429, `too many wrong tokens from ${address}`, { retryAfterSecs: waitSecs });
    }
    found ??= await this.#verify(token, digest);
    if (found !== 'wrong') return { role: found.role, name: found.name, by: 'token', isCurrent: () => true };
    this.#failures.count(address);
    this.#log.warn({ audit: 'login_failed', address }, 'a wrong token was refused');
    throw new ApiProblem(401, 'the token is not known', { hint: "make one with 'weir token'" });
  }

  async #verify(token: string, digest: string): Promise<ApiToken | 'wrong'> {
    if (token.length < LEAST_TOKEN_LENGTH || token.length > MOST_TOKEN_LENGTH) return 'wrong';
    const running = this.#verifying.get(digest);
    if (running !== undefined) return running;
    if (this.#verifying.size >= MOST_VERIFYING) {
      throw new ApiProblem(429, 'too many logins at once', { retryAfterSecs: 2 });
    }
    const verdict = this.#search(token);
    this.#verifying.set(digest, verdict);
    try {
      const found = await verdict;
      this.#known.set(digest, found);
      return found;
    } finally {
      this.#verifying.delete(digest);
    }
  }

  async #search(token: string): Promise<ApiToken | 'wrong'> {
    let found: ApiToken | 'wrong' = 'wrong';
    // All of them, one after the other: the time says nothing about which it was.
    for (const candidate of this.#tokens) {
      if (await verifyToken(token, candidate.hash)) found = candidate;
    }
    return found;
  }
}
