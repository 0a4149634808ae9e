/**
 * SOCKS 4 and 4a (the vendors' memoranda), SOCKS 5 (RFC 1928, 1929). Both sides are needed: a request of nine bytes proves
 * little until the reply has the right form. Behind a granted CONNECT another protocol follows.
 */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  type Successor,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { DetailValue } from './facts.ts';
import { hexOf, textOf } from './text.ts';

/** User names of version 4, host names of 4a. */
const MAX_TEXT = 255;
const COMMANDS = ['', 'connect', 'bind', 'udp_associate'];
const Address = { IPV4: 1, NAME: 3, IPV6: 4 } as const;

interface Target {
  host: string;
  name: boolean;
  port: number;
  command: number;
  /** Offset behind the request. */
  end: number;
}

type Part<T> = T | 'short' | 'bad';

/** The text up to a NUL. */
function untilNul(cursor: Cursor): Part<string> {
  const start = cursor.at;
  for (let i = start; i < cursor.end && i - start <= MAX_TEXT; i++) {
    const byte = cursor.bytes[i];
    if (byte === 0) {
      cursor.at = i + 1;
      return textOf(cursor.bytes.subarray(start, i), MAX_TEXT);
    }
    if (byte < 0x20 || byte > 0x7e) return 'bad';
  }
  return cursor.end - start > MAX_TEXT ? 'bad' : 'short';
}

function request4(head: StreamHead): Part<Target> {
  const cursor = new Cursor(head.bytes, 0, head.length);
  cursor.skip(1);
  const command = cursor.u8();
  if (head.length >= 2 && command !== 1 && command !== 2) return 'bad';
  const port = cursor.u16();
  const address = cursor.take(4);
  if (cursor.overrun) return 'short';
  if (port === 0 || address[0] === 127) return 'bad';
  const user = untilNul(cursor);
  if (user === 'short' || user === 'bad') return user;
  // 0.0.0.x: the name follows (4a).
  const named = address[0] === 0 && address[1] === 0 && address[2] === 0 && address[3] !== 0;
  if (!named) return address[0] === 0 ? 'bad' : { host: address.join('.'), name: false, port, command, end: cursor.at };
  const host = untilNul(cursor);
  if (host === 'short' || host === 'bad') return host;
  return /^[\w.:-]{1,255}$/.test(host) ? { host, name: true, port, command, end: cursor.at } : 'bad';
}

/** The request or reply of version 5 at `at`; both have the same form. */
function message5(head: StreamHead, at: number, most: number): Part<Target> {
  const cursor = new Cursor(head.bytes, at, head.length);
  if (cursor.left < 4) {
    if (
      (cursor.left > 0 && head.bytes[at] !== 5) ||
      (cursor.left > 1 && head.bytes[at + 1] > most) ||
      (cursor.left > 2 && head.bytes[at + 2] !== 0)
    )
      return 'bad';
    return 'short';
  }
  const version = cursor.u8();
  const command = cursor.u8();
  const reserved = cursor.u8();
  const type = cursor.u8();
  if (version !== 5 || command > most || reserved !== 0) return 'bad';
  let host = '';
  if (type === Address.IPV4) host = cursor.take(4).join('.');
  else if (type === Address.IPV6) host = (hexOf(cursor.take(16)).match(/.{4}/g) ?? []).join(':');
  else if (type === Address.NAME) host = textOf(cursor.take(cursor.u8()), MAX_TEXT);
  else return 'bad';
  const port = cursor.u16();
  return cursor.overrun ? 'short' : { host, name: type === Address.NAME, port, command, end: cursor.at };
}

/** Offset behind the greeting of version 5: the count of methods, then so many different ones. */
function greeting5(head: StreamHead): Part<number> {
  if (head.length < 2) return 'short';
  const count = head.bytes[1];
  if (count === 0 || count > 16) return 'bad';
  if (head.length < 2 + count) return 'short';
  const methods = head.bytes.subarray(2, 2 + count);
  // 0-9 are registered, from 0x80 on they are private.
  return new Set(methods).size === count && methods.every((method) => method <= 9 || (method >= 0x80 && method < 0xff)) ? 2 + count : 'bad';
}

interface Login {
  user: string;
  end: number;
}

/** RFC 1929. */
function login5(head: StreamHead, at: number): Part<Login> {
  const cursor = new Cursor(head.bytes, at, head.length);
  if (cursor.u8() !== 1 && !cursor.overrun) return 'bad';
  const user = textOf(cursor.take(cursor.u8()), MAX_TEXT);
  cursor.skip(cursor.u8());
  return cursor.overrun ? 'short' : { user, end: cursor.at };
}

