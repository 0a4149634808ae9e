/** `/api/v1/devices` and what belongs to one device. */
import { Type } from 'typebox';
import type { ApiApp, ApiContext } from '../context.ts';
import { Device } from '../contract.ts';
import { sendCsv, wantsCsv } from '../csv-page.ts';
import { answers, answersPage } from '../named-schemas.ts';
import { Cursor, Format, Limit, MacPath, macOf, Order, Words } from '../parameters.ts';
import { notFound } from '../problem.ts';
import { FlowFilters, sendFlows } from './flow-page.ts';

const DeviceFilters = Type.Object(
  {
    text: Words('Part of a MAC, address, name, vendor or system'),
    sort: Type.Enum(['last_seen', 'bytes', 'flows', 'hostname', 'mac'], { default: 'last_seen' }),
    order: Order,
    limit: Limit,
    cursor: Cursor,
    format: Format,
  },
  { additionalProperties: false },
);

export function deviceRoutes(app: ApiApp, context: ApiContext): void {
  const { history } = context.sources;

  app.get(
    '/api/v1/devices',
    {
      schema: { tags: ['devices'], summary: 'The devices of the network', querystring: DeviceFilters, response: answersPage('DevicePage') },
    },
    (request, reply) => {
      const { text, sort, order, limit, cursor, format } = request.query;
      const isText = sort === 'hostname' || sort === 'mac';
      const descending = order === undefined ? !isText : order === 'desc';
      const page = history.devices({ text: text ?? null, sort, descending, limit, cursor: cursor ?? null });
      return wantsCsv(request, format) ? sendCsv(reply, 'devices', Device, page.devices, page.next) : reply.send(page);
    },
  );

  app.get(
    '/api/v1/devices/:mac',
    { schema: { tags: ['devices'], summary: 'One device', params: MacPath, response: answers('DeviceDetail') } },
    (request, reply) => {
      const mac = macOf(request.params.mac);
      const device = history.device(mac);
      if (device === null) throw notFound(`no device has the MAC address ${mac}`);
      return reply.send(device);
    },
  );

  app.get(
    '/api/v1/devices/:mac/flows',
    {
      schema: {
        tags: ['devices'],
        summary: 'Flows of one device',
        params: MacPath,
        querystring: FlowFilters,
        response: answersPage('FlowPage'),
      },
    },
    (request, reply) => {
      const mac = macOf(request.params.mac);
      if (history.device(mac) === null) throw notFound(`no device has the MAC address ${mac}`);
      return sendFlows(context, request, reply, { ...request.query, mac });
    },
  );
}
