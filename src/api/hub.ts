/** All WebSocket clients: each event of the sensor is written as JSON once and handed to those who want it. */
import type { Socket } from 'node:net';
import { Value } from 'typebox/value';
import type { RawData, WebSocket } from 'ws';
import { type HelloMessage, SubscribeMessage } from './contract.ts';
import { CLOSE_POLICY, HubClient, TOPICS, type Topic } from './hub-client.ts';
import type { ApiLimits } from './options.ts';
import type { Principal } from './principal.ts';
import { problemBody } from './problem.ts';
import type { ApiSources } from './sources.ts';

/** The longest message of a client, bytes; a longer one closes its connection. */
export const CLIENT_MESSAGE_BYTES = 4096;

const CLOSE_GOING_AWAY = 1001;

export interface HubOptions {
  version: string;
  tickMs: number;
  limits: Pick<ApiLimits, 'websocketClients' | 'pingIntervalMs'>;
}

const written = (message: unknown): Buffer => Buffer.from(JSON.stringify(message));

/** The topics that a message asks for; a text says what is wrong with it. */
function topicsOf(message: RawData, isBinary: boolean): Set<string> | string {
  if (isBinary) return 'messages are JSON text, not binary';
  let parsed: unknown;
  try {
    parsed = JSON.parse((message as Buffer).toString('utf8'));
  } catch {
    return 'the message is not JSON';
  }
  if (!Value.Check(SubscribeMessage, parsed)) return 'the only message is {"type":"subscribe","topics":[…]}';
  const unknown = parsed.topics.find((topic) => !TOPICS.some((known) => known === topic));
  if (unknown !== undefined) return `topic '${unknown.slice(0, 40)}' is none of ${TOPICS.join(', ')}`;
  return new Set(parsed.topics);
}

export class Hub {
  readonly #sources: Pick<ApiSources, 'live' | 'events'>;
  readonly #options: HubOptions;
  readonly #clients = new Set<HubClient>();
  readonly #ends: (() => void)[];
  readonly #pings: NodeJS.Timeout;
  /** Messages that slow clients did not get, since the start. */
  readonly dropped: Record<Topic, number> = { frame: 0, alert: 0, device: 0 };

  constructor(sources: Pick<ApiSources, 'live' | 'events'>, options: HubOptions) {
    this.#sources = sources;
    this.#options = options;
    const { events } = sources;
    this.#ends = [
      events.onFrame((frame) => {
        if (this.#clients.size === 0) return;
        const message = written(frame);
        for (const client of this.#clients) client.sendFrame(frame.frame_seq, message);
      }),
      events.onAlert((message) => this.#broadcast('alert', message)),
      events.onDevice((message) => this.#broadcast('device', message)),
    ];
    this.#pings = setInterval(() => {
      for (const client of this.#clients) client.ping();
    }, options.limits.pingIntervalMs);
    this.#pings.unref();
  }

  get size(): number {
    return this.#clients.size;
  }

  get isFull(): boolean {
    return this.#clients.size >= this.#options.limits.websocketClients;
  }

  /** Takes over a connection that was let in: says hello, then the frame of the last tick. */
  add(socket: WebSocket, connection: Socket, principal: Principal): void {
    const client = new HubClient(socket, connection, principal, (topic) => {
      this.dropped[topic]++;
    });
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    socket.on('message', (message, isBinary) => this.#receive(client, message, isBinary));
    const { version, tickMs } = this.#options;
    const hello: HelloMessage = { type: 'hello', version, topics: [...TOPICS], tick_ms: tickMs };
    client.sendText(JSON.stringify(hello));
    const frame = this.#sources.live.frame();
    if (frame !== null) client.sendFrame(frame.frame_seq, written(frame));
  }

  close(): void {
    clearInterval(this.#pings);
    for (const end of this.#ends) end();
    for (const { socket } of this.#clients) {
      socket.close(CLOSE_GOING_AWAY, 'the sensor stops');
      socket.terminate();
    }
    this.#clients.clear();
  }

  #broadcast(topic: 'alert' | 'device', event: object): void {
    if (this.#clients.size === 0) return;
    const message = written(event);
    for (const client of this.#clients) client.sendEvent(topic, message);
  }

  #receive(client: HubClient, message: RawData, isBinary: boolean): void {
    if (!client.mayAsk(Date.now())) {
      client.socket.close(CLOSE_POLICY, 'too many messages');
      return;
    }
    const topics = topicsOf(message, isBinary);
    if (typeof topics === 'string') client.sendText(JSON.stringify({ type: 'problem', ...problemBody(400, topics) }));
    else client.topics = topics;
  }
}
