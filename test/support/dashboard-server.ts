/**
 * A server for the dashboard alone: its built files under the policy of the real one, canned answers, and a WebSocket
 * whose end the test can bring about. It remembers every request.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Alert, Session } from '../../src/api/contract.ts';
import * as answers from './dashboard-answers.ts';

export interface DashboardServerOptions {
  /** Asked for at sign-in; without it nobody is asked. */
  token?: string;
  role?: Session['role'];
  /** Nodes of the topology. */
  nodes?: number;
  /** Nothing was captured yet. */
  empty?: boolean;
  /** The run is over: one frame, and no more. */
  ended?: boolean;
  tickMs?: number;
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const NONCE = 'dGVzdCBub25jZQ==';
const policy = `default-src 'self'; script-src 'self'; style-src 'self' 'nonce-${NONCE}'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;
const ALERTS = 40;
const DEVICES = 250;
const FLOWS = 450;

const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);

export class DashboardServer implements AsyncDisposable {
  readonly requests: string[] = [];
  readonly acknowledged = new Map<string, Alert['acknowledged']>();
  /** Paths (without query) that answer 500 now. */
  readonly failing = new Set<string>();
  /** Whether WebSockets are refused now. */
  refusing = false;
  tick = 1;
  readonly messages: string[] = [];
  private readonly server: Server;
  private readonly sockets = new WebSocketServer({ noServer: true });
  private readonly timer: NodeJS.Timeout;
  private signedIn = false;
  private readonly folder: string;
  private readonly options: DashboardServerOptions;

  constructor(folder: string, options: DashboardServerOptions = {}) {
    this.folder = folder;
    this.options = options;
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.on('upgrade', (request, socket, head) => {
      if (this.refusing || !(request.url ?? '').startsWith('/ws?ticket=t')) return socket.destroy();
      this.sockets.handleUpgrade(request, socket, head, (opened) => this.greet(opened));
    });
    this.timer = setInterval(() => this.sendFrame(), options.tickMs ?? 250);
  }

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  dropSockets(): void {
    for (const socket of this.sockets.clients) socket.terminate();
  }

  send(message: unknown): void {
    for (const socket of this.sockets.clients) socket.send(JSON.stringify(message));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.timer);
    this.dropSockets();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private greet(socket: WebSocket): void {
    socket.on('message', (bytes: Buffer) => this.messages.push(bytes.toString()));
    socket.send(JSON.stringify({ type: 'hello', version: '0.1.0', topics: ['frame', 'alert', 'device'], tick_ms: 250 }));
    if (this.options.empty) return;
    const frame = answers.frame(this.tick);
    if (this.options.ended) Object.assign(frame, { top: [], stats: { ...frame.stats, sensor: { ...frame.stats.sensor, state: 'ended' } } });
    socket.send(JSON.stringify(frame));
  }

  private sendFrame(): void {
    if (this.options.empty || this.options.ended) return;
    this.tick++;
    this.send(answers.frame(this.tick));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://sensor');
    this.requests.push(`${request.method} ${request.url}`);
    response.setHeader('content-security-policy', policy);
    response.setHeader('x-content-type-options', 'nosniff');
    const path = url.pathname.replace(/^\/api\/v1/, '');
    const signedOut = this.options.token !== undefined && !this.signedIn;
    if (!url.pathname.startsWith('/api/')) this.file(url.pathname, response);
    else if (this.failing.has(path))
      json(response, 500, { error: 'internal', message: 'The store cannot be read.', hint: 'Is the disk full?' });
    else if (path === '/session' && request.method !== 'GET') this.sign(request, response);
    else if (signedOut) json(response, 401, { error: 'unauthorized', message: 'No token.' });
    else this.resource(request, response, path, url.searchParams);
  }

  private resource(request: IncomingMessage, response: ServerResponse, path: string, query: URLSearchParams): void {
    const [, kind = '', id, part] = path.split('/').map((piece) => decodeURIComponent(piece));
    if (part === 'acknowledge' && id !== undefined) this.acknowledge(request, response, id);
    else if (part === 'pcap') response.writeHead(200, { 'content-type': 'application/x-pcapng' }).end('packets');
    else if (query.get('format') === 'csv') response.writeHead(200, { 'content-type': 'text/csv' }).end('a,b\n');
    else {
      const found = id === undefined ? this.list(kind, query) : this.one(kind, id, part);
      const problem = { error: 'gone', message: `There is no ${kind} ${id}.` };
      json(response, found === null ? (kind === 'packets' ? 410 : 404) : 200, found ?? problem);
    }
  }

  private file(path: string, response: ServerResponse): void {
    const name = path === '/' ? 'index.html' : normalize(path).replace(/^(?:\.\.[/\\])+/, '');
    try {
      const bytes = readFileSync(join(this.folder, name));
      response.writeHead(200, { 'content-type': types[extname(name)] ?? 'application/octet-stream' });
      response.end(name === 'index.html' ? bytes.toString().replaceAll('__CSP_NONCE__', NONCE) : bytes);
    } catch {
      response.writeHead(404).end();
    }
  }

  private session(): Session {
    return { role: this.options.role ?? 'admin', authentication: this.options.token !== undefined };
  }

  private sign(request: IncomingMessage, response: ServerResponse): void {
    readBody(request, (body) => {
      this.signedIn = request.method === 'POST' && (JSON.parse(body) as { token: string }).token === this.options.token;
      if (request.method === 'DELETE') response.writeHead(204).end();
      else if (this.signedIn) json(response, 200, this.session());
      else json(response, 401, { error: 'unauthorized', message: 'Wrong token.' });
    });
  }

  private acknowledge(request: IncomingMessage, response: ServerResponse, id: string): void {
    readBody(request, (body) => {
      const note = request.method === 'POST' ? (JSON.parse(body || '{}') as { note?: string }).note : undefined;
      this.acknowledged.set(id, request.method === 'DELETE' ? null : { by: 'admin', at: answers.BEGIN, note: note ?? null });
      response.writeHead(204).end();
    });
  }

  private alertNow<T extends Alert>(alert: T): T {
    const changed = this.acknowledged.get(alert.alert_id);
    return changed === undefined ? alert : { ...alert, acknowledged: changed };
  }

  /** A page of `all` made-up things: the cursor is the number of the next. */
  private page<T>(query: URLSearchParams, all: number, make: (at: number) => T): { rows: T[]; next: string | null } {
    const total = this.options.empty ? 0 : all;
    const from = Number(query.get('cursor') ?? 0);
    const to = Math.min(total, from + Number(query.get('limit') ?? 100));
    return { rows: range(from, to).map(make), next: to < total ? String(to) : null };
  }

  private list(kind: string, query: URLSearchParams): unknown {
    if (kind === 'session') return this.session();
    if (kind === 'ws-ticket') return { ticket: `t${this.requests.length}`, expires_secs: 30 };
    if (kind === 'devices') {
      const text = query.get('text');
      if (text !== null)
        return { devices: [answers.device(12)].filter(({ hostname }) => text === 'host' || hostname === text), next: null };
      const { rows, next } = this.page(query, DEVICES, answers.device);
      return { devices: rows, next };
    }
    if (kind === 'flows') {
      const { rows, next } = this.page(query, FLOWS, (at) => answers.flow(at, query.get('state') === 'live' ? 'live' : 'ended'));
      return { flows: rows, next };
    }
    if (kind === 'alerts') {
      const { rows, next } = this.page(query, ALERTS, (at) => this.alertNow(answers.alert(at)));
      return { alerts: rows, next };
    }
    if (kind === 'timeseries')
      return this.options.empty ? { step_secs: 1, points: [] } : answers.timeSeries(Number(query.get('from')), Number(query.get('points')));
    if (kind === 'topology') return answers.topology(this.options.empty ? 0 : (this.options.nodes ?? 300));
    if (kind === 'packets') {
      const newest = Number(query.get('before') ?? 5001) - 1;
      return this.options.empty
        ? { packets: [], oldest: null }
        : { packets: range(0, 200).map((at) => answers.packetRow(newest - at)), oldest: 3001 };
    }
    const fixed: Record<string, unknown> = {
      accounting: answers.accounting,
      health: answers.health,
      protocols: answers.protocols,
      config: answers.config,
    };
    return fixed[kind] ?? null;
  }

  private one(kind: string, id: string, part: string | undefined): unknown {
    const at = Number.parseInt(id.replace(/^[af]/, ''), kind === 'flows' ? 16 : 10);
    if (kind === 'devices') {
      const device = range(0, DEVICES).find((place) => answers.macOf(place) === id);
      if (device === undefined) return null;
      return part === 'flows'
        ? { flows: range(0, 60).map((place) => answers.flow(place, 'ended')), next: null }
        : answers.deviceDetail(device);
    }
    if (kind === 'flows') return at < FLOWS ? answers.flowDetail(at) : null;
    if (kind === 'alerts') return at < ALERTS ? this.alertNow(answers.alertDetail(at)) : null;
    return kind === 'packets' && Number(id) > 3000 ? answers.packetDetail(Number(id)) : null;
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function readBody(request: IncomingMessage, then: (body: string) => void): void {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => then(Buffer.concat(parts).toString()));
}
