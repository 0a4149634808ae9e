/** The API server: HTTP and WebSocket over what a running sensor knows. It opens nothing but its ports. */
import type { AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { type FastifyInstance, fastify } from 'fastify';
import { SensorError } from '../errors.ts';
import { NO_LOOKUPS } from '../store/flow-line.ts';
import { version } from '../version.ts';
import { checkAccess } from './access.ts';
import { Authenticator } from './authenticator.ts';
import { checkBind } from './bind.ts';
import { ConnectionLimit } from './connection-limit.ts';
import type { ApiApp, ApiContext } from './context.ts';
import { addDashboard } from './dashboard-files.ts';
import { clientKey } from './failed-logins.ts';
import { Hub } from './hub.ts';
import { LagGuard } from './lag-guard.ts';
import { MetricsPage } from './metrics-page.ts';
import { collectOpenApi, openApiRoutes } from './openapi.ts';
import { type ApiOptions, BODY_LIMIT, DEFAULT_LIMITS } from './options.ts';
import { OriginPolicy, parseHost } from './origin-policy.ts';
import { PageCache } from './page-cache.ts';
import { ApiProblem, answerProblems } from './problem.ts';
import { alertRoutes } from './routes/alert-routes.ts';
import { deviceRoutes } from './routes/device-routes.ts';
import { flowRoutes } from './routes/flow-routes.ts';
import { operationRoutes } from './routes/operation-routes.ts';
import { packetRoutes } from './routes/packet-routes.ts';
import { sessionRoutes } from './routes/session-routes.ts';
import { trafficRoutes } from './routes/traffic-routes.ts';
import { addSecurityHeaders } from './security-headers.ts';
import type { ApiSources } from './sources.ts';
import { acceptWebSockets, websocketRoute } from './websocket-route.ts';

export interface ApiAddress {
  host: string;
  port: number;
  /** 0 = there is none. */
  wsPort: number;
  /** `http://127.0.0.1:8080`, for people. */
  url: string;
}

export interface ApiServer {
  /** Resolves when it is listening. Throws SensorError CONFIG when a port cannot be had. */
  listen(): Promise<void>;
  /** Ends every connection; after it no listener of the sources is left. */
  close(): Promise<void>;
  /** null before `listen` and after `close`. */
  readonly address: ApiAddress | null;
}

const MOST_PARAMETER_LENGTH = 128;
const MOST_HEADER_BYTES = 16_384;
const CHECK_INTERVAL_MS = 1000;

/** A Fastify server with everything that each of our ports needs, and no route. */
async function bareServer(context: ApiContext, connections: ConnectionLimit): Promise<FastifyInstance> {
  const { limits, options } = context;
  const http = {
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, limits.headersTimeoutMs),
    maxHeaderSize: MOST_HEADER_BYTES,
  };
  const app = fastify({
    ...(options.tls === null ? { http } : { https: { ...http, ...options.tls, minVersion: 'TLSv1.2' } }),
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionTimeout: limits.requestTimeoutMs + limits.keepAliveTimeoutMs,
    forceCloseConnections: true,
    trustProxy: false,
    routerOptions: { maxParamLength: MOST_PARAMETER_LENGTH },
    // What is unknown is refused and named, not silently dropped; `verbose` brings the value for the message.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, useDefaults: true, verbose: true } },
  }) as unknown as FastifyInstance;
  connections.watch(app.server);
  app.removeContentTypeParser('text/plain');
  // Answers are checked against their schemas in the tests; at run time they are only written.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  answerProblems(app, options.log);
  addSecurityHeaders(app);
  await app.register(cookie);
  await acceptWebSockets(app, context);
  checkAccess(app, context);
  await app.register(rateLimit, {
    max: limits.requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => clientKey(request.ip),
    errorResponseBuilder: (_request, { ttl }) =>
      new ApiProblem(429, 'too many requests from this address', { retryAfterSecs: Math.max(1, Math.ceil(ttl / 1000)) }),
  });
  return app;
}

