/** The peer-to-peer protocol of Bitcoin ("Protocol documentation", message structure; BIP 14 for user agents). */

import { createHash } from 'node:crypto';
import { Cursor } from './cursor.ts';
import { addDetail } from './detail.ts';
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

const networks = new Map<number, string>([
  [0xf9beb4d9, 'main'],
  [0x0b110907, 'testnet3'],
  [0x1c163f28, 'testnet4'],
  [0x0a03cf40, 'signet'],
  [0xfabfb5da, 'regtest'],
]);
const HEADER = 24;
/** Until 2012 the first messages, `version` and `verack`, had no checksum. */
const OLD_HEADER = 20;
const HIGHEST_VERSION = 1_000_000;
const COMMAND_LENGTH = 12;
/** MAX_PROTOCOL_MESSAGE_LENGTH of the reference client is 4 MB; blocks were larger in forks. */
const LONGEST_MESSAGE = 0x0200_0000;
const CHECKED_LENGTH = 4096;

/** Lower-case letters and digits, then zeros to the end. */
function commandOf(bytes: Uint8Array): string | null {
  let end = 0;
  while (end < bytes.length && ((bytes[end] >= 0x61 && bytes[end] <= 0x7a) || (bytes[end] >= 0x30 && bytes[end] <= 0x39))) end++;
  for (let i = end; i < bytes.length; i++) if (bytes[i] !== 0) return null;
  return end < 3 ? null : textOf(bytes.subarray(0, end));
}

interface Header {
  readonly network: string;
  readonly command: string;
  readonly length: number;
  readonly checksum: Uint8Array;
}

function readHeader(bytes: Uint8Array, start: number, end: number): Header | null {
  const cursor = new Cursor(bytes, start, end);
  const network = networks.get(cursor.u32());
  const command = commandOf(cursor.take(COMMAND_LENGTH));
  const length = cursor.u32le();
  const checksum = cursor.take(4);
  if (cursor.overrun || network === undefined || command === null || length > LONGEST_MESSAGE) return null;
  return { network, command, length, checksum };
}

function judge(head: StreamHead): VerdictCode {
  if (head.length < 4) return head.complete && head.length > 0 ? Verdict.NO : Verdict.MORE;
  if (!networks.has(new Cursor(head.bytes).u32())) return Verdict.NO;
  if (head.length < HEADER) return head.complete ? Verdict.NO : Verdict.MORE;
  return readHeader(head.bytes, 0, head.length) === null ? Verdict.NO : Verdict.YES;
}

function checksumFits(header: Header, body: Uint8Array): boolean {
  const once = createHash('sha256').update(body).digest();
  return Buffer.compare(createHash('sha256').update(once).digest().subarray(0, 4), header.checksum) === 0;
}

const MESSAGE_LIMIT = 8;

class Session implements StreamSession {
  readonly #facts: AppFacts;
  readonly #at = [0, 0];
  #left = MESSAGE_LIMIT;
  confirmed = false;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
    this.#facts.detail('bitcoin');
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
      if (head.length - start < HEADER) return head.complete;
      const header = readHeader(head.bytes, start, head.length);
      if (header === null) return true;
      const end = start + HEADER + header.length;
      this.#note(header);
      if (end > head.length && header.length <= CHECKED_LENGTH && !head.complete) return false;
      if (end > head.length) return true;
      const body = head.bytes.subarray(start + HEADER, end);
      if (body.length <= CHECKED_LENGTH && checksumFits(header, body)) this.confirmed = true;
      this.#at[side] = end;
      if (header.command === 'version') this.#at[side] -= this.#readVersion(head.bytes.subarray(start, end), body, header, side);
      this.#left--;
    }
    return true;
  }

  #note(header: Header): void {
    const section = this.#facts.detail('bitcoin');
    section.network ??= header.network;
    addDetail(section, 'commands', header.command);
  }

  /** Returns how much shorter the message is than its header says. */
  #readVersion(message: Uint8Array, body: Uint8Array, header: Header, side: 0 | 1): number {
    const old = !checksumFits(header, body);
    const cursor = new Cursor(message, old ? OLD_HEADER : HEADER);
    const version = cursor.u32le();
    // Services, time, two addresses of 26 bytes, nonce.
    cursor.skip(8 + 8 + 26 + 26 + 8);
    const agent = cursor.take(cursor.u8());
    if (cursor.overrun || version > HIGHEST_VERSION) return 0;
    const section = this.#facts.detail('bitcoin');
    const who = side === CLIENT ? 'client' : 'server';
    section[`${who}_version`] = version;
    if (agent.length > 0) section[`${who}_agent`] = textOf(agent, 128);
    return old ? HEADER - OLD_HEADER : 0;
  }
}

export const bitcoin: StreamDissector = {
  transport: 'tcp',
  protocol: 'bitcoin',
  ports: [8333, 18333],
  probe: (heads) => eitherSide(judge(heads[CLIENT]), judge(heads[SERVER])),
  open: (context) => new Session(context),
};
