/** The sensor itself: its ledger, health, settings and metrics. */
import { type ApiApp, type ApiContext, answerOf } from '../context.ts';
import type { Health } from '../contract.ts';
import type { MetricsPage } from '../metrics-page.ts';
import { answers, answersWith } from '../named-schemas.ts';
import { ApiProblem } from '../problem.ts';

async function healthOf(context: ApiContext): Promise<Health> {
  try {
    return await answerOf(context, context.sources.live.health());
  } catch {
    return { status: 'down', checks: [{ name: 'sensor', ok: false, detail: 'it does not answer' }], advice: [] };
  }
}

export function operationRoutes(app: ApiApp, context: ApiContext, metrics: MetricsPage): void {
  const { live } = context.sources;

  app.get(
    '/api/v1/accounting',
    { schema: { tags: ['sensor'], summary: 'Where every packet went, by stage and reason', response: answers('Accounting') } },
    async (_request, reply) => {
      const accounting = await answerOf(context, live.accounting());
      if (accounting === null) throw new ApiProblem(503, 'the sensor has no ledger yet', { retryAfterSecs: 1 });
      return reply.send(accounting);
    },
  );

  app.get(
    '/api/v1/config',
    {
      config: { access: 'admin' },
      schema: { tags: ['sensor'], summary: 'Settings in force, secrets masked', response: answers('Config') },
    },
    async (_request, reply) => reply.send(await answerOf(context, live.config())),
  );

  app.get(
    '/api/v1/health',
    { schema: { tags: ['sensor'], summary: 'Checks and advice', response: answers('Health') } },
    async (_request, reply) => reply.send(await healthOf(context)),
  );

  app.get(
    '/health',
    { schema: { tags: ['sensor'], summary: 'UP, or 503 DOWN', response: answersWith('text/plain', 'UP') } },
    async (_request, reply) => {
      const isUp = (await healthOf(context)).status !== 'down';
      return reply
        .code(isUp ? 200 : 503)
        .header('content-type', 'text/plain; charset=utf-8')
        .send(isUp ? 'UP' : 'DOWN');
    },
  );

  app.get(
    '/metrics',
    { schema: { tags: ['sensor'], summary: 'Metrics for Prometheus', response: answersWith('text/plain', 'Text format 0.0.4') } },
    async (_request, reply) => reply.header('content-type', metrics.contentType).send(await metrics.render()),
  );
}
