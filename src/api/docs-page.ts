/** The OpenAPI document as a page: HTML without a script, so that the strictest content policy lets it be. */

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: { type?: string; enum?: unknown[]; minimum?: number; maximum?: number; default?: unknown; description?: string };
}

interface BodySchema {
  properties?: Record<string, { default?: unknown }>;
  required?: string[];
}

interface Operation {
  summary?: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content?: Record<string, { schema?: BodySchema }> };
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: { $ref?: string } }> }>;
}

export interface OpenApiDocument {
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, unknown> };
}

export const DOCS_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 2rem; border-top: 1px solid; padding-top: 1rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; }
code, pre { font-family: ui-monospace, monospace; }
pre { overflow-x: auto; }
`;

const escaped = (value: unknown): string => String(value).replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

function allowedText({ schema = {} }: Parameter): string {
  const { type, enum: values, minimum, maximum, default: preset } = schema;
  const range = minimum === undefined && maximum === undefined ? '' : ` ${minimum ?? ''}…${maximum ?? ''}`;
  const kind = values === undefined ? `${type ?? ''}${range}` : values.join(' | ');
  return preset === undefined ? kind : `${kind} (${JSON.stringify(preset)})`;
}

function parameterRow(parameter: Parameter): string {
  const text = parameter.description ?? parameter.schema?.description ?? '';
  return `<tr><td><code>${escaped(parameter.name)}</code></td><td>${escaped(allowedText(parameter))}</td><td>${escaped(text)}</td></tr>`;
}

function responseRow([status, response]: [string, NonNullable<Operation['responses']>[string]]): string {
  const kinds = Object.entries(response.content ?? {}).map(([media, { schema }]) => {
    const name = schema?.$ref?.split('/').at(-1);
    return name === undefined ? escaped(media) : `${escaped(media)} <a href="#schema-${escaped(name)}">${escaped(name)}</a>`;
  });
  return `<tr><td>${escaped(status)}</td><td>${kinds.join('<br>') || escaped(response.description ?? '')}</td></tr>`;
}

function operationPart(path: string, method: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(parameterRow).join('');
  const responses = Object.entries(operation.responses ?? {})
    .map(responseRow)
    .join('');
  return [
    `<h2><code>${escaped(method.toUpperCase())} ${escaped(path)}</code></h2><p>${escaped(operation.summary ?? '')}</p>`,
    parameters === '' ? '' : `<table><tr><th>Parameter</th><th>Allowed</th><th>Meaning</th></tr>${parameters}</table>`,
    `<table><tr><th>Answer</th><th>Body</th></tr>${responses}</table>`,
  ].join('\n');
}

export function docsPage({ info, paths, components }: OpenApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationPart(path, method, operation)),
  );
  const schemas = Object.entries(components?.schemas ?? {}).map(
    ([name, schema]) =>
      `<details id="schema-${escaped(name)}"><summary>${escaped(name)}</summary><pre>${escaped(JSON.stringify(schema, null, 2))}</pre></details>`,
  );
  const introduction = (info.description ?? '').split('\n\n').map((text) => `<p>${escaped(text)}</p>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(info.title)} API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/docs/style.css"></head>
<body><h1>${escaped(info.title)} API ${escaped(info.version)}</h1>
${introduction.join('\n')}
<p>The same for programs: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a></p>
${operations.join('\n')}
<h2>Schemas</h2>
${schemas.join('\n')}
</body></html>
`;
}
