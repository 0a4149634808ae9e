/** `/ws`, on the server's own port and on the one for WebSockets alone. */
import websocket from '@fastify/websocket';
import type { FastifyInstance } from 'fastify';
import type { ApiContext } from './context.ts';
import { CLIENT_MESSAGE_BYTES } from './hub.ts';
import { ApiProblem } from './problem.ts';

/** Registers the plugin; call it before any hook that refuses requests, or refused upgrades stay open. */
export async function acceptWebSockets(app: FastifyInstance, context: ApiContext): Promise<void> {
  const { hub, options } = context;
  await app.register(websocket, {
    // Without compression: frames are small, and a compressor per client is memory that no limit here counts.
    options: { maxPayload: CLIENT_MESSAGE_BYTES, perMessageDeflate: false },
    errorHandler: (error, socket) => {
      options.log.debug({ err: error }, 'a WebSocket failed');
      socket.terminate();
    },
    preClose: (done) => {
      hub.close();
      done();
    },
  });
}

export function websocketRoute(app: FastifyInstance, { hub }: ApiContext): void {
  app.get(
    '/ws',
    {
      websocket: true,
      config: { ticket: true },
      preValidation: async (request) => {
        if (request.ws && hub.isFull)
          throw new ApiProblem(503, 'as many WebSocket clients as may be are connected', { retryAfterSecs: 30 });
      },
    },
    (socket, request) => hub.add(socket, request.raw.socket, request.principal),
  );
}
