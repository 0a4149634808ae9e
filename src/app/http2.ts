/**
 * HTTP/2 in clear (RFC 9113): the client's connection preface, then frames. The header blocks of both sides are
 * decompressed for methods, paths and statuses. gRPC is HTTP/2 with the content type application/grpc.
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
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { HttpFacts } from './facts.ts';
import { type Field, HpackDecoder } from './hpack.ts';
import type { ProtocolName } from './protocols.ts';
import { startsWith } from './text.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const FRAME_HEADER = 9;
const Type = { HEADERS: 1, SETTINGS: 4, CONTINUATION: 9 } as const;
/** Flags. */
const END_HEADERS = 0x04;
const PADDED = 0x08;
const PRIORITY = 0x20;
const ACK = 0x01;
const HEADER_TABLE_SIZE = 1;
/** Streams whose other half has not been seen, and header blocks over several frames. */
const MAX_STREAMS = 128;
const MAX_BLOCK = 16_384;
const MAX_TRANSACTIONS = 256;
const TEXT = 1024;
const FIELD = 256;

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client] = heads;
  const { bytes, length } = client;
  const prefix = Math.min(length, PREFACE.length);
  if (!startsWith(bytes, length, PREFACE.slice(0, prefix))) return Verdict.NO;
  if (length >= PREFACE.length + FRAME_HEADER) return isSettings(bytes, PREFACE.length) ? Verdict.YES : Verdict.NO;
  if (!client.complete) return Verdict.MORE;
  return length >= PREFACE.length ? Verdict.YES : Verdict.NO;
}

/** A SETTINGS frame header that is no acknowledgement. */
function isSettings(bytes: Uint8Array, at: number): boolean {
  const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
  const stream = bytes[at + 5] | bytes[at + 6] | bytes[at + 7] | bytes[at + 8];
  return length % 6 === 0 && length < MAX_BLOCK && bytes[at + 3] === Type.SETTINGS && bytes[at + 4] === 0 && stream === 0;
}

interface Half {
  readonly fields: ReadonlyMap<string, string>;
}

class FrameReader {
  at: number;
  type = 0;
  flags = 0;
  stream = 0;
  payload: Uint8Array = new Uint8Array(0);
  dead = false;
  private skip = 0;

  constructor(at: number) {
    this.at = at;
  }

  /** True when another frame is there whole. Frames of no interest may be longer than the head and are skipped. */
  next(head: StreamHead): boolean {
    if (this.skip > 0) {
      const step = Math.min(this.skip, head.length - this.at);
      this.at += step;
      this.skip -= step;
      if (this.skip > 0) return false;
    }
    const { at } = this;
    if (this.dead || at + FRAME_HEADER > head.length) return false;
    const { bytes } = head;
    const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    this.type = bytes[at + 3];
    this.flags = bytes[at + 4];
    this.stream = ((bytes[at + 5] & 0x7f) << 24) | (bytes[at + 6] << 16) | (bytes[at + 7] << 8) | bytes[at + 8];
    const read = this.type === Type.HEADERS || this.type === Type.CONTINUATION || this.type === Type.SETTINGS;
    if (read && length > MAX_BLOCK) {
      this.dead = true;
      return false;
    }
    if (read && at + FRAME_HEADER + length > head.length) return false;
    const end = at + FRAME_HEADER + length;
    this.payload = bytes.subarray(at + FRAME_HEADER, Math.min(end, head.length));
    this.at = Math.min(end, head.length);
    this.skip = end - this.at;
    return true;
  }
}