const isPart = <T>(part: Part<T>): part is 'short' | 'bad' => part === 'short' || part === 'bad';

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  if (client.length === 0) return client.complete ? Verdict.NO : Verdict.MORE;
  const ended = client.complete && server.complete;
  const open = ended ? Verdict.NO : Verdict.MORE;
  if (client.bytes[0] === 4) {
    const request = request4(client);
    if (request === 'bad') return Verdict.NO;
    if (request === 'short' || server.length < 2)
      return server.complete && request !== 'short' && !isPart(request) && request.name && request.host.includes('.') ? Verdict.YES : open;
    return server.bytes[0] === 0 && server.bytes[1] >= 0x5a && server.bytes[1] <= 0x5d
      ? server.length >= 8
        ? Verdict.YES
        : open
      : Verdict.NO;
  }
  return client.bytes[0] === 5 ? probe5(client, server, open) : Verdict.NO;
}

function probe5(client: StreamHead, server: StreamHead, open: VerdictCode): VerdictCode {
  const greeting = greeting5(client);
  if (greeting === 'bad') return Verdict.NO;
  if (server.length > 0 && server.bytes[0] !== 5) return Verdict.NO;
  if (greeting === 'short') return open;
  const method = server.length >= 2 ? server.bytes[1] : -1;
  if (method >= 0 && method !== 0xff && !client.bytes.subarray(2, greeting).includes(method)) return Verdict.NO;
  if (client.length === greeting) return method === 0xff && server.complete ? Verdict.YES : open;
  // A client that does not wait, or that the server has answered: its request, or its name and password, must be well formed.
  const login = client.bytes[greeting] === 1 && method !== 0 ? login5(client, greeting) : null;
  if (login !== null) return login === 'bad' ? Verdict.NO : login === 'short' || method !== 2 ? open : Verdict.YES;
  const request = message5(client, greeting, 3);
  if (request === 'bad') return Verdict.NO;
  if (request === 'short') return open;
  if (request.command === 0) return Verdict.NO;
  return method === 0 || (server.length === 0 && server.complete) ? Verdict.YES : open;
}

class SocksSession implements StreamSession {
  confirmed = false;
  successor?: Successor;
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;

  constructor(context: SessionContext) {
    this.context = context;
    this.detail = context.facts.detail('socks');
  }

  /** The exchange is short, so it is read from its beginning each time. */
  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const [client, server] = heads;
    const progress = client.bytes[0] === 4 ? this.version4(client, server) : this.version5(client, server);
    if (progress !== Progress.MORE) return progress;
    return client.complete && server.complete ? Progress.DONE : Progress.MORE;
  }

  private version4(client: StreamHead, server: StreamHead): ProgressCode {
    const request = request4(client);
    if (request === 'bad') return Progress.BROKEN;
    if (request === 'short') return Progress.MORE;
    this.target(request, request.name ? '4a' : '4');
    if (server.length < 8) return server.complete ? this.over(request, 0) : Progress.MORE;
    this.confirmed = true;
    this.detail.granted = server.bytes[1] === 0x5a;
    return server.bytes[1] === 0x5a ? this.over(request, 8) : Progress.DONE;
  }

  private version5(client: StreamHead, server: StreamHead): ProgressCode {
    const greeting = greeting5(client);
    if (isPart(greeting)) return greeting === 'bad' ? Progress.BROKEN : Progress.MORE;
    this.detail.version = '5';
    if (server.length < 2 && !server.complete) return Progress.MORE;
    const method = server.length >= 2 ? server.bytes[1] : 0;
    this.detail.method = method;
    if (method === 0xff) return Progress.DONE;
    let asked: number = greeting;
    let answered = Math.min(2, server.length);
    if (method === 2) {
      const login = login5(client, asked);
      if (isPart(login)) return login === 'bad' ? Progress.BROKEN : Progress.MORE;
      this.detail.user = login.user;
      this.context.facts.risks.add('cleartext_credentials');
      this.confirmed = true;
      asked = login.end;
      if (server.length < 4) return Progress.MORE;
      if (server.bytes[3] !== 0) return Progress.DONE;
      answered = 4;
    } else if (method !== 0) return Progress.DONE; // GSSAPI and private methods: opaque from here
    const request = message5(client, asked, 3);
    if (isPart(request)) return request === 'bad' ? Progress.BROKEN : Progress.MORE;
    this.target(request, '5');
    this.confirmed = true;
    const reply = message5(server, answered, 8);
    if (reply === 'bad') return Progress.DONE;
    if (reply === 'short') return server.complete ? this.over(request, server.length) : Progress.MORE;
    this.detail.granted = reply.command === 0;
    return reply.command === 0 ? this.over(request, reply.end) : Progress.DONE;
  }

  private target(request: Target, version: string): void {
    const { detail } = this;
    detail.version = version;
    detail.command = COMMANDS[request.command] ?? request.command;
    detail.host = request.host;
    detail.port = request.port;
    if (request.name && request.host !== '') this.context.facts.nameHost(request.host, 'protocol');
  }

  private over(request: Target, server: number): ProgressCode {
    if (request.command !== 1) return Progress.DONE;
    this.successor = { offsets: [request.end, server] };
    return Progress.HAND_OVER;
  }
}

export const socks: StreamDissector = {
  transport: 'tcp',
  protocol: 'socks',
  ports: [1080, 9050, 9150],
  probe: (heads) => probe([heads[CLIENT], heads[SERVER]]),
  open: (context) => new SocksSession(context),
};
