/** MQTT 3.1, 3.1.1 and 5 (OASIS MQTT 3.1.1 and 5.0, chapters 2 and 3). */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  Progress,
  type ProgressCode,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME, pushUnique } from './framed-session.ts';
import { startsWith, textOf } from './text.ts';

const CONNECT = 1;
const CONNACK = 2;
const PUBLISH = 3;
const SUBSCRIBE = 8;
const MAX_TOPICS = 16;
const NAME_LIMIT = 128;
const TOPIC_LIMIT = 256;
const VERSIONS: Readonly<Record<number, string>> = { 3: '3.1', 4: '3.1.1', 5: '5' };
const FLAG_USER = 0x80;
const FLAG_WILL = 0x04;
const FLAG_RESERVED = 0x01;
const ENOUGH_PACKETS = 64;

/** A variable byte integer at `at`: [value, bytes], null when it is not whole, NaN for one that is longer than 4 bytes. */
function variable(bytes: Uint8Array, at: number, end: number): readonly [number, number] | null {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    if (at + i >= end) return null;
    const byte = bytes[at + i];
    value += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return [value, i + 1];
  }
  return [Number.NaN, 4];
}

class MqttSession extends FramedSession {
  readonly #topics: string[] = [];
  #version = 4;
  #packets = 0;

  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    const type = bytes[at] >> 4;
    if (type === 0 || (type === 15 && this.#version !== 5)) return NOT_A_FRAME;
    const length = variable(bytes, at + 1, end);
    if (length === null) return FRAME_UNKNOWN;
    return Number.isNaN(length[0]) ? NOT_A_FRAME : 1 + length[1] + length[0];
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    const length = variable(frame, 1, frame.length);
    if (length === null) return Progress.DONE;
    const body = new Cursor(frame, 1 + length[1]);
    const type = frame[0] >> 4;
    const section = this.context.facts.detail('mqtt');
    if (type === CONNECT && side === CLIENT) this.#readConnect(body);
    else if (type === CONNACK) {
      this.confirmed = true;
      body.skip(1);
      section.return_code = body.u8();
    } else if (type === PUBLISH) pushUnique(this.#topics, textOf(body.take(body.u16()), TOPIC_LIMIT), MAX_TOPICS);
    else if (type === SUBSCRIBE && side === CLIENT) this.#readSubscribe(body);
    if (this.#topics.length > 0) section.topics = [...this.#topics];
    return ++this.#packets >= ENOUGH_PACKETS || this.#topics.length >= MAX_TOPICS ? Progress.DONE : Progress.MORE;
  }

  #skipProperties(body: Cursor): void {
    if (this.#version !== 5) return;
    const length = variable(body.bytes, body.at, body.end);
    if (length !== null && !Number.isNaN(length[0])) body.skip(length[0] + length[1]);
  }

  #readConnect(body: Cursor): void {
    const section = this.context.facts.detail('mqtt');
    body.skip(body.u16());
    this.#version = body.u8();
    const flags = body.u8();
    section.version = VERSIONS[this.#version] ?? String(this.#version);
    section.keep_alive = body.u16();
    this.#skipProperties(body);
    section.client_id = textOf(body.take(body.u16()), NAME_LIMIT);
    if ((flags & FLAG_WILL) !== 0) {
      this.#skipProperties(body);
      section.will_topic = textOf(body.take(body.u16()), TOPIC_LIMIT);
      body.skip(body.u16());
    }
    if ((flags & FLAG_USER) === 0) return;
    this.context.facts.risks.add('cleartext_credentials');
    const user = textOf(body.take(body.u16()), NAME_LIMIT);
    if (user !== '') section.user = user;
  }

  #readSubscribe(body: Cursor): void {
    body.skip(2);
    this.#skipProperties(body);
    for (let i = 0; i < MAX_TOPICS && body.left > 2; i++) {
      const topic = body.take(body.u16());
      body.skip(1);
      if (!body.overrun) pushUnique(this.#topics, textOf(topic, TOPIC_LIMIT), MAX_TOPICS);
    }
  }
}

const NAMES = ['\0\x04MQTT', '\0\x06MQIsdp'] as const;

function connectVerdict({ bytes, length, complete }: StreamHead): VerdictCode {
  const end = Math.min(length, 64);
  if (end === 0) return complete ? Verdict.NO : Verdict.MORE;
  if (bytes[0] !== CONNECT << 4) return Verdict.NO;
  const remaining = variable(bytes, 1, end);
  if (remaining === null) return Verdict.MORE;
  if (Number.isNaN(remaining[0]) || remaining[0] < 10) return Verdict.NO;
  const at = 1 + remaining[1];
  const name = NAMES.find((candidate) => startsWith(bytes, end, candidate.slice(0, Math.max(end - at, 0)), at));
  if (name === undefined) return Verdict.NO;
  if (end < at + name.length + 2) return Verdict.MORE;
  const level = bytes[at + name.length] & 0x7f;
  const flags = bytes[at + name.length + 1];
  const fits = name === NAMES[1] ? level === 3 : level === 4 || level === 5;
  return fits && (flags & FLAG_RESERVED) === 0 && (flags & 0x18) !== 0x18 ? Verdict.YES : Verdict.NO;
}

const PING_REQUEST = 0xc0;
const PING_RESPONSE = 0xd0;

/** A conversation without its start: the heads begin with a ping and its answer, each whole. */
function isPingPong(client: StreamHead, server: StreamHead): boolean {
  if (client.length < 2 || server.length < 2) return false;
  return client.bytes[0] === PING_REQUEST && client.bytes[1] === 0 && server.bytes[0] === PING_RESPONSE && server.bytes[1] === 0;
}

export const mqtt: StreamDissector = {
  transport: 'tcp',
  protocol: 'mqtt',
  ports: [1883],
  probe([client, server]) {
    if (client.length > 0 && client.bytes[0] === PING_REQUEST && (client.length < 2 || client.bytes[1] === 0)) {
      if (isPingPong(client, server)) return Verdict.YES;
      return server.length >= 2 || client.length > 16 || client.complete ? Verdict.NO : Verdict.MORE;
    }
    return connectVerdict(client);
  },
  open: (context) => new MqttSession(context),
};
