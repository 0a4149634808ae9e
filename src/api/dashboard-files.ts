/** The built dashboard: its files, and its page for every path that is a page of it. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { notFound } from './problem.ts';
import { contentPolicy } from './security-headers.ts';

/** Where the page wants the nonce of its style elements. */
const NONCE_PLACE = '__CSP_NONCE__';

const ABSENT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Weir</title></head>
<body><h1>Weir is running</h1>
<p>The dashboard is not part of this installation.</p>
<p>The API is described at <a href="/docs">/docs</a>; its numbers begin at <a href="/api/v1/stats">/api/v1/stats</a>.</p>
</body></html>
`;

type SendPage = (reply: FastifyReply) => FastifyReply;

/** null when there is no built dashboard. */
function readPage(dashboardDir: string | null): string | null {
  if (dashboardDir === null) return null;
  try {
    return readFileSync(join(dashboardDir, 'index.html'), 'utf8');
  } catch {
    return null;
  }
}

function pageSender(page: string): SendPage {
  return (reply) => {
    const nonce = randomBytes(16).toString('base64');
    return reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', contentPolicy(page.includes(NONCE_PLACE) ? nonce : null))
      .send(page.replaceAll(NONCE_PLACE, nonce));
  };
}

/** Paths of the dashboard have no extension and are not the API's. */
function isPagePath(request: FastifyRequest): boolean {
  const path = request.url.split('?', 1)[0] ?? '';
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  return isRead && !/^\/(?:api|docs|chart|ws|metrics|health|assets)(?:\/|$)/.test(path) && !/\.[^/]*$/.test(path) && !path.includes('%');
}

/** Registers the files, `/` and the answer to unknown paths; call it last. */
export async function addDashboard(app: FastifyInstance, dashboardDir: string | null): Promise<void> {
  const page = readPage(dashboardDir);
  const send = pageSender(page ?? ABSENT);
  const open = { config: { access: 'public' }, schema: { hide: true } } as const;
  app.get('/', open, (_request, reply) => send(reply));
  if (page !== null && dashboardDir !== null) {
    await app.register(fastifyStatic, {
      root: dashboardDir,
      index: false,
      dotfiles: 'ignore',
      cacheControl: false,
      schemaHide: true,
      // The page itself goes out with its nonce only.
      allowedPath: (path) => path !== '/index.html',
      setHeaders: (reply, path) => {
        // What a build puts there has its digest in its name.
        const isHashed = /[\\/]assets[\\/]/.test(path);
        reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  }
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) => {
    if (page !== null && isPagePath(request)) return send(reply);
    throw notFound(`there is no ${request.method} ${request.url.slice(0, 200)}`);
  });
}
