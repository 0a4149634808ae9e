/** PPTP: the control connection (RFC 2637 section 2). */
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
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { eitherSide } from './prefix.ts';
import { textOf } from './text.ts';

const MAGIC = 0x1a2b3c4d;
const HEADER = 12;
const START_LENGTH = 156;
const CALL_REQUEST_LENGTH = 168;
/** Lengths by control message type; 0 for types that do not exist. */
const lengths = [0, 156, 156, 16, 16, 16, 20, 168, 32, 220, 24, 28, 16, 148, 40, 24];

function judge(head: StreamHead): VerdictCode {
  const { bytes, length } = head;
  const fixed = [-1, -1, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d, 0, -1, 0, 0];
  const end = Math.min(length, HEADER);
  for (let i = 0; i < end; i++) if (fixed[i] >= 0 && bytes[i] !== fixed[i]) return Verdict.NO;
  if (end < HEADER) return head.complete && length > 0 ? Verdict.NO : Verdict.MORE;
  return lengths[bytes[9]] === ((bytes[0] << 8) | bytes[1]) ? Verdict.YES : Verdict.NO;
}

/** A text that fills its field with zeros. */
function paddedText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return textOf(end < 0 ? bytes : bytes.subarray(0, end));
}

const MESSAGE_LIMIT = 16;

class Session implements StreamSession {
  readonly #facts: AppFacts;
  readonly #at = [0, 0];
  #left = MESSAGE_LIMIT;
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
    // MS-CHAP and MPPE, which it comes with, are broken.
    this.#facts.risks.add('unsafe_protocol');
    this.#facts.detail('pptp');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const client = this.#read(heads[CLIENT], CLIENT);
    const server = this.#read(heads[SERVER], SERVER);
    return this.#left <= 0 || (client && server) ? Progress.DONE : Progress.MORE;
  }

  /** True when this side has nothing more to say. */
  #read(head: StreamHead, side: 0 | 1): boolean {
    while (this.#left > 0) {
      const start = this.#at[side];
      const cursor = new Cursor(head.bytes, start, head.length);
      const length = cursor.u16();
      cursor.skip(2);
      const magic = cursor.u32();
      const type = cursor.u16();
      if (cursor.overrun) return head.complete;
      if (magic !== MAGIC || type >= lengths.length || lengths[type] !== length) return true;
      if (start + length > head.length) return head.complete;
      this.#readMessage(head.bytes.subarray(start, start + length), type, side);
      this.#at[side] += length;
      this.#left--;
    }
    return true;
  }

  #readMessage(message: Uint8Array, type: number, side: 0 | 1): void {
    const section = this.#facts.detail('pptp');
    const who = side === CLIENT ? 'client' : 'server';
    if ((type === 1 || type === 2) && message.length === START_LENGTH) {
      section[`${who}_host`] = paddedText(message.subarray(28, 92));
      section[`${who}_vendor`] = paddedText(message.subarray(92, 156));
    } else if (type === 7 && message.length === CALL_REQUEST_LENGTH) {
      section.call_id = (message[12] << 8) | message[13];
    }
  }
}

export const pptp: StreamDissector = {
  transport: 'tcp',
  protocol: 'pptp',
  ports: [1723],
  probe: (heads) => eitherSide(judge(heads[CLIENT]), judge(heads[SERVER])),
  open: (context) => new Session(context),
};
