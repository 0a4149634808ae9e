/**
 * HTTP/1.0 and 1.1 (RFC 9110, RFC 9112): requests, responses, their pairs, and what takes over afterwards (CONNECT,
 * Upgrade). A capture of one side is enough; with both, the n-th final response answers the n-th request.
 */
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  type Successor,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { HttpFacts } from './facts.ts';
import { Found, Framing, type FramingCode, isTokenByte, Message, MessageReader } from './http-message.ts';
import { riskOfBody, riskOfRequest, riskOfResponse } from './http-risks.ts';
import { firstLine } from './lines.ts';
import type { ProtocolName } from './protocols.ts';
import { startsWithAnyCase } from './text.ts';

/** Of one flow, in its transaction log. */
const MAX_TRANSACTIONS = 256;
/** Requests that wait for their response; a head of 16 KiB has room for about as many. */
const MAX_PENDING = 1024;
/** How much of each head the probe looks at. */
const PROBE = 64;
/** What is enough of a first line that has not ended when no more bytes will come. */
const ENOUGH = 8;

/** IANA's registry of methods, and those of WebDAV, UPnP, Exchange, RPC over HTTP and BITS that everybody sees. */
export const METHODS = new Set(
  (
    'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY LABEL LINK LOCK ' +
    'MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE ORDERPATCH PROPFIND PROPPATCH REBIND REPORT SEARCH UNBIND ' +
    'UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL NOTIFY SUBSCRIBE UNSUBSCRIBE POLL PURGE BCOPY BDELETE BMOVE ' +
    'BPROPFIND BPROPPATCH RPC_IN_DATA RPC_OUT_DATA RDG_IN_DATA RDG_OUT_DATA SSTP_DUPLEX_POST BITS_POST CCM_POST X-MS-ENUMATTS SOURCE'
  ).split(' '),
);
const LONGEST_METHOD = 17;

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}

/** The request line as far as 64 bytes show it. */
function probeRequest(head: StreamHead): VerdictCode {
  const { bytes } = head;
  const length = Math.min(head.length, PROBE);
  let at = 0;
  while (at < length && at < 4 && (bytes[at] === 0x0d || bytes[at] === 0x0a)) at++;
  const start = at;
  while (at < length && isTokenByte(bytes[at])) at++;
  if (at === length) return at - start <= LONGEST_METHOD && !head.complete ? Verdict.MORE : Verdict.NO;
  if (at === start || !isBlank(bytes[at])) return Verdict.NO;
  const method = Buffer.from(bytes.subarray(start, at)).toString('latin1').toUpperCase();
  if (!METHODS.has(method)) return Verdict.NO;
  while (at < length && isBlank(bytes[at])) at++;
  if (at === length) return head.complete ? Verdict.NO : Verdict.MORE;
  return probeTarget(head, method, at, length);
}

