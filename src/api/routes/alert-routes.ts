/** `/api/v1/alerts`, one alert, its evidence, and its acknowledgement. */
import { Type } from 'typebox';
import { type ApiApp, type ApiContext, answerOf } from '../context.ts';
import { Alert, type AlertDetail } from '../contract.ts';
import { sendCsv, wantsCsv } from '../csv-page.ts';
import { explain } from '../explain.ts';
import { ANSWERS_NOTHING, answers, answersPage, answersWith } from '../named-schemas.ts';
import { AlertPath, Cursor, Format, From, Limit, rangeOf, To, Words } from '../parameters.ts';
import { notFound } from '../problem.ts';
import { PCAPNG, sendCapture } from './capture-file.ts';

const AlertFilters = Type.Object(
  {
    kind: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'the name of a rule' })),
    severity: Type.Optional(Type.Enum(['info', 'low', 'medium', 'high', 'critical'], { description: 'This and above' })),
    source: Words('Who did it'),
    target: Words('To whom'),
    acknowledged: Type.Optional(Type.Boolean()),
    suppressed: Type.Boolean({ default: false, description: 'Suppressed ones too' }),
    from: From,
    to: To,
    limit: Limit,
    cursor: Cursor,
    format: Format,
  },
  { additionalProperties: false },
);

const Note = Type.Object({ note: Type.String({ maxLength: 1000, default: '' }) }, { additionalProperties: false });

/** What the rule of an alert looks for; null when nobody knows, which is no reason to show nothing of the alert. */
async function ruleDescription(context: ApiContext, kind: string): Promise<string | null> {
  try {
    const { rules } = await answerOf(context, context.sources.live.config());
    return rules.find((rule) => rule.kind === kind)?.description ?? null;
  } catch {
    return null;
  }
}

export function alertRoutes(app: ApiApp, context: ApiContext): void {
  const { history, live } = context.sources;

  app.get(
    '/api/v1/alerts',
    { schema: { tags: ['alerts'], summary: 'Alerts, newest first', querystring: AlertFilters, response: answersPage('AlertPage') } },
    (request, reply) => {
      const { kind, severity, source, target, acknowledged, suppressed, limit, cursor, format } = request.query;
      const page = history.alerts({
        ...rangeOf(request.query),
        kind: kind ?? null,
        severity: severity ?? null,
        source: source ?? null,
        target: target ?? null,
        acknowledged: acknowledged ?? null,
        suppressed,
        limit,
        cursor: cursor ?? null,
      });
      return wantsCsv(request, format) ? sendCsv(reply, 'alerts', Alert, page.alerts, page.next) : reply.send(page);
    },
  );

  app.get(
    '/api/v1/alerts/:id',
    { schema: { tags: ['alerts'], summary: 'One alert, explained', params: AlertPath, response: answers('AlertDetail') } },
    async (request, reply) => {
      const alert = history.alert(request.params.id);
      if (alert === null) throw notFound(`no alert has the id ${request.params.id}`);
      const detail: AlertDetail = { ...alert, explanation: explain(alert, await ruleDescription(context, alert.kind)) };
      return reply.send(detail);
    },
  );

  app.get(
    '/api/v1/alerts/:id/pcap',
    {
      config: { rateLimit: { max: 120, timeWindow: 60_000 } },
      schema: {
        tags: ['alerts'],
        summary: 'The packets that an alert keeps',
        params: AlertPath,
        response: answersWith(PCAPNG, 'A pcapng file'),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (history.alert(id) === null) throw notFound(`no alert has the id ${id}`);
      const file = await answerOf(context, live.evidence(id));
      if (file === null) throw notFound(`the alert ${id} keeps no packets`);
      return sendCapture(reply, `alert-${id}`, file);
    },
  );

  acknowledgementRoutes(app, context);
}

function acknowledgementRoutes(app: ApiApp, context: ApiContext): void {
  const acknowledge = async (id: string, by: string, note: string, undo: boolean): Promise<void> => {
    if (!(await answerOf(context, context.sources.changes.acknowledge(id, by, note, undo)))) throw notFound(`no alert has the id ${id}`);
    const audit = undo ? 'acknowledgement_taken_back' : 'acknowledged';
    context.options.log.info({ audit, alert_id: id, by, ...(note === '' ? {} : { note }) }, 'an alert was changed');
  };

  app.post(
    '/api/v1/alerts/:id/acknowledge',
    {
      config: { access: 'admin' },
      // The note may be left out, and so may the whole body.
      preValidation: (request, _reply, done) => {
        request.body ??= { note: '' };
        done();
      },
      schema: {
        tags: ['alerts'],
        summary: 'Acknowledges an alert',
        params: AlertPath,
        body: Note,
        response: ANSWERS_NOTHING,
      },
    },
    async (request, reply) => {
      await acknowledge(request.params.id, request.principal.name, request.body.note, false);
      return reply.code(204).send();
    },
  );

  app.delete(
    '/api/v1/alerts/:id/acknowledge',
    {
      config: { access: 'admin' },
      schema: { tags: ['alerts'], summary: 'Takes an acknowledgement back', params: AlertPath, response: ANSWERS_NOTHING },
    },
    async (request, reply) => {
      await acknowledge(request.params.id, request.principal.name, '', true);
      return reply.code(204).send();
    },
  );
}
