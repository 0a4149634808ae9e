/**
 * WebSocket frames (RFC 6455 section 5), after the upgrade of HTTP: the client masks every frame, the server none. Two bytes
 * of header prove little, so a probe also wants the first frame to hold what its opcode says: readable text, a close code,
 * a short ping.
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
import type { DetailValue } from './facts.ts';

const Opcode = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;
/** Readable bytes of text frames, of both sides together, that are enough. */
const ENOUGH_TEXT = 12;
const PROBE = 64;
/** Frames of each side that are counted. */
const MAX_FRAMES = 4096;

interface Frame {
  fin: boolean;
  rsv: number;
  opcode: number;
  /** Offset of the payload. */
  start: number;
  size: number;
  mask: Uint8Array | null;
}

/** The frame header at `at`; null when it is not there whole, 'bad' when it cannot be one of this side. */
function frameAt(bytes: Uint8Array, length: number, at: number, side: Side): Frame | null | 'bad' {
  if (at + 2 > length) return null;
  const opcode = bytes[at] & 0x0f;
  const fin = (bytes[at] & 0x80) !== 0;
  const rsv = (bytes[at] >> 4) & 7;
  const masked = (bytes[at + 1] & 0x80) !== 0;
  const short = bytes[at + 1] & 0x7f;
  const control = opcode >= Opcode.CLOSE;
  // The first reserved bit is compression (RFC 7692); the others mean nothing yet.
  if (masked !== (side === CLIENT) || (rsv & 3) !== 0 || opcode > Opcode.PONG || (opcode > Opcode.BINARY && !control)) return 'bad';
  if (control && (!fin || short > 125 || rsv !== 0)) return 'bad';
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = at + 2 + extended + (masked ? 4 : 0);
  if (start > length) return null;
  let size = extended === 0 ? short : 0;
  for (let i = 0; i < extended; i++) size = size * 256 + bytes[at + 2 + i];
  if ((extended === 2 && size < 126) || (extended === 8 && size < 65_536) || size > Number.MAX_SAFE_INTEGER) return 'bad';
  return { fin, rsv, opcode, start, size, mask: masked ? bytes.subarray(start - 4, start) : null };
}

/** Readable bytes of text frames within the first 64; -1 when the bytes cannot be frames of this side. */
function evidence(head: StreamHead, side: Side): number {
  const length = Math.min(head.length, PROBE);
  let readable = 0;
  let at = 0;
  while (at < length) {
    const frame = frameAt(head.bytes, length, at, side);
    if (frame === 'bad') return -1;
    if (frame === null) break;
    if (at === 0 && frame.opcode === Opcode.CONTINUATION) return -1;
    const end = Math.min(frame.start + frame.size, length);
    if (frame.opcode === Opcode.TEXT && frame.rsv === 0) {
      for (let i = frame.start; i < end; i++) {
        const byte = head.bytes[i] ^ (frame.mask === null ? 0 : frame.mask[(i - frame.start) & 3]);
        if ((byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) || byte > 0x7e) return -1;
        readable++;
      }
    }
    at = frame.start + frame.size;
  }
  return readable;
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const client = evidence(heads[CLIENT], CLIENT);
  const server = evidence(heads[SERVER], SERVER);
  if (client < 0 || server < 0) return Verdict.NO;
  // The unmasked side alone could be many things: a letter, a length, text.
  if (client >= ENOUGH_TEXT || (client > 0 && client + server >= ENOUGH_TEXT)) return Verdict.YES;
  const over = (head: StreamHead) => head.complete || head.length >= PROBE;
  return over(heads[CLIENT]) && over(heads[SERVER]) ? Verdict.NO : Verdict.MORE;
}

class WebSocketSession implements StreamSession {
  confirmed = false;
  private readonly detail: Record<string, DetailValue>;
  private readonly at: [number, number] = [0, 0];
  private readonly frames: [number, number] = [0, 0];
  private readonly dead: [boolean, boolean] = [false, false];

  constructor(context: SessionContext) {
    this.detail = context.facts.detail('websocket');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    for (const side of [CLIENT, SERVER] as const) this.readSide(heads[side], side);
    this.detail.client_frames = this.frames[CLIENT];
    this.detail.server_frames = this.frames[SERVER];
    if (this.frames[CLIENT] + this.frames[SERVER] >= 2) this.confirmed = true;
    const ended = (side: Side) => this.dead[side] || heads[side].complete;
    return ended(CLIENT) && ended(SERVER) ? Progress.DONE : Progress.MORE;
  }

  private readSide(head: StreamHead, side: Side): void {
    while (!this.dead[side] && this.at[side] < head.length && this.frames[side] < MAX_FRAMES) {
      const frame = frameAt(head.bytes, head.length, this.at[side], side);
      if (frame === null) return;
      if (frame === 'bad') {
        this.dead[side] = true;
        return;
      }
      if (frame.opcode === Opcode.CLOSE && frame.size >= 2) {
        if (frame.start + 2 > head.length) return;
        const at = frame.start;
        const code = ((head.bytes[at] << 8) | head.bytes[at + 1]) ^ (frame.mask === null ? 0 : (frame.mask[0] << 8) | frame.mask[1]);
        this.detail[side === CLIENT ? 'client_close' : 'server_close'] = code;
      }
      this.frames[side]++;
      if (frame.rsv === 4) this.detail.compressed = true;
      if (frame.opcode === Opcode.TEXT) this.detail.text = true;
      if (frame.opcode === Opcode.BINARY) this.detail.binary = true;
      this.at[side] = frame.start + frame.size;
    }
  }
}

export const websocket: StreamDissector = {
  transport: 'tcp',
  protocol: 'websocket',
  ports: [80, 8080],
  probe,
  open: (context) => new WebSocketSession(context),
};