class Http2Session implements StreamSession {
  confirmed = false;
  label?: ProtocolName;
  private readonly context: SessionContext;
  private readonly frames = [new FrameReader(PREFACE.length), new FrameReader(0)] as const;
  private readonly hpack = [new HpackDecoder(), new HpackDecoder()] as const;
  private readonly blocks: [number[], number[]] = [[], []];
  /** Header blocks that are open, by side: the stream, or 0. */
  private readonly open: [number, number] = [0, 0];
  private readonly halves: [Map<number, Half>, Map<number, Half>] = [new Map(), new Map()];
  private readonly lost: [boolean, boolean] = [false, false];
  private transactions = 0;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    this.section();
    this.readSide(heads[CLIENT], CLIENT);
    this.readSide(heads[SERVER], SERVER);
    const ended = (side: Side) => heads[side].complete || this.frames[side].dead || this.lost[side];
    if (!ended(CLIENT) || !ended(SERVER)) return Progress.MORE;
    this.finish();
    return Progress.DONE;
  }

  finish(): void {
    for (const [, request] of this.halves[CLIENT]) this.report(request, null);
    this.halves[CLIENT].clear();
  }

  private readSide(head: StreamHead, side: Side): void {
    const frames = this.frames[side];
    if (side === SERVER && frames.at === 0 && head.length >= FRAME_HEADER && !isSettings(head.bytes, 0)) frames.dead = true;
    while (!this.lost[side] && frames.next(head)) {
      this.confirmed = true;
      this.onFrame(frames, side);
    }
  }

  private onFrame(frame: FrameReader, side: Side): void {
    if (frame.type === Type.SETTINGS) this.onSettings(frame, side);
    else if (frame.type === Type.HEADERS) {
      const padded = (frame.flags & PADDED) !== 0;
      const start = (padded ? 1 : 0) + ((frame.flags & PRIORITY) !== 0 ? 5 : 0);
      const end = frame.payload.length - (padded ? (frame.payload[0] ?? 0) : 0);
      this.blocks[side] = [...frame.payload.subarray(Math.min(start, end), end)];
      this.open[side] = frame.stream;
    } else if (frame.type === Type.CONTINUATION && this.open[side] === frame.stream) {
      const block = this.blocks[side];
      if (block.length + frame.payload.length > MAX_BLOCK) this.lost[side] = true;
      else for (const byte of frame.payload) block.push(byte);
    } else return;
    if ((frame.flags & END_HEADERS) !== 0 && frame.type !== Type.SETTINGS && this.open[side] !== 0) this.onBlock(side);
  }

  private onSettings(frame: FrameReader, side: Side): void {
    if ((frame.flags & ACK) !== 0) return;
    const { payload } = frame;
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const id = (payload[at] << 8) | payload[at + 1];
      const value = payload[at + 2] * 2 ** 24 + ((payload[at + 3] << 16) | (payload[at + 4] << 8) | payload[at + 5]);
      // What one side announces bounds the table of the blocks that the other sends.
      if (id === HEADER_TABLE_SIZE) this.hpack[side === CLIENT ? SERVER : CLIENT].allow(value);
    }
  }

  private onBlock(side: Side): void {
    const stream = this.open[side];
    this.open[side] = 0;
    const { fields, ok } = this.hpack[side].decode(Uint8Array.from(this.blocks[side]));
    // After a block that cannot be decoded the table is unknown: nothing more can be read on this side (section 4.3).
    if (!ok) this.lost[side] = true;
    const byName = new Map<string, string>(fields.map(([name, value]: Field) => [name, value]));
    if (!byName.has(side === CLIENT ? ':method' : ':status')) return;
    if (side === SERVER && byName.get(':status')!.startsWith('1')) return;
    this.noteHead(byName, side);
    this.pair(stream, { fields: byName }, side);
  }

  private noteHead(fields: ReadonlyMap<string, string>, side: Side): void {
    const section = this.section();
    const { facts } = this.context;
    const type = fields.get('content-type') ?? null;
    if (type !== null && /^application\/grpc(?:$|[+;-])/i.test(type)) {
      this.label = 'grpc';
      const detail = facts.detail('grpc');
      detail.content_type ??= type.slice(0, FIELD);
      if (side === CLIENT) detail.method ??= (fields.get(':path') ?? '').slice(0, FIELD);
    }
    if (side === SERVER) {
      if (section.status !== null) return;
      section.status = Number(fields.get(':status')) || null;
      section.server = fields.get('server')?.slice(0, FIELD) ?? null;
      section.response_content_type = type?.slice(0, FIELD) ?? null;
      if (section.status !== null && section.status >= 400) facts.risks.add('error_code_detected');
      return;
    }
    section.requests++;
    if (/^(?:basic|digest) /i.test(fields.get('authorization') ?? '')) facts.risks.add('cleartext_credentials');
    if (section.requests > 1) return;
    section.method = fields.get(':method')?.slice(0, 32) ?? null;
    section.host = (fields.get(':authority') ?? fields.get('host'))?.slice(0, FIELD) ?? null;
    section.url = fields.get(':path')?.slice(0, TEXT) ?? null;
    section.user_agent = fields.get('user-agent')?.slice(0, TEXT) ?? null;
    section.referer = fields.get('referer')?.slice(0, TEXT) ?? null;
    section.request_content_type = type?.slice(0, FIELD) ?? null;
    if (section.host !== null) facts.nameHost(section.host.replace(/:\d{1,5}$/, '').replace(/^\[|\]$/g, ''), 'http_host');
  }

  private pair(stream: number, half: Half, side: Side): void {
    const other = side === CLIENT ? this.halves[SERVER] : this.halves[CLIENT];
    const match = other.get(stream);
    if (match === undefined) {
      if (this.halves[side].size < MAX_STREAMS) this.halves[side].set(stream, half);
      return;
    }
    other.delete(stream);
    if (side === CLIENT) this.report(half, match);
    else this.report(match, half);
  }

  private report(request: Half, response: Half | null): void {
    if (!this.context.wantsTransactions || this.transactions === MAX_TRANSACTIONS) return;
    this.transactions++;
    const asked = (name: string, limit = FIELD) => request.fields.get(name)?.slice(0, limit) ?? null;
    const answered = (name: string) => response?.fields.get(name)?.slice(0, FIELD) ?? null;
    const length = (text: string | null) => (text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null);
    this.context.transaction({
      log: 'http',
      method: asked(':method', 32) ?? '',
      host: asked(':authority') ?? asked('host'),
      url: asked(':path', TEXT) ?? '',
      version: '2',
      user_agent: asked('user-agent', TEXT),
      referer: asked('referer', TEXT),
      request_content_type: asked('content-type'),
      request_bytes: length(asked('content-length')),
      status: length(answered(':status')),
      reason: null,
      server: answered('server'),
      response_content_type: answered('content-type'),
      response_bytes: length(answered('content-length')),
    });
  }

  private section(): HttpFacts {
    this.context.facts.http ??= {
      version: '2',
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
    return this.context.facts.http;
  }
}

export const http2: StreamDissector = {
  transport: 'tcp',
  protocol: 'http2',
  ports: [80, 8080, 50051],
  probe,
  open: (context) => new Http2Session(context),
};
