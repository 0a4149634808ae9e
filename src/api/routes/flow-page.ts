/** A page of flows, stored or live, by the filters of its request. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { type ApiContext, answerOf } from '../context.ts';
import { Flow, type FlowPage } from '../contract.ts';
import { sendCsv, wantsCsv } from '../csv-page.ts';
import { LIVE_FLOWS_LOOKED_AT, pageOfLive } from '../live-flows.ts';
import { addressOf, Cursor, Format, From, Limit, macOf, Order, rangeOf, To, Words } from '../parameters.ts';
import type { FlowQuery } from '../sources.ts';

export const FlowFilters = Type.Object(
  {
    state: Type.Enum(['ended', 'live'], {
      default: 'ended',
      description: `ended: stored flows, with the latest interim record of those that go on; live: the ${LIVE_FLOWS_LOOKED_AT} of most bytes now`,
    }),
    mac: Type.Optional(Type.String({ maxLength: 32, description: 'MAC address at either end' })),
    address: Type.Optional(Type.String({ maxLength: 64, description: 'Address or CIDR network at either end' })),
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535, description: 'At either end' })),
    protocol: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_.-]{1,32}$', description: 'a transport protocol such as tcp' })),
    app: Words('Application'),
    direction: Type.Optional(Type.Enum(['inbound', 'outbound', 'local', 'lateral', 'unknown'])),
    host: Words('Part of a host name'),
    community_id: Type.Optional(Type.String({ pattern: '^1:[A-Za-z0-9+/ ]{27}=$', description: 'a Community ID of version 1' })),
    from: From,
    to: To,
    sort: Type.Enum(['last_seen', 'first_seen', 'bytes', 'packets', 'duration'], { default: 'last_seen' }),
    order: Order,
    limit: Limit,
    cursor: Cursor,
    format: Format,
  },
  { additionalProperties: false },
);

function queryOf(filters: Static<typeof FlowFilters>): FlowQuery {
  return {
    ...rangeOf(filters),
    state: filters.state,
    mac: filters.mac === undefined ? null : macOf(filters.mac),
    address: filters.address === undefined ? null : addressOf(filters.address),
    port: filters.port ?? null,
    protocol: filters.protocol?.toLowerCase() ?? null,
    app: filters.app ?? null,
    direction: filters.direction ?? null,
    host: filters.host ?? null,
    // In a query a plus sign is a space, unless somebody thought of escaping it.
    community_id: filters.community_id?.replaceAll(' ', '+') ?? null,
    sort: filters.sort,
    descending: filters.order !== 'asc',
    limit: filters.limit,
    cursor: filters.cursor ?? null,
  };
}

async function pageOf(context: ApiContext, query: FlowQuery): Promise<FlowPage> {
  const { history, live } = context.sources;
  if (query.state === 'ended') return history.flows(query);
  return pageOfLive(await answerOf(context, live.flows(LIVE_FLOWS_LOOKED_AT)), query, context.lookups);
}

/** Answers with JSON or CSV, whatever the client asked for. */
export async function sendFlows(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  filters: Static<typeof FlowFilters>,
): Promise<FastifyReply> {
  const query = queryOf(filters);
  const csv = wantsCsv(request, filters.format);
  if (query.state === 'ended' && !csv) {
    const text = context.flowPages.text(JSON.stringify(query), () => JSON.stringify(context.sources.history.flows(query)));
    return reply.header('content-type', 'application/json; charset=utf-8').send(text);
  }
  const page = await pageOf(context, query);
  return csv ? sendCsv(reply, 'flows', Flow, page.flows, page.next) : reply.send(page);
}
