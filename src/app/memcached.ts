/**
 * Memcached (the vendor's protocol.txt and protocol-binary.txt): text commands and their replies, the binary protocol, and
 * the 8-byte frame header of UDP. Text commands alone are too common: the storage form with its five numbers, or the reply.
 */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
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
import { asciiOf, LineReader } from './lines.ts';

const PROBE = 64;
const MAX_COMMANDS = 16;
const MAX_KEYS = 8;
const MAX_LINES = 256;
const HEADER = 24;
const FRAME = 8;
const MAX_OPCODE = 0x48;

const STORE = /^(?:set|add|replace|append|prepend|cas) [\x21-\x7e]{1,250} \d{1,10} -?\d{1,10} \d{1,9}(?: \d{1,20})?(?: noreply)?\r\n/;
const COMMAND =
  /^(?:gets? [\x21-\x7e]{1,250}(?: [\x21-\x7e]{1,250})*|gats? \d{1,10} [\x21-\x7e]{1,250}|delete [\x21-\x7e]{1,250}(?: noreply)?|(?:incr|decr|touch) [\x21-\x7e]{1,250} \d{1,20}(?: noreply)?|stats(?: (?:items|slabs|sizes|settings|conns|reset|cachedump \d+ \d+|detail \w+))?|version|verbosity \d|flush_all(?: \d+)?|mn|m[gsda] [\x21-\x7e]{1,250}(?: .*)?)\r\n/;
const REPLY =
  /^(?:VALUE [\x21-\x7e]{1,250} \d{1,10} \d{1,9}(?: \d{1,20})?\r\n|STORED\r\n|NOT_STORED\r\n|EXISTS\r\n|NOT_FOUND\r\n|DELETED\r\n|TOUCHED\r\n|END\r\n|STAT [\w:.]{1,64} [\x20-\x7e]{0,128}(?:\r\n|$)|VERSION \d+\.\d[\w.-]{0,32}\r\n|CLIENT_ERROR |SERVER_ERROR |ERROR\r\n|\d{1,20}\r\n|HD[ \r]|EN\r\n|VA \d)/;

function textAt(bytes: Uint8Array, length: number): string {
  return Buffer.from(bytes.subarray(0, Math.min(length, PROBE))).toString('latin1');
}

/** A binary header of this side, whose lengths agree with each other. */
function isBinary(bytes: Uint8Array, at: number, length: number, side: Side): boolean {
  if (at + HEADER > length) return false;
  const cursor = new Cursor(bytes, at, length);
  if (cursor.u8() !== (side === CLIENT ? 0x80 : 0x81)) return false;
  const opcode = cursor.u8();
  const key = cursor.u16();
  const extras = cursor.u8();
  const type = cursor.u8();
  const status = cursor.u16();
  const body = cursor.u32();
  // 20 and 21 octets of extras are the most that any command has (increment, decrement).
  return (
    opcode <= MAX_OPCODE &&
    key <= 250 &&
    extras <= 24 &&
    type === 0 &&
    key + extras <= body &&
    body < 2 ** 27 &&
    (side === CLIENT ? status < 4096 : status <= 0x86)
  );
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const [client, server] = heads;
  const first = client.length > 0 ? client.bytes[0] : server.length > 0 ? server.bytes[0] : -1;
  if (first === 0x80 || first === 0x81) return probeBinary(client, server);
  const asked = textAt(client.bytes, client.length);
  const answered = textAt(server.bytes, server.length);
  if (/[^\t\r\n\x20-\x7e]/.test(asked.split('\n', 1)[0])) return Verdict.NO;
  const replied = REPLY.test(answered);
  if (STORE.test(asked) && (replied || server.length === 0)) return Verdict.YES;
  if (COMMAND.test(asked) && replied) return Verdict.YES;
  if (client.length > 0 && !/^[a-z_]{1,10}(?: |\r|$)/.test(asked)) return Verdict.NO;
  if (client.length === 0 && server.length > 0) {
    if (/^(?:VALUE [\x21-\x7e]{1,250} \d{1,10} \d{1,9}\r\n|STAT pid \d+\r\nSTAT )/.test(answered))
      return client.complete ? Verdict.YES : Verdict.MORE;
    return client.complete ? Verdict.NO : Verdict.MORE;
  }
  if (server.length > 0 && !replied && (server.length > 32 || server.complete)) return Verdict.NO;
  // A long key or value may end behind the first 64 bytes.
  if (client.length >= PROBE && !asked.includes('\n') && !replied) return server.complete ? Verdict.NO : Verdict.MORE;
  return (client.complete && (server.complete || replied)) || (server.complete && asked.includes('\n')) ? Verdict.NO : Verdict.MORE;
}

function probeBinary(client: StreamHead, server: StreamHead): VerdictCode {
  const wrong = (head: StreamHead, side: Side) => head.length >= HEADER && !isBinary(head.bytes, 0, head.length, side);
  if (wrong(client, CLIENT) || wrong(server, SERVER)) return Verdict.NO;
  if (client.length >= HEADER && server.length >= HEADER) return Verdict.YES;
  // One side: a second header behind the body, or a body that holds a readable key.
  const [head, side] = client.length >= HEADER ? ([client, CLIENT] as const) : ([server, SERVER] as const);
  if (head.length < HEADER) return client.complete && server.complete ? Verdict.NO : Verdict.MORE;
  const body = ((head.bytes[8] << 24) | (head.bytes[9] << 16) | (head.bytes[10] << 8) | head.bytes[11]) >>> 0;
  if (isBinary(head.bytes, HEADER + body, Math.min(head.length, PROBE), side)) return Verdict.YES;
  const other = side === CLIENT ? server : client;
  return other.complete && (head.complete || head.length >= PROBE) ? Verdict.NO : Verdict.MORE;
}

