/**
 * Elasticsearch's transport protocol (its TcpHeader): `ES`, the length of the rest, a request id, a status byte, the version
 * of the sender; pings are `ES` and -1. The HTTP interface is HTTP.
 */
import { Cursor } from './cursor.ts';
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
import type { DetailValue } from './facts.ts';
import { textOf } from './text.ts';

const HEADER = 19;
const PING = 6;
const RESPONSE = 0x01;
const HANDSHAKE = 0x08;
const MAX_LENGTH = 0x4000_0000;
/** How much of a request is searched for the name of its action. */
const MAX_SEARCH = 2048;
const MAX_FRAMES = 64;
const MAX_ACTIONS = 8;

interface Frame {
  /** Bytes behind the length. */
  length: number;
  status: number;
  version: number;
  ping: boolean;
}

function frameAt(head: StreamHead, at: number): Frame | 'short' | 'bad' {
  const cursor = new Cursor(head.bytes, at, head.length);
  for (const letter of [0x45, 0x53]) if (cursor.u8() !== letter) return cursor.overrun ? 'short' : 'bad';
  const length = cursor.u32();
  if (cursor.overrun) return 'short';
  if (length === 0xffff_ffff) return { length: 0, status: 0, version: 0, ping: true };
  if (length < HEADER - PING || length > MAX_LENGTH) return 'bad';
  cursor.skip(8);
  const status = cursor.u8();
  const version = cursor.u32();
  if (cursor.overrun) return 'short';
  // Four bits have a meaning; versions are below 100.0.0.
  return status > 0x0f || version === 0 || version > 99_999_999 ? 'bad' : { length, status, version, ping: false };
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  let certain = false;
  for (const side of [CLIENT, SERVER] as const) {
    const head = heads[side];
    if (head.length === 0) continue;
    const frame = frameAt(head, 0);
    if (frame === 'bad') return Verdict.NO;
    if (frame !== 'short') certain = true;
  }
  if (certain) return Verdict.YES;
  return heads[CLIENT].complete && heads[SERVER].complete ? Verdict.NO : Verdict.MORE;
}

class ElasticsearchSession implements StreamSession {
  confirmed = false;
  private readonly detail: Record<string, DetailValue>;
  private readonly at: [number, number] = [0, 0];
  private readonly done: [boolean, boolean] = [false, false];
  private readonly actions: string[] = [];
  private frames = 0;

  constructor(context: SessionContext) {
    this.detail = context.facts.detail('elasticsearch');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    for (const side of [CLIENT, SERVER] as const) {
      while (!this.done[side] && this.step(heads[side], side));
      if (heads[side].complete) this.done[side] = true;
    }
    return this.done[CLIENT] && this.done[SERVER] ? Progress.DONE : Progress.MORE;
  }

  private step(head: StreamHead, side: Side): boolean {
    const at = this.at[side];
    if (at >= head.length) return false;
    const frame = frameAt(head, at);
    if (frame === 'short') return false;
    if (frame === 'bad' || this.frames >= MAX_FRAMES) {
      this.done[side] = true;
      return false;
    }
    this.confirmed = true;
    const end = at + PING + frame.length;
    if (!frame.ping) {
      // The names stand near the beginning; wait for them, but not for a whole bulk request.
      if (head.length < Math.min(end, at + MAX_SEARCH) && !head.complete) return false;
      this.detail[side === CLIENT ? 'client_version' : 'server_version'] ??= versionText(frame.version);
      if ((frame.status & HANDSHAKE) !== 0) this.detail.handshake = true;
      if ((frame.status & RESPONSE) === 0) this.onRequest(head.bytes.subarray(at + HEADER, Math.min(end, at + MAX_SEARCH, head.length)));
    }
    this.frames++;
    this.at[side] = end;
    return true;
  }

  private onRequest(bytes: Uint8Array): void {
    const action = /(?:internal|indices|cluster):[a-z/_[\]]{3,80}/.exec(Buffer.from(bytes).toString('latin1'))?.[0];
    if (action === undefined || this.actions.length >= MAX_ACTIONS || this.actions.includes(action)) return;
    this.actions.push(textOf(Buffer.from(action, 'latin1'), 96));
    this.detail.actions = this.actions;
  }
}

/** 6080099 is 6.8.0: two decimal digits each for minor, revision and build. */
function versionText(version: number): string {
  return `${Math.floor(version / 1_000_000)}.${Math.floor(version / 10_000) % 100}.${Math.floor(version / 100) % 100}`;
}

export const elasticsearch: StreamDissector = {
  transport: 'tcp',
  protocol: 'elasticsearch',
  ports: [9300],
  probe,
  open: (context) => new ElasticsearchSession(context),
};
