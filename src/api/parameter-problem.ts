/** Says what is wrong with a parameter: its name, its value, and what is allowed. */

/** The part of an Ajv error that is used; `data` and `parentSchema` come with Ajv's `verbose`. */
interface SchemaError {
  keyword: string;
  instancePath: string;
  params: Record<string, unknown>;
  message?: string;
  data?: unknown;
  parentSchema?: {
    type?: string;
    enum?: unknown[];
    minimum?: number;
    maximum?: number;
    properties?: Record<string, unknown>;
    description?: string;
  };
}

const PLACES: Record<string, string> = { querystring: 'parameter', params: 'path parameter', body: 'field', headers: 'header' };

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return `'${text.length > 80 ? `${text.slice(0, 80)}…` : text}'`;
}

function allowedRange({ minimum, maximum, type }: NonNullable<SchemaError['parentSchema']>): string {
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  if (minimum !== undefined && maximum !== undefined) return `${kind} from ${minimum} to ${maximum}`;
  return minimum === undefined ? kind : `${kind}, ${minimum} or more`;
}

function allowed(error: SchemaError): string {
  const schema = error.parentSchema ?? {};
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`;
  if (schema.type === 'integer' || schema.type === 'number') return allowedRange(schema);
  if (schema.type === 'boolean') return 'true or false';
  if (error.keyword === 'maxLength') return `at most ${String(error.params.limit)} characters`;
  if (schema.description !== undefined) return schema.description;
  return error.message ?? 'something else';
}

/** The sentence for Fastify's validation errors; null for every other error. */
export function parameterProblem(error: unknown): string | null {
  const { validation, validationContext } = error as { validation?: SchemaError[]; validationContext?: string };
  const first = validation?.[0];
  if (first === undefined) return null;
  const place = PLACES[validationContext ?? ''] ?? 'parameter';
  const name = first.instancePath.slice(1).replaceAll('/', '.');
  if (first.keyword === 'additionalProperties') {
    const known = Object.keys(first.parentSchema?.properties ?? {});
    const list = known.length === 0 ? 'there are none here' : `known are ${known.join(', ')}`;
    return `unknown ${place} ${shown(first.params.additionalProperty)}; ${list}`;
  }
  if (first.keyword === 'required') return `${place} '${String(first.params.missingProperty)}' is missing`;
  if (name === '') return `the ${validationContext ?? 'request'} ${first.message ?? 'is not what was expected'}`;
  return `${place} '${name}' is ${shown(first.data)}; allowed is ${allowed(first)}`;
}
