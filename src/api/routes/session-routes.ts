/** Logging in and out, and tickets for the WebSocket. */
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { COOKIE_OPTIONS, cookieName } from '../access.ts';
import type { ApiApp, ApiContext } from '../context.ts';
import type { Session } from '../contract.ts';
import { ANSWERS_NOTHING, answers } from '../named-schemas.ts';
import { ApiProblem } from '../problem.ts';
import { SessionTable, TICKET_SECS } from '../session-table.ts';
import { MOST_TOKEN_LENGTH } from '../token.ts';

const Login = Type.Object({ token: Type.String({ minLength: 1, maxLength: MOST_TOKEN_LENGTH }) }, { additionalProperties: false });

export function sessionRoutes(app: ApiApp, context: ApiContext): void {
  const { authenticator, options } = context;
  const isSecure = options.tls !== null;
  const cookie = cookieName(isSecure);
  const schema = { tags: ['session'] };
  /** Tickets are there without authentication too, so that clients need not tell the two apart. */
  const sessions = authenticator?.sessions ?? new SessionTable(context.limits.sessionIdleMs, Date.now);
  const answer = (reply: FastifyReply, role: Session['role']) => {
    const session: Session = { role, authentication: authenticator !== null };
    return reply.send(session);
  };

  app.get('/api/v1/session', { schema: { ...schema, summary: 'Who asks', response: answers('Session') } }, (request, reply) =>
    answer(reply, request.principal.role),
  );

  app.post(
    '/api/v1/session',
    { config: { access: 'public' }, schema: { ...schema, summary: 'Logs in with a token', body: Login, response: answers('Session') } },
    async (request, reply) => {
      if (authenticator === null) return answer(reply, 'admin');
      const principal = await authenticator.byToken(request.body.token, request.ip);
      const former = request.cookies[cookie];
      if (former !== undefined) sessions.close(former);
      reply.setCookie(cookie, sessions.open(principal), { ...COOKIE_OPTIONS, secure: isSecure });
      options.log.info({ audit: 'login', by: principal.name, role: principal.role, address: request.ip }, 'somebody logged in');
      return answer(reply, principal.role);
    },
  );

  app.delete(
    '/api/v1/session',
    { config: { access: 'public' }, schema: { ...schema, summary: 'Logs out', response: ANSWERS_NOTHING } },
    (request, reply) => {
      const id = request.cookies[cookie];
      const principal = id === undefined ? null : sessions.find(id);
      if (id !== undefined) sessions.close(id);
      if (principal !== null) options.log.info({ audit: 'logout', by: principal.name, address: request.ip }, 'somebody logged out');
      return reply
        .clearCookie(cookie, { ...COOKIE_OPTIONS, secure: isSecure })
        .code(204)
        .send();
    },
  );

  app.post(
    '/api/v1/ws-ticket',
    { schema: { ...schema, summary: 'A ticket for one WebSocket, /ws?ticket=', response: answers('Ticket') } },
    (request, reply) => {
      if (request.principal.by === 'ticket') throw new ApiProblem(403, 'a ticket gives no further ticket');
      return reply.send({ ticket: sessions.openTicket(request.principal), expires_secs: TICKET_SECS });
    },
  );
}
