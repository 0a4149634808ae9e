/**
 * One WebSocket client. What is sent to it waits here until the socket has taken what was sent before:
 *
 *   frame          at most one waiting; a newer one replaces it
 *   alert, device  at most QUEUE_LENGTH waiting; the oldest goes
 *
 * so a client that does not read costs one message in its socket, one frame and one queue.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Principal } from './principal.ts';

export const TOPICS = ['frame', 'alert', 'device'] as const;
export type Topic = (typeof TOPICS)[number];

export const QUEUE_LENGTH = 256;
/** What may wait in the socket itself before more is held back here, bytes. */
const SOCKET_BYTES = 65_536;
const MESSAGES_PER_WINDOW = 20;
const WINDOW_MS = 10_000;

/** Why a connection was closed, as the WebSocket protocol numbers it. */
export const CLOSE_POLICY = 1008;

export class HubClient {
  readonly socket: WebSocket;
  readonly principal: Principal;
  topics: ReadonlySet<string> = new Set(TOPICS);
  readonly #connection: Pick<Socket, 'cork' | 'uncork'>;
  readonly #onDropped: (topic: Topic) => void;
  #isCorked = false;
  #frame: Buffer | null = null;
  #lastFrame = -1;
  readonly #queue: { topic: Topic | null; message: Buffer | string }[] = [];
  #isAnswering = true;
  #windowEndsAt = 0;
  #messages = 0;

  /** `connection` is what `socket` writes to. */
  constructor(socket: WebSocket, connection: Pick<Socket, 'cork' | 'uncork'>, principal: Principal, onDropped: (topic: Topic) => void) {
    this.socket = socket;
    this.#connection = connection;
    this.principal = principal;
    this.#onDropped = onDropped;
    socket.on('pong', () => {
      this.#isAnswering = true;
    });
  }

  /** Messages that wait here. */
  get waiting(): number {
    return this.#queue.length + (this.#frame === null ? 0 : 1);
  }

  /** Sequence numbers only rise: a frame that is not newer than the last is left out. */
  sendFrame(sequence: number, message: Buffer): void {
    if (sequence <= this.#lastFrame || !this.topics.has('frame')) return;
    this.#lastFrame = sequence;
    if (this.#frame !== null) this.#onDropped('frame');
    this.#frame = message;
    this.#pump();
  }

  sendEvent(topic: 'alert' | 'device', message: Buffer): void {
    if (this.topics.has(topic)) this.#enqueue(topic, message);
  }

  /** Hello and refusals, which no topic has. */
  sendText(message: string): void {
    this.#enqueue(null, message);
  }

  /** False when the client sends more than anybody who subscribes needs to. */
  mayAsk(now: number): boolean {
    if (now >= this.#windowEndsAt) {
      this.#windowEndsAt = now + WINDOW_MS;
      this.#messages = 0;
    }
    this.#messages++;
    return this.#messages <= MESSAGES_PER_WINDOW;
  }

  /** Closes the connection when the last ping was not answered or its session has ended; else asks again. */
  ping(): void {
    if (!this.principal.isCurrent()) this.socket.close(CLOSE_POLICY, 'the session has ended');
    if (!this.#isAnswering) {
      this.socket.terminate();
      return;
    }
    this.#isAnswering = false;
    if (this.socket.readyState === this.socket.OPEN) this.socket.ping();
  }

  /** A tick tells of a hundred devices: what is sent in one go is written in one call. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#connection.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#connection.uncork();
    });
  }

  #enqueue(topic: Topic | null, message: Buffer | string): void {
    if (this.#queue.length >= QUEUE_LENGTH) {
      const dropped = this.#queue.shift();
      if (dropped?.topic !== null && dropped !== undefined) this.#onDropped(dropped.topic);
    }
    this.#queue.push({ topic, message });
    this.#pump();
  }

  #pump(): void {
    const { socket } = this;
    while (socket.readyState === socket.OPEN && socket.bufferedAmount < SOCKET_BYTES) {
      const next = this.#queue.shift()?.message ?? this.#frame;
      if (next === null) return;
      if (next === this.#frame) this.#frame = null;
      this.#cork();
      // The callback comes when the socket has taken it: room for the next.
      socket.send(next, { binary: false }, () => {
        if (this.waiting > 0) this.#pump();
      });
    }
  }
}
