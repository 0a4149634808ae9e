/** Apache Thrift: strict binary protocol and compact protocol, framed or not ("Thrift Binary/Compact protocol encoding" of its documentation). */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  type DatagramDissector,
  Progress,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { pushUnique } from './framed-session.ts';
import { textOf } from './text.ts';

const CALL = 1;
const REPLY = 2;
const EXCEPTION = 3;
const ONEWAY = 4;
const MAX_NAME_BYTES = 100;
const MAX_FRAME_BYTES = 0x1000000;
const MAX_METHODS = 16;
/** Types of a field of a struct, 0 = none. */
const FIELD_TYPES = new Set([0, 2, 3, 4, 6, 8, 10, 11, 12, 13, 14, 15, 16]);

interface ThriftMessage {
  type: number;
  name: string;
  compact: boolean;
}

const isNameByte = (byte: number) =>
  (byte >= 0x61 && byte <= 0x7a) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x30 && byte <= 0x39) ||
  byte === 0x5f ||
  byte === 0x2e ||
  byte === 0x3a;

/** A message that starts at `at`: null = none, undefined = needs more bytes. */
function messageAt(bytes: Uint8Array, at: number, end: number): ThriftMessage | null | undefined {
  if (end - at < 2) return undefined;
  const compact = bytes[at] === 0x82;
  const type = compact ? bytes[at + 1] >> 5 : bytes[at + 3];
  if (compact ? (bytes[at + 1] & 0x1f) !== 1 : bytes[at] !== 0x80 || bytes[at + 1] !== 1) return null;
  const cursor = new Cursor(bytes, at + (compact ? 2 : 4), end);
  if (!compact && end - at >= 4 && bytes[at + 2] !== 0) return null;
  let nameBytes: number;
  if (compact) {
    for (let i = 0; i < 5 && cursor.u8() >= 0x80; i++);
    nameBytes = cursor.u8();
  } else nameBytes = cursor.u32();
  if (cursor.overrun) return undefined;
  if (type < CALL || type > ONEWAY || nameBytes < 1 || nameBytes > MAX_NAME_BYTES) return null;
  const name = cursor.take(Math.min(nameBytes, cursor.left));
  if (!name.every(isNameByte)) return null;
  if (name.length < nameBytes) return name.length >= 40 ? { type, name: textOf(name), compact } : undefined;
  if (!compact) {
    cursor.skip(4);
    const field = cursor.u8();
    if (cursor.overrun) return undefined;
    if (!FIELD_TYPES.has(field)) return null;
  }
  return { type, name: textOf(name), compact };
}

/** With or without the length of a frame before it. */
function startOf({ bytes, length }: StreamHead): number {
  if (length < 6 || bytes[0] >= 0x80) return 0;
  const size = new Cursor(bytes).u32();
  return size >= 7 && size <= MAX_FRAME_BYTES ? SIZE_BYTES : 0;
}
const SIZE_BYTES = 4;

function sideVerdict(head: StreamHead, side: Side): VerdictCode {
  const end = Math.min(head.length, 64);
  if (end === 0) return Verdict.MORE;
  if (head.bytes[0] > 0 && head.bytes[0] < 0x80) return Verdict.NO;
  if (end < 6 && head.bytes[0] < 0x80) return head.complete ? Verdict.NO : Verdict.MORE;
  const message = messageAt(head.bytes, startOf(head), end);
  if (message === undefined) return head.complete || end === 64 ? Verdict.NO : Verdict.MORE;
  if (message === null) return Verdict.NO;
  const byClient = message.type === CALL || message.type === ONEWAY;
  if (byClient !== (side === CLIENT)) return Verdict.NO;
  // The two magic bytes of the compact form are few: a name of some length must follow.
  return !message.compact || message.name.length >= 4 ? Verdict.YES : Verdict.MORE;
}

export const thrift: StreamDissector = {
  transport: 'tcp',
  protocol: 'thrift',
  ports: [9090],
  probe([client, server]) {
    const asked = sideVerdict(client, 0);
    const answered = sideVerdict(server, 1);
    if (asked === Verdict.NO || answered === Verdict.NO) return Verdict.NO;
    return asked === Verdict.YES || answered === Verdict.YES ? Verdict.YES : Verdict.MORE;
  },
  open: ({ facts }) => ({
    confirmed: true,
    advance(heads) {
      const section = facts.detail('thrift');
      const methods: string[] = [];
      for (const head of heads) {
        const start = startOf(head);
        const message = head.length === 0 ? null : messageAt(head.bytes, start, head.length);
        if (message === null || message === undefined) continue;
        section.transport = start === 0 ? 'buffered' : 'framed';
        section.protocol = message.compact ? 'compact' : 'binary';
        pushUnique(methods, message.name, MAX_METHODS);
        if (message.type === REPLY || message.type === EXCEPTION) section.exception = message.type === EXCEPTION;
      }
      section.methods = methods;
      // A name has at most 100 bytes: with twice as many the answer is readable or none.
      const [, server] = heads;
      const isRead =
        server.complete || server.length > 2 * MAX_NAME_BYTES || messageAt(server.bytes, startOf(server), server.length) !== undefined;
      return isRead && (server.complete || server.length > 5) ? Progress.DONE : Progress.MORE;
    },
  }),
};

/** Messages of a tracing agent and the like: one per datagram, one way. */
export const thriftUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'thrift',
  ports: [6831, 6832],
  probe(datagrams) {
    const messages = datagrams.map(({ bytes }) => messageAt(bytes, 0, bytes.length));
    if (messages.some((message) => message === null || message === undefined || message.name.length < 4)) return Verdict.NO;
    const sure = messages.length > 1 || messages.some((message) => message?.compact === false || (message?.name.length ?? 0) >= 8);
    return sure ? Verdict.YES : Verdict.MORE;
  },
  open: ({ facts }) => ({
    confirmed: true,
    advance({ bytes }) {
      const message = messageAt(bytes, 0, bytes.length);
      if (message === null || message === undefined) return true;
      const section = facts.detail('thrift');
      section.transport = 'datagram';
      section.protocol = message.compact ? 'compact' : 'binary';
      section.methods = [message.name];
      return true;
    },
  }),
};
