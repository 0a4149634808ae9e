/** `/api/v1/flows`, one flow, and its packets. */
import { flowLine } from '../../store/flow-line.ts';
import { type ApiApp, type ApiContext, answerOf } from '../context.ts';
import type { FlowDetail } from '../contract.ts';
import { LIVE_FLOWS_LOOKED_AT } from '../live-flows.ts';
import { answers, answersPage, answersWith } from '../named-schemas.ts';
import { FlowPath } from '../parameters.ts';
import { notFound } from '../problem.ts';
import { PCAPNG, sendCapture } from './capture-file.ts';
import { FlowFilters, sendFlows } from './flow-page.ts';

async function findFlow(context: ApiContext, id: string): Promise<FlowDetail | null> {
  const stored = context.sources.history.flow(id);
  if (stored !== null) return stored;
  const records = await answerOf(context, context.sources.live.flows(LIVE_FLOWS_LOOKED_AT));
  const record = records.find((candidate) => candidate.flow_id === id);
  return record === undefined ? null : { ...flowLine(record, 'live', context.lookups), record: { ...record } };
}

export function flowRoutes(app: ApiApp, context: ApiContext): void {
  app.get(
    '/api/v1/flows',
    { schema: { tags: ['flows'], summary: 'Flows, newest first', querystring: FlowFilters, response: answersPage('FlowPage') } },
    (request, reply) => sendFlows(context, request, reply, request.query),
  );

  app.get(
    '/api/v1/flows/:id',
    { schema: { tags: ['flows'], summary: 'One flow with its whole record', params: FlowPath, response: answers('FlowDetail') } },
    async (request, reply) => {
      const flow = await findFlow(context, request.params.id);
      if (flow === null) throw notFound(`no flow has the id ${request.params.id}`);
      return reply.send(flow);
    },
  );

  app.get(
    '/api/v1/flows/:id/pcap',
    {
      config: { rateLimit: { max: 120, timeWindow: 60_000 } },
      schema: {
        tags: ['flows'],
        summary: 'Those packets of a flow that are still there; X-Weir-Complete says whether they are all',
        params: FlowPath,
        response: answersWith(PCAPNG, 'A pcapng file'),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const slice = await answerOf(context, context.sources.live.flowPackets(id));
      if (slice === null) throw notFound(`no flow with the id ${id} has packets that are still there`);
      reply.header('x-weir-packets', slice.packets).header('x-weir-complete', String(slice.complete));
      return sendCapture(reply, `flow-${id}`, slice.file);
    },
  );
}