async function mainServer(context: ApiContext, connections: ConnectionLimit): Promise<FastifyInstance> {
  const app = await bareServer(context, connections);
  const metrics = new MetricsPage(context);
  const guard = new LagGuard(context.limits.requestDelayMs);
  guard.watch(app);
  app.addHook('onClose', (_app, done) => {
    guard.close();
    done();
  });
  app.addHook('onResponse', (_request, reply, done) => {
    metrics.countRequest(reply.statusCode);
    done();
  });
  await collectOpenApi(app);
  websocketRoute(app, context);
  await app.register(async (scope) => {
    const routes = scope.withTypeProvider<TypeBoxTypeProvider>() as ApiApp;
    for (const add of [trafficRoutes, deviceRoutes, flowRoutes, alertRoutes, packetRoutes, sessionRoutes]) add(routes, context);
    operationRoutes(routes, context, metrics);
    openApiRoutes(scope);
  });
  await addDashboard(app, context.options.dashboardDir);
  await app.ready();
  return app;
}

async function websocketServer(context: ApiContext, connections: ConnectionLimit): Promise<FastifyInstance> {
  const app = await bareServer(context, connections);
  websocketRoute(app, context);
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, () => {
    throw new ApiProblem(404, 'this port is for the WebSocket at /ws alone');
  });
  await app.ready();
  return app;
}

function checkTls(tls: ApiOptions['tls']): void {
  if (tls === null) return;
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new SensorError('CONFIG', `certificate or key of TLS: ${(error as Error).message}`, {
      hint: 'both are PEM files, and the key is that of the certificate',
      cause: error,
    });
  }
}

function checkOptions(options: ApiOptions): void {
  checkBind(options);
  checkTls(options.tls);
  for (const host of options.allowedHosts) {
    if (parseHost(host) !== null) continue;
    throw new SensorError('CONFIG', `allowed host '${host}' is no host name`, { hint: 'write a name, or name:port, without a scheme' });
  }
}

async function listenOn(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
    return (app.server.address() as AddressInfo).port;
  } catch (error) {
    throw new SensorError('CONFIG', `cannot listen on ${host} port ${port}: ${(error as Error).message}`, {
      hint: 'choose another port, or end the program that has this one',
      cause: error,
    });
  }
}

/**
 * Throws SensorError CONFIG for options that would be unsafe or cannot work.
 *
 * @example
 * const server = await createApiServer(sources, { bind: '127.0.0.1', port: 8080, wsPort: 0, tls: null, auth: null, … });
 * await server.listen();
 */
export async function createApiServer(sources: ApiSources, options: ApiOptions): Promise<ApiServer> {
  checkOptions(options);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  let address: ApiAddress | null = null;
  const context: ApiContext = {
    sources,
    options,
    limits,
    authenticator: options.auth === null ? null : new Authenticator(options.auth.tokens, limits, options.log),
    policy: new OriginPolicy(options.allowedHosts, () => (address === null ? [] : [address.port])),
    hub: new Hub(sources, { version: version(), tickMs: options.tickMs, limits }),
    lookups: options.lookups ?? NO_LOOKUPS,
    flowPages: new PageCache(() => sources.history.version()),
  };
  const connections = new ConnectionLimit(limits.connections);
  const apps = [await mainServer(context, connections)];
  if (options.wsPort !== 0) apps.push(await websocketServer(context, connections));
  const close = async (): Promise<void> => {
    address = null;
    context.hub.close();
    connections.closeAll();
    await Promise.all(apps.map((app) => app.close()));
  };
  return {
    get address() {
      return address;
    },
    close,
    listen: async () => {
      // One address, not the two that the name may stand for: the second would be a server that no limit watches.
      const host = options.bind === 'localhost' ? '127.0.0.1' : options.bind;
      try {
        const port = await listenOn(apps[0], host, options.port);
        const wsPort = apps.length > 1 ? await listenOn(apps[1], host, options.wsPort) : 0;
        const scheme = options.tls === null ? 'http' : 'https';
        address = { host, port, wsPort, url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}` };
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}
