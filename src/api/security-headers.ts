/** Headers of every answer: what browsers must not do with it. */
import type { FastifyInstance } from 'fastify';

/**
 * The policy of pages. Nothing from elsewhere, no script or style in the page; `styleNonce` lets a page's own style
 * elements through that carry it.
 */
export function contentPolicy(styleNonce: string | null): string {
  const style = styleNonce === null ? "style-src 'self'" : `style-src 'self' 'nonce-${styleNonce}'`;
  return [
    "default-src 'self'",
    "script-src 'self'",
    style,
    "img-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

const HEADERS = {
  'content-security-policy': contentPolicy(null),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  // Answers are about now and about a network; assets of the dashboard say otherwise for themselves.
  'cache-control': 'no-store',
};

export function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(HEADERS);
    done();
  });
}