class CommandLog {
  readonly detail: Record<string, DetailValue>;
  private readonly names: string[] = [];
  private readonly keys: string[] = [];

  constructor(context: SessionContext) {
    this.detail = context.facts.detail('memcached');
  }

  /** Bytes of the value that follows the line. */
  command(line: string): number {
    const words = line.split(' ', 6);
    if (!/^[a-z_]{2,16}$/.test(words[0])) return 0;
    if (this.names.length < MAX_COMMANDS && !this.names.includes(words[0])) this.names.push(words[0]);
    this.detail.commands = this.names;
    const store = /^(?:set|add|replace|append|prepend|cas)$/.test(words[0]);
    if (
      (store || /^(?:gets?|delete|incr|decr|touch)$/.test(words[0])) &&
      words[1] !== undefined &&
      this.keys.length < MAX_KEYS &&
      !this.keys.includes(words[1])
    ) {
      this.keys.push(words[1]);
      this.detail.keys = this.keys;
    }
    const size = Number(words[4]);
    return store && Number.isSafeInteger(size) && size >= 0 ? size + 2 : 0;
  }

  reply(line: string): void {
    if (line.startsWith('VERSION ')) this.detail.version ??= line.slice(8, 40);
    const version = /^STAT version (\S{1,32})/.exec(line);
    if (version !== null) this.detail.version ??= version[1];
  }
}

class MemcachedSession implements StreamSession {
  confirmed = true;
  private readonly log: CommandLog;
  private readonly readers = [new LineReader(), new LineReader()] as const;
  private readonly count: [number, number] = [0, 0];
  private skip = 0;

  constructor(context: SessionContext) {
    this.log = new CommandLog(context);
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const [client, server] = heads;
    const first = client.length > 0 ? client.bytes[0] : server.bytes[0];
    if (first === 0x80 || first === 0x81) {
      this.log.detail.binary = true;
      return Progress.DONE;
    }
    while (this.count[CLIENT] < MAX_LINES && this.nextCommand(client));
    while (this.count[SERVER] < MAX_LINES && this.readers[SERVER].next(server)) {
      this.count[SERVER]++;
      this.log.reply(asciiOf(server.bytes, this.readers[SERVER].start, this.readers[SERVER].end));
    }
    const ended = (side: Side) => heads[side].complete || this.count[side] >= MAX_LINES;
    return ended(CLIENT) && ended(SERVER) ? Progress.DONE : Progress.MORE;
  }

  private nextCommand(client: StreamHead): boolean {
    const reader = this.readers[CLIENT];
    const step = Math.min(this.skip, client.length - reader.at);
    reader.at += step;
    this.skip -= step;
    if (this.skip > 0 || !reader.next(client)) return false;
    this.count[CLIENT]++;
    this.skip = this.log.command(asciiOf(client.bytes, reader.start, reader.end));
    return true;
  }
}

/** Behind the frame header: request id, sequence number, count of datagrams, reserved. */
function framed({ bytes }: Datagram): boolean {
  if (bytes.length < FRAME + 4) return false;
  const sequence = (bytes[2] << 8) | bytes[3];
  const total = (bytes[4] << 8) | bytes[5];
  return total >= 1 && sequence < total && bytes[6] === 0 && bytes[7] === 0;
}

function probeDatagrams(datagrams: readonly Datagram[]): VerdictCode {
  let asked = false;
  for (const datagram of datagrams) {
    if (!framed(datagram)) return Verdict.NO;
    const payload = datagram.bytes.subarray(FRAME);
    const text = textAt(payload, payload.length);
    if (datagram.side === CLIENT) {
      const binary = isBinary(payload, 0, payload.length, CLIENT);
      if (!STORE.test(text) && !COMMAND.test(text) && !binary) return Verdict.NO;
      // What asks for all statistics or stores a value is enough: floods are seen in one direction only.
      if (datagram.bytes[5] === 1 && datagram.bytes[4] === 0) asked = true;
    } else if (REPLY.test(text) || isBinary(payload, 0, payload.length, SERVER)) return Verdict.YES;
    else if (datagram.bytes[2] === 0 && datagram.bytes[3] === 0) return Verdict.NO;
  }
  return asked ? Verdict.YES : Verdict.MORE;
}

class MemcachedDatagrams implements DatagramSession {
  confirmed = true;
  private readonly log: CommandLog;

  constructor(context: SessionContext) {
    this.log = new CommandLog(context);
  }

  advance({ side, bytes }: Datagram): boolean {
    const end = Math.min(bytes.length, FRAME + 256);
    const line = asciiOf(bytes, Math.min(FRAME, end), end).split('??', 1)[0];
    if (side === CLIENT) this.log.command(line);
    else this.log.reply(line);
    return side === SERVER;
  }
}

export const memcachedTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'memcached',
  ports: [11_211],
  probe: (heads) => probe([heads[CLIENT], heads[SERVER]]),
  open: (context) => new MemcachedSession(context),
};

export const memcachedUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'memcached',
  ports: [11_211],
  probe: probeDatagrams,
  open: (context) => new MemcachedDatagrams(context),
};
