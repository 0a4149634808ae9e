/** The packets that the sensor keeps for people to look at. */
import { Type } from 'typebox';
import { type ApiApp, type ApiContext, answerOf } from '../context.ts';
import { answers } from '../named-schemas.ts';
import { Limit } from '../parameters.ts';
import { ApiProblem, notFound } from '../problem.ts';

const Ordinal = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Position in the capture, from 1' });
const PacketFilters = Type.Object({ limit: Limit, before: Type.Optional(Ordinal) }, { additionalProperties: false });
const PacketPath = Type.Object({ ordinal: Ordinal }, { additionalProperties: false });

/** Says why a packet is not there: 410 when it was captured before, 404 when nothing is known of it. */
async function absent(context: ApiContext, ordinal: number): Promise<ApiProblem> {
  const { packets, oldest } = await answerOf(context, context.sources.live.packets(1, null));
  const newest = packets[0]?.ordinal ?? 0;
  if (ordinal > newest) return notFound(`packet ${ordinal} was not captured yet; the newest that is kept is ${newest}`);
  return new ApiProblem(410, `packet ${ordinal} is gone; the oldest that is kept is ${oldest ?? 'none'}`);
}

export function packetRoutes(app: ApiApp, context: ApiContext): void {
  const { live } = context.sources;

  app.get(
    '/api/v1/packets',
    { schema: { tags: ['packets'], summary: 'Packets, newest first', querystring: PacketFilters, response: answers('PacketPage') } },
    async (request, reply) => {
      const { limit, before } = request.query;
      return reply.send(await answerOf(context, live.packets(limit, before ?? null)));
    },
  );

  app.get(
    '/api/v1/packets/:ordinal',
    { schema: { tags: ['packets'], summary: 'One packet: layers and bytes', params: PacketPath, response: answers('PacketDetail') } },
    async (request, reply) => {
      const { ordinal } = request.params;
      const packet = await answerOf(context, live.packet(ordinal));
      if (packet === null) throw await absent(context, ordinal);
      return reply.send(packet);
    },
  );
}
