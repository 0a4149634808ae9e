/** The answers of the contract by the names that the OpenAPI document gives them. */
import { type TSchema, Type } from 'typebox';
import * as contract from './contract.ts';

/** For one WebSocket: `?ticket=`, once, within `expires_secs`. */
export const Ticket = Type.Object({ ticket: Type.String(), expires_secs: Type.Integer() });
/** The predecessors' form of the topology. */
export const Chart = Type.Object({
  nodes: Type.Array(Type.Object({ id: Type.String(), group: Type.String() })),
  links: Type.Array(Type.Object({ source: Type.String(), target: Type.String(), value: Type.Number() })),
});

export const NAMED_SCHEMAS = {
  Problem: contract.Problem,
  Stats: contract.Stats,
  DevicePage: contract.DevicePage,
  DeviceDetail: contract.DeviceDetail,
  FlowPage: contract.FlowPage,
  FlowDetail: contract.FlowDetail,
  AlertPage: contract.AlertPage,
  AlertDetail: contract.AlertDetail,
  Topology: contract.Topology,
  TimeSeries: contract.TimeSeries,
  Protocols: contract.Protocols,
  Accounting: contract.Accounting,
  PacketPage: contract.PacketPage,
  PacketDetail: contract.PacketDetail,
  Health: contract.Health,
  Config: contract.Config,
  Session: contract.Session,
  Ticket,
  Chart,
} satisfies Record<string, TSchema>;

export type SchemaName = keyof typeof NAMED_SCHEMAS;

const problem = (description: string) => ({ description, content: { 'application/json': { schema: { $ref: 'Problem#' } } } });
const PROBLEMS = {
  '4xx': problem('The request was refused, and why'),
  '5xx': problem('The sensor cannot answer now'),
};

const json = (name: SchemaName, description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: `${name}#` } } },
});

/** The `response` of a route that answers with JSON of this name. */
export function answers(name: SchemaName): Record<string, unknown> {
  return { 200: json(name, name), ...PROBLEMS };
}

/** The same for a page that can also be had as CSV. */
export function answersPage(name: SchemaName): Record<string, unknown> {
  const { description, content } = json(name, name);
  return { 200: { description, content: { ...content, 'text/csv': { schema: { type: 'string' } } } }, ...PROBLEMS };
}

/** The same for text and files. */
export function answersWith(mediaType: string, description: string): Record<string, unknown> {
  return { 200: { description, content: { [mediaType]: { schema: { type: 'string' } } } }, ...PROBLEMS };
}

/** The same where there is nothing to answer but that it was done. */
export const ANSWERS_NOTHING: Record<string, unknown> = { 204: { description: 'Done', type: 'null' }, ...PROBLEMS };
