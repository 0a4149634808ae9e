/** Numbers over time and over the network: stats, topology, time series, protocols. */
import { Type } from 'typebox';
import type { ApiApp, ApiContext } from '../context.ts';
import type { Stats } from '../contract.ts';
import { answers } from '../named-schemas.ts';
import { From, rangeOf, To } from '../parameters.ts';
import { ApiProblem } from '../problem.ts';

/** What `/chart/data.json` looks back, in packet time. */
const CHART_SECS = 3600;
const CHART_NODES = 500;

const Range = Type.Object({ from: From, to: To }, { additionalProperties: false });
const TopologyFilters = Type.Object(
  {
    by: Type.Enum(['device', 'network'], { default: 'device', description: 'A node per device, or per /24 and /64' }),
    limit: Type.Integer({ minimum: 1, maximum: 5000, default: 500, description: 'Nodes of most bytes' }),
    from: From,
    to: To,
  },
  { additionalProperties: false },
);
const SeriesFilters = Type.Object(
  { points: Type.Integer({ minimum: 1, maximum: 2000, default: 300 }), from: From, to: To },
  { additionalProperties: false },
);

/** Throws ApiProblem 503 before the first tick. */
function currentStats({ sources }: ApiContext): Stats {
  const frame = sources.live.frame();
  if (frame === null) throw new ApiProblem(503, 'the sensor has not finished its first tick', { retryAfterSecs: 1 });
  return frame.stats;
}

export function trafficRoutes(app: ApiApp, context: ApiContext): void {
  const { history, live } = context.sources;

  app.get('/api/v1/stats', { schema: { tags: ['traffic'], summary: 'The latest tick', response: answers('Stats') } }, (_request, reply) =>
    reply.send(currentStats(context)),
  );

  app.get(
    '/api/v1/topology',
    { schema: { tags: ['traffic'], summary: 'Who talks to whom', querystring: TopologyFilters, response: answers('Topology') } },
    (request, reply) => {
      const { by, limit } = request.query;
      return reply.send(history.topology({ ...rangeOf(request.query), by, limit }));
    },
  );

  app.get(
    '/chart/data.json',
    { schema: { tags: ['traffic'], summary: 'The topology of the last hour, short', response: answers('Chart') } },
    (_request, reply) => {
      const time = live.frame()?.stats.time ?? null;
      const from = time === null ? null : Math.max(0, time - CHART_SECS);
      const { nodes, links } = history.topology({ by: 'device', limit: CHART_NODES, from, to: null });
      return reply.send({
        nodes: nodes.map(({ id, group }) => ({ id, group })),
        links: links.map(({ source, target, value }) => ({ source, target, value })),
      });
    },
  );

  app.get(
    '/api/v1/timeseries',
    { schema: { tags: ['traffic'], summary: 'Rates over time', querystring: SeriesFilters, response: answers('TimeSeries') } },
    (request, reply) => reply.send(history.timeSeries({ ...rangeOf(request.query), points: request.query.points })),
  );

  app.get(
    '/api/v1/protocols',
    { schema: { tags: ['traffic'], summary: 'Shares of protocols', querystring: Range, response: answers('Protocols') } },
    (request, reply) => reply.send(history.protocols(rangeOf(request.query))),
  );
}
