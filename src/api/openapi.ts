/** The OpenAPI document, and a page that shows it without a script. */
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { version } from '../version.ts';
import { DOCS_STYLE, docsPage, type OpenApiDocument } from './docs-page.ts';
import { NAMED_SCHEMAS } from './named-schemas.ts';

const DESCRIPTION = `What a running sensor knows. Times are seconds since the epoch in packet time, bytes are wire bytes, rates are per second; a number that is not known is null.

Pages have a limit and, where there is more, a cursor in next. Every answer of 400 and above is a Problem. The WebSocket is at /ws: hello, then a frame per tick, alerts and devices; {"type":"subscribe","topics":["frame","alert","device"]} chooses.`;

/** What has a default may be left out. The schemas cannot say so: their types are those after the defaults were filled in. */
function withOptionalDefaults(document: OpenApiDocument): void {
  for (const operation of Object.values(document.paths).flatMap((methods) => Object.values(methods))) {
    for (const parameter of operation.parameters ?? []) {
      if (parameter.schema?.default !== undefined) parameter.required = false;
    }
    const body = operation.requestBody;
    for (const { schema } of Object.values(body?.content ?? {})) {
      const { properties = {}, required = [] } = schema ?? {};
      const needed = required.filter((name) => properties[name]?.default === undefined);
      if (schema !== undefined) schema.required = needed;
      if (body !== undefined) body.required = needed.length > 0;
    }
  }
}

/** Registers the plugin; call it before the routes. */
export async function collectOpenApi(app: FastifyInstance): Promise<void> {
  for (const [name, schema] of Object.entries(NAMED_SCHEMAS)) app.addSchema({ ...schema, $id: name });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Weir', version: version(), description: DESCRIPTION },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }, {}],
    },
    transformObject: (written) => {
      if (!('openapiObject' in written)) return written.swaggerObject;
      withOptionalDefaults(written.openapiObject as unknown as OpenApiDocument);
      return written.openapiObject;
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => (typeof json.$id === 'string' ? json.$id : `schema-${index}`) },
  });
}

/** `/docs`, `/docs/json` and `/api/v1/openapi.json`. */
export function openApiRoutes(app: FastifyInstance): void {
  let page: string | null = null;
  const hidden = { schema: { hide: true } };
  for (const path of ['/api/v1/openapi.json', '/docs/json']) {
    app.get(path, hidden, (_request, reply) => reply.send(app.swagger()));
  }
  app.get('/docs', hidden, (_request, reply) => {
    page ??= docsPage(app.swagger() as unknown as OpenApiDocument);
    return reply.header('content-type', 'text/html; charset=utf-8').send(page);
  });
  app.get('/docs/style.css', hidden, (_request, reply) => reply.header('content-type', 'text/css; charset=utf-8').send(DOCS_STYLE));
}