function probeTarget(head: StreamHead, method: string, at: number, length: number): VerdictCode {
  const { bytes } = head;
  const rest = Buffer.from(bytes.subarray(at, length)).toString('latin1');
  const line = rest.split('\n', 1)[0];
  const ended = line.length < rest.length;
  const certain = /^(?:\/|https?:\/\/[\w[])/i.test(line) || (method === 'CONNECT' && /^[\w.[\]-]{1,255}:\d/.test(line));
  if (ended) {
    if (/[ \t]HTTP\/1\.\d[ \t]*\r?$/i.test(line)) return Verdict.YES;
    // Without a version: HTTP/0.9. Other protocols put their own name there.
    return method === 'GET' && /^\/[^\s]*[ \t]*\r?$/.test(line) ? Verdict.YES : Verdict.NO;
  }
  if (/[^\x20-\x7e\t\r]/.test(line) && !/^[/h]/i.test(line)) return Verdict.NO;
  if (head.length >= PROBE || head.complete) {
    if (!certain || line.length < ENOUGH) return Verdict.NO;
    return / [A-Z]{2,12}\/\d/.test(line) && !/ HTTP\//i.test(line) ? Verdict.NO : Verdict.YES;
  }
  return Verdict.MORE;
}

/** The status line. */
function probeResponse(head: StreamHead): VerdictCode {
  const { text } = firstLine(head, 16);
  if (/^HTTP\/1\.\d[ \t]+[1-9]\d\d(?:[ \t]|$)/i.test(text) && text.length >= 12) return Verdict.YES;
  return !head.complete && startsWithAnyCase(bytesOf('HTTP/1.'), 7, text.slice(0, 7).toUpperCase()) && text.length < 12
    ? Verdict.MORE
    : Verdict.NO;
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  if (client.length > 0) {
    const verdict = probeRequest(client);
    if (verdict !== Verdict.NO) return verdict;
    // A server that answers in HTTP to what is no request speaks HTTP all the same; TLS to such a port is TLS's to tell.
    if (client.bytes[0] === 0x16 || server.length === 0) return server.complete || client.bytes[0] === 0x16 ? Verdict.NO : Verdict.MORE;
  }
  if (server.length > 0) return probeResponse(server);
  return client.complete && server.complete ? Verdict.NO : Verdict.MORE;
}

class HttpSession implements StreamSession {
  confirmed = false;
  successor?: Successor;
  label?: ProtocolName;
  private readonly context: SessionContext;
  private readonly requests = new MessageReader(CLIENT);
  private readonly responses = new MessageReader(SERVER);
  private readonly pending: Message[] = [];
  /** The request that the last response answered. */
  private answered: Message | null = null;
  /** CONNECT or Upgrade: the client's bytes behind it may not be HTTP any more. */
  private paused = false;
  private section: HttpFacts | null = null;
  private transactions = 0;
  private responded = false;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const [client, server] = heads;
    for (;;) {
      const asked = this.readRequests(client);
      const answered = this.readResponses(client, server);
      if (!asked && !answered && this.paused && server.complete && this.responses.finished(server)) this.unanswered(client, server);
      else if (!asked && !answered) break;
      if (this.successor !== undefined) return this.end(Progress.HAND_OVER);
    }
    if (this.requests.broken && (server.length === 0 ? server.complete : this.responses.broken)) return this.end(Progress.BROKEN);
    if (this.requests.broken && this.responses.messages === 0 && probeResponse(server) === Verdict.NO) return this.end(Progress.BROKEN);
    if (this.requests.finished(client) && this.responses.finished(server)) return this.end(Progress.DONE);
    return Progress.MORE;
  }

  passesOver(side: Side): boolean {
    return (side === CLIENT ? this.requests : this.responses).fillsHead;
  }

  finish(): void {
    for (const request of this.pending) this.report(request, null, null);
    this.pending.length = 0;
  }

  private end(progress: ProgressCode): ProgressCode {
    this.finish();
    return progress;
  }

  /** The answer to CONNECT or Upgrade will not be seen: what the client sends next shows what it was. */
  private unanswered(client: StreamHead, server: StreamHead): void {
    const { at } = this.requests;
    if (server.length === 0 && at < client.length && !isTokenByte(client.bytes[at])) this.successor = { offsets: [at, 0] };
    else this.paused = false;
  }

  private readRequests(client: StreamHead): boolean {
    let any = false;
    while (!this.paused && this.pending.length < MAX_PENDING) {
      const found = this.requests.read(client);
      if (found === Found.NOTHING) break;
      any = true;
      const { message } = this.requests;
      if (found === Found.BODY) riskOfBody(this.context.facts, message, message, this.requests.bodyStart);
      else this.onRequest(message);
    }
    return any;
  }

  private onRequest(message: Message): void {
    const { facts } = this.context;
    const cut = message.partial && message.version === '';
    if (!cut) this.confirmed = true;
    const section = this.factsOf(message.version);
    section.requests++;
    const host = hostOf(message);
    riskOfRequest(facts, message, host);
    if (section.requests === 1) {
      section.method = message.method;
      section.host = host;
      section.url = message.target;
      section.user_agent = message.userAgent;
      section.referer = message.referer;
      section.request_content_type = message.contentType;
      if (message.version !== '') section.version = message.version;
      if (host !== null) facts.nameHost(withoutPort(host), 'http_host');
    }
    this.pending.push(message);
    this.paused = message.method === 'CONNECT' || message.upgrade !== null;
    if (message.chunked) this.requests.frame(Framing.CHUNKED, 0);
    else this.requests.frame(Framing.LENGTH, message.method === 'CONNECT' ? 0 : (message.contentLength ?? 0));
  }

  private readResponses(client: StreamHead, server: StreamHead): boolean {
    let any = false;
    // A response waits for its request, so that the order in which both sides arrive does not matter.
    while (this.successor === undefined && (this.pending.length > 0 || !this.responses.idle || this.noMoreRequests(client))) {
      const found = this.responses.read(server);
      if (found === Found.NOTHING) break;
      any = true;
      const { message } = this.responses;
      if (found === Found.BODY) riskOfBody(this.context.facts, message, this.answered, this.responses.bodyStart);
      else this.onResponse(message);
    }
    return any;
  }

  private noMoreRequests(client: StreamHead): boolean {
    return client.length === 0 || this.requests.broken || (!this.paused && this.requests.finished(client));
  }

  private onResponse(message: Message): void {
    this.confirmed = true;
    const status = message.status ?? 0;
    if (status < 200 && status !== 101) {
      this.responses.frame(Framing.NONE, 0);
      return;
    }
    const request = this.pending.shift() ?? null;
    this.answered = request;
    if (this.pending.length === 0) this.paused = false;
    const section = this.factsOf(message.version);
    if (!this.responded) {
      this.responded = true;
      section.status = message.status;
      section.server = message.server;
      section.response_content_type = message.contentType;
    }
    riskOfResponse(this.context.facts, message, request);
    const [framing, length] = framingOf(message, request);
    this.report(request, message, framing === Framing.LENGTH ? length : framing === Framing.NONE ? 0 : null);
    this.responses.frame(framing, length);
    if (takesOver(message, request)) {
      if (message.upgrade === 'websocket' || request?.upgrade === 'websocket') this.label = 'websocket';
      else if (request?.method === 'CONNECT') this.label = 'http_connect';
      this.successor = { offsets: [this.requests.at, this.responses.at] };
    }
  }

  private factsOf(version: string): HttpFacts {
    this.section ??= this.context.facts.http ??= {
      version: version === '' ? '1.1' : version,
      method: null,
      host: null,
      url: null,
      status: null,
      user_agent: null,
      referer: null,
      server: null,
      request_content_type: null,
      response_content_type: null,
      requests: 0,
    };
    return this.section;
  }

  private report(request: Message | null, response: Message | null, responseBytes: number | null): void {
    if (!this.context.wantsTransactions || this.transactions === MAX_TRANSACTIONS) return;
    this.transactions++;
    const asked = request ?? new Message();
    this.context.transaction({
      log: 'http',
      method: asked.method ?? '',
      host: hostOf(asked),
      url: asked.target,
      version: asked.version !== '' ? asked.version : (response?.version ?? '1.1'),
      user_agent: asked.userAgent,
      referer: asked.referer,
      request_content_type: asked.contentType,
      request_bytes: request === null || asked.chunked || asked.partial ? asked.contentLength : (asked.contentLength ?? 0),
      status: response?.status ?? null,
      reason: response?.reason ?? null,
      server: response?.server ?? null,
      response_content_type: response?.contentType ?? null,
      response_bytes: responseBytes,
    });
  }
}

