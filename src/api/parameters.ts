/** Parameters that several routes share, and what cannot be said in their schemas. */
import { isIP } from 'node:net';
import { Type } from 'typebox';
import { parseMac } from './mac-address.ts';
import { ApiProblem } from './problem.ts';
import type { TimeRange } from './sources.ts';

export const MOST_ITEMS = 1000;

export const Limit = Type.Integer({ minimum: 1, maximum: MOST_ITEMS, default: 100, description: 'Items on a page' });
export const Cursor = Type.Optional(
  Type.String({ pattern: '^[A-Za-z0-9_.~:+/=-]{1,512}$', description: 'a cursor that the page before gave as `next`' }),
);
export const Order = Type.Optional(Type.Enum(['asc', 'desc'], { description: 'asc or desc' }));
export const Format = Type.Optional(Type.Enum(['json', 'csv'], { description: 'json or csv; without it, what Accept asks for' }));
export const From = Type.Optional(Type.Number({ minimum: 0, description: 'epoch seconds of packet time, inclusive' }));
export const To = Type.Optional(Type.Number({ minimum: 0, description: 'epoch seconds of packet time, exclusive' }));
/** Free text: bounded, since it becomes a search. */
export const Words = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 256, description }));

export const MacPath = Type.Object(
  { mac: Type.String({ maxLength: 32, description: 'MAC address with colons, hyphens, dots or nothing between its digits' }) },
  { additionalProperties: false },
);
export const FlowPath = Type.Object(
  { id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'a flow id' }) },
  { additionalProperties: false },
);
export const AlertPath = Type.Object(
  { id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'an alert id' }) },
  { additionalProperties: false },
);

function bad(name: string, value: string, allowed: string): ApiProblem {
  return new ApiProblem(400, `parameter '${name}' is '${value.slice(0, 80)}'; allowed is ${allowed}`);
}

/** The address in its one spelling. Throws ApiProblem 400. */
export function macOf(text: string, name = 'mac'): string {
  const mac = parseMac(text);
  if (mac === null) throw bad(name, text, 'a MAC address such as 02:42:ac:11:00:02');
  return mac;
}

/** Throws ApiProblem 400 for what is neither an address nor a network. */
export function addressOf(text: string): string {
  const [ip = '', bits, ...rest] = text.split('/');
  const family = isIP(ip);
  const most = family === 4 ? 32 : 128;
  const isPrefix = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  if (family === 0 || !isPrefix || rest.length > 0) throw bad('address', text, 'an IP address, or a network such as 10.0.0.0/8');
  return text.toLowerCase();
}

/** Throws ApiProblem 400 where the range is backwards. */
export function rangeOf(query: { from?: number; to?: number }): TimeRange {
  const range = { from: query.from ?? null, to: query.to ?? null };
  if (range.from !== null && range.to !== null && range.from > range.to) throw bad('from', String(range.from), `at most 'to', ${range.to}`);
  return range;
}
