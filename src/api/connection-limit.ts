/**
 * Keeps the number of connections bounded without letting idle ones keep others out: beyond the limit the connection
 * goes that has been without a request for longest. Half-sent headers are no request yet.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The same for a TCP socket and for the TLS socket over it. */
const keyOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress ?? ''}|${remotePort ?? 0}`;

export class ConnectionLimit {
  readonly #most: number;
  /** In the order in which they became idle. */
  readonly #idle = new Map<string, Socket>();
  readonly #busy = new Map<string, Socket>();

  constructor(most: number) {
    this.#most = most;
  }

  get open(): number {
    return this.#idle.size + this.#busy.size;
  }

  watch(server: Server): void {
    server.on('connection', (socket) => this.#opened(socket));
    server.on('upgrade', (request) => this.#began(keyOf(request.socket)));
    server.on('request', (request, response) => {
      const key = keyOf(request.socket);
      this.#began(key);
      response.once('close', () => this.#finished(key));
    });
  }

  /** Also those that were upgraded, which the server itself no longer knows. */
  closeAll(): void {
    for (const socket of [...this.#idle.values(), ...this.#busy.values()]) socket.destroy();
  }

  #opened(socket: Socket): void {
    const key = keyOf(socket);
    if (this.open >= this.#most) {
      const [oldest] = this.#idle;
      if (oldest === undefined) {
        socket.destroy();
        return;
      }
      this.#idle.delete(oldest[0]);
      oldest[1].destroy();
    }
    this.#idle.set(key, socket);
    socket.once('close', () => {
      if (this.#idle.get(key) === socket) this.#idle.delete(key);
      if (this.#busy.get(key) === socket) this.#busy.delete(key);
    });
  }

  #began(key: string): void {
    const socket = this.#idle.get(key);
    if (socket === undefined) return;
    this.#idle.delete(key);
    this.#busy.set(key, socket);
  }

  #finished(key: string): void {
    const socket = this.#busy.get(key);
    if (socket === undefined) return;
    this.#busy.delete(key);
    this.#idle.set(key, socket);
  }
}