/** RFC 9112 section 6.3. */
function framingOf(message: Message, request: Message | null): [FramingCode, number] {
  const status = message.status ?? 0;
  const connected = request?.method === 'CONNECT' && status < 300;
  if (request?.method === 'HEAD' || connected || status < 200 || status === 204 || status === 304) return [Framing.NONE, 0];
  if (message.chunked) return [Framing.CHUNKED, 0];
  if (message.contentLength !== null) return [Framing.LENGTH, message.contentLength];
  return [Framing.UNTIL_CLOSE, 0];
}

function takesOver(message: Message, request: Message | null): boolean {
  if (message.partial) return false;
  const status = message.status ?? 0;
  if (status === 101) return true;
  if (request === null) return status === 200 && /^connection established$/i.test(message.reason ?? '');
  return request.method === 'CONNECT' && status >= 200 && status < 300;
}

/** The authority of the target stands above the Host field (RFC 9112 section 3.2.2). */
function hostOf(message: Message): string | null {
  if (message.method === 'CONNECT') return message.target === '' ? message.host : message.target;
  const absolute = /^https?:\/\/(?:[^/?#@]*@)?([^/?#]+)/i.exec(message.target);
  return absolute === null ? message.host : absolute[1];
}

function withoutPort(host: string): string {
  const literal = /^\[([0-9a-f:.%]+)\]/i.exec(host);
  return literal === null ? host.replace(/:\d{1,5}$/, '') : literal[1];
}

export const http: StreamDissector = {
  transport: 'tcp',
  protocol: 'http',
  ports: [80, 8080, 8000, 8008, 8888, 3128, 5985, 7547, 591, 2869],
  probe,
  open: (context) => new HttpSession(context),
};
