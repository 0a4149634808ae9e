/** Who may ask what: runs before everything else of every request, answers of unknown paths included. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiContext } from './context.ts';
import type { Asked } from './origin-policy.ts';
import { LOCAL_ADMIN, type Principal } from './principal.ts';
import { ApiProblem } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route; `viewer` where nothing is said. */
    access?: 'public' | 'viewer' | 'admin';
    /** Whether a ticket in the query will do. */
    ticket?: boolean;
  }
  interface FastifyRequest {
    /** Who asks; on public routes, whoever that is. */
    principal: Principal;
  }
}

const ANYBODY: Principal = { role: 'viewer', name: 'anybody', by: 'open', isCurrent: () => true };
const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

export const COOKIE_OPTIONS = { path: '/', httpOnly: true, sameSite: 'strict' } as const;

/** With TLS the prefix makes browsers insist on Secure, this host and this path. */
export const cookieName = (isSecure: boolean): string => (isSecure ? '__Host-weir_session' : 'weir_session');

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

function askedOf(request: FastifyRequest): Asked {
  const { headers } = request;
  return {
    host: headers.host,
    origin: headers.origin,
    fetchSite: single(headers['sec-fetch-site']),
    fetchMode: single(headers['sec-fetch-mode']),
    localAddress: request.socket.localAddress,
  };
}

/** Throws ApiProblem 403 for names that are not ours and for pages of others. */
function checkOrigin({ policy }: ApiContext, asked: Asked): void {
  if (!policy.isOwnHost(asked)) {
    throw new ApiProblem(403, 'this server does not answer to the name in Host', { hint: 'add the name to --allowed-hosts' });
  }
  if (asked.origin !== undefined && !policy.isOwnOrigin(asked)) throw new ApiProblem(403, 'a page of another origin may not ask');
  if (policy.isForeignFetch(asked)) throw new ApiProblem(403, 'a page of another site may not ask');
}

function bearerOf(request: FastifyRequest): string | null {
  const header = request.headers.authorization;
  if (header === undefined) return null;
  const match = /^Bearer +(\S+) *$/i.exec(header);
  if (match === null) throw new ApiProblem(401, "the Authorization header is not of the form 'Bearer TOKEN'");
  return match[1];
}

function ticketOf(request: FastifyRequest): string | null {
  const { ticket } = request.query as { ticket?: unknown };
  return request.routeOptions.config?.ticket === true && typeof ticket === 'string' ? ticket : null;
}

async function principalOf(context: ApiContext, request: FastifyRequest): Promise<Principal | null> {
  const { authenticator, options } = context;
  if (authenticator === null) return LOCAL_ADMIN;
  const token = bearerOf(request);
  if (token !== null) return authenticator.byToken(token, request.ip);
  const ticket = ticketOf(request);
  if (ticket !== null) return authenticator.sessions.takeTicket(ticket);
  const session = request.cookies[cookieName(options.tls !== null)];
  return session === undefined ? null : authenticator.sessions.find(session);
}

/** A cookie goes along with whatever page sends the request, so a change must show that the page was ours. */
function checkChange(request: FastifyRequest, principal: Principal, asked: Asked): void {
  if (READING.has(request.method) || asked.origin !== undefined || asked.fetchSite === 'same-origin') return;
  if (principal.by === 'session') throw new ApiProblem(403, 'a change with a session needs the Origin of its page');
}

/** The page and the files of the dashboard need no token; the API does not even tell which paths there are. */
function isOpen(request: FastifyRequest): boolean {
  const { config, url } = request.routeOptions;
  if (request.is404 || url === '/*') return !request.url.startsWith('/api/');
  return config?.access === 'public';
}

/** Needs the plugins for cookies and WebSockets to be there already: what it refuses must still be known as an upgrade. */
export function checkAccess(app: FastifyInstance, context: ApiContext): void {
  app.decorateRequest('principal', null as unknown as Principal);
  app.addHook('onRequest', async (request) => {
    const asked = askedOf(request);
    checkOrigin(context, asked);
    if (isOpen(request)) {
      request.principal = ANYBODY;
      return;
    }
    const principal = await principalOf(context, request);
    if (principal === null) {
      throw new ApiProblem(401, 'a token is needed', { hint: "send 'Authorization: Bearer TOKEN'; 'weir token' makes one" });
    }
    checkChange(request, principal, asked);
    if (request.routeOptions.config?.access === 'admin' && principal.role !== 'admin') {
      throw new ApiProblem(403, `'${principal.name}' is a viewer, and this is for administrators`);
    }
    request.principal = principal;
  });
}
