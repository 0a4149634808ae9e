/** Refusals as answers: every status of 400 and above has the body `Problem`. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { SensorError } from '../errors.ts';
import type { Problem } from './contract.ts';
import type { ApiLog } from './options.ts';
import { parameterProblem } from './parameter-problem.ts';

const CODES: Record<number, string> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'timeout',
  410: 'gone',
  413: 'too_large',
  414: 'too_large',
  415: 'unsupported_media_type',
  421: 'misdirected',
  429: 'too_many_requests',
  431: 'too_large',
  503: 'unavailable',
};

/** Thrown by a route; becomes the answer. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly statusCode: number;
  readonly hint: string | undefined;
  /** Seconds after which to ask again. */
  readonly retryAfterSecs: number | undefined;

  constructor(statusCode: number, message: string, options: { hint?: string; retryAfterSecs?: number } = {}) {
    super(message);
    this.statusCode = statusCode;
    this.hint = options.hint;
    this.retryAfterSecs = options.retryAfterSecs;
  }
}

export function problemBody(statusCode: number, message: string, hint?: string): Problem {
  return { error: CODES[statusCode] ?? 'internal', message, ...(hint === undefined ? {} : { hint }) };
}

/** 404 with the sentence. */
export function notFound(what: string): ApiProblem {
  return new ApiProblem(404, what);
}

function refusal(error: unknown): ApiProblem | null {
  if (error instanceof ApiProblem) return error;
  const bad = parameterProblem(error);
  if (bad !== null) return new ApiProblem(400, bad);
  if (error instanceof SensorError && (error.code === 'USAGE' || error.code === 'FILTER')) {
    return new ApiProblem(400, error.message, error.hint === undefined ? {} : { hint: error.hint });
  }
  if (error instanceof SensorError && error.code === 'STORE') return new ApiProblem(503, error.message, { retryAfterSecs: 5 });
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) return new ApiProblem(statusCode, String(message));
  return null;
}

function send(reply: FastifyReply, problem: ApiProblem): FastifyReply {
  if (problem.retryAfterSecs !== undefined) reply.header('retry-after', problem.retryAfterSecs);
  if (problem.statusCode === 401) reply.header('www-authenticate', 'Bearer realm="weir"');
  return reply
    .code(problem.statusCode)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(problemBody(problem.statusCode, problem.message, problem.hint)));
}

/** Answers to what routes throw. What is inside an unexpected error goes to the log, not to the client. */
export function answerProblems(app: FastifyInstance, log: ApiLog): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = refusal(error);
    if (problem !== null) return send(reply, problem);
    log.error({ err: error, method: request.method, route: request.routeOptions.url ?? null }, 'a request failed');
    return send(reply, new ApiProblem(500, 'the request failed; the log of the sensor says why'));
  });
}
