/** What routes work with. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { FlowLookups } from '../store/flow-line.ts';
import type { Authenticator } from './authenticator.ts';
import type { Hub } from './hub.ts';
import type { ApiLimits, ApiOptions } from './options.ts';
import type { OriginPolicy } from './origin-policy.ts';
import type { PageCache } from './page-cache.ts';
import { ApiProblem } from './problem.ts';
import type { ApiSources } from './sources.ts';

export type ApiApp = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;

export interface ApiContext {
  sources: ApiSources;
  options: ApiOptions;
  limits: ApiLimits;
  /** null where no token is asked for. */
  authenticator: Authenticator | null;
  policy: OriginPolicy;
  hub: Hub;
  lookups: FlowLookups;
  /** Pages of stored flows. */
  flowPages: PageCache;
}

/** Waits for the running sensor, but not for ever: throws ApiProblem 503 after `sourceTimeoutMs`. */
export async function answerOf<T>(context: ApiContext, question: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new ApiProblem(503, 'the running sensor did not answer in time', { retryAfterSecs: 5 }));
  }, context.limits.sourceTimeoutMs);
  try {
    return await Promise.race([question, late]);
  } finally {
    clearTimeout(timer);
  }
}
