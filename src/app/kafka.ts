/**
 * Apache Kafka ("Kafka protocol guide", Protocol Primitive Types and Request Header v1/v2). The magic-less header proves little, so that a
 * request counts only with the answer that has its correlation id.
 */
import { Cursor } from './cursor.ts';
import { CLIENT, Progress, type ProgressCode, type Side, type StreamDissector, type StreamHead, Verdict } from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME, pushUnique } from './framed-session.ts';
import { textOf } from './text.ts';

const SIZE_BYTES = 4;
const REQUEST_HEADER_BYTES = 14;
const MAX_FRAME_BYTES = 100 * 1024 * 1024;
const MAX_CLIENT_ID_BYTES = 249;
const API_VERSIONS = 18;
const MAX_APIS = 16;
const ENOUGH_FRAMES = 32;
/** Name and highest version of the requests, by key; the versions of Kafka 4 with some room. */
const APIS: Readonly<Record<number, readonly [name: string, highest: number]>> = {
  0: ['Produce', 13],
  1: ['Fetch', 18],
  2: ['ListOffsets', 11],
  3: ['Metadata', 13],
  4: ['LeaderAndIsr', 7],
  5: ['StopReplica', 4],
  6: ['UpdateMetadata', 8],
  7: ['ControlledShutdown', 3],
  8: ['OffsetCommit', 10],
  9: ['OffsetFetch', 10],
  10: ['FindCoordinator', 6],
  11: ['JoinGroup', 9],
  12: ['Heartbeat', 5],
  13: ['LeaveGroup', 6],
  14: ['SyncGroup', 6],
  15: ['DescribeGroups', 6],
  16: ['ListGroups', 6],
  17: ['SaslHandshake', 2],
  18: ['ApiVersions', 5],
  19: ['CreateTopics', 8],
  20: ['DeleteTopics', 7],
  21: ['DeleteRecords', 3],
  22: ['InitProducerId', 6],
  24: ['AddPartitionsToTxn', 6],
  26: ['EndTxn', 6],
  32: ['DescribeConfigs', 5],
  36: ['SaslAuthenticate', 3],
  37: ['CreatePartitions', 4],
  42: ['DeleteGroups', 3],
  47: ['OffsetDelete', 1],
  60: ['DescribeCluster', 3],
  68: ['ConsumerGroupHeartbeat', 2],
};

interface RequestHeader {
  key: number;
  version: number;
  correlation: number;
  clientId: Uint8Array | null;
}

/** The header of a request whose size field is at `at`; null when it is none. Needs 14 bytes; looks at the client id as far as it is there. */
function requestAt(bytes: Uint8Array, at: number, end: number): RequestHeader | null {
  const cursor = new Cursor(bytes, at, end);
  const size = cursor.u32();
  const key = cursor.u16();
  const version = cursor.u16();
  const correlation = cursor.u32();
  const idBytes = cursor.u16();
  const api = APIS[key];
  if (cursor.overrun || api === undefined || version > api[1] || size < REQUEST_HEADER_BYTES - SIZE_BYTES || size > MAX_FRAME_BYTES)
    return null;
  if (idBytes === 0xffff) return { key, version, correlation, clientId: null };
  if (idBytes > MAX_CLIENT_ID_BYTES || idBytes + REQUEST_HEADER_BYTES - SIZE_BYTES > size) return null;
  const clientId = cursor.take(Math.min(idBytes, cursor.left));
  return clientId.every((byte) => byte >= 0x20 && byte < 0x7f) ? { key, version, correlation, clientId } : null;
}

class KafkaSession extends FramedSession {
  readonly #apis: string[] = [];
  #frames = 0;

  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < SIZE_BYTES) return FRAME_UNKNOWN;
    const size = new Cursor(bytes, at).u32();
    return size < SIZE_BYTES || size > MAX_FRAME_BYTES ? NOT_A_FRAME : SIZE_BYTES + size;
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    this.confirmed = true;
    if (side === CLIENT) {
      const request = requestAt(frame, 0, frame.length);
      // Behind SaslHandshake version 0 raw SASL tokens follow.
      if (request === null) return Progress.DONE;
      const section = this.context.facts.detail('kafka');
      pushUnique(this.#apis, `${APIS[request.key][0]} v${request.version}`, MAX_APIS);
      section.requests = [...this.#apis];
      if (request.clientId !== null) section.client_id = textOf(request.clientId, MAX_CLIENT_ID_BYTES);
      if (request.key === API_VERSIONS && request.version >= 3) this.#readSoftware(frame, section);
      if (request.key === 17) this.#readMechanism(frame);
    }
    return ++this.#frames >= ENOUGH_FRAMES ? Progress.DONE : Progress.MORE;
  }

  /** ApiVersions 3: client software name and version, compact strings behind the tags of the header. */
  #readSoftware(frame: Uint8Array, section: Record<string, unknown>): void {
    const cursor = new Cursor(frame, 12);
    const idBytes = cursor.u16();
    cursor.skip((idBytes === 0xffff ? 0 : idBytes) + 1);
    const name = textOf(cursor.take(Math.max(cursor.u8() - 1, 0)), 64);
    const version = textOf(cursor.take(Math.max(cursor.u8() - 1, 0)), 64);
    if (name !== '' && !cursor.overrun) section.client_software = `${name} ${version}`.trim();
  }

  #readMechanism(frame: Uint8Array): void {
    const cursor = new Cursor(frame, 12);
    const idBytes = cursor.u16();
    cursor.skip(idBytes === 0xffff ? 0 : idBytes);
    const mechanism = textOf(cursor.take(cursor.u16()), 32);
    if (mechanism === '') return;
    this.context.facts.detail('kafka').mechanism = mechanism;
    if (mechanism === 'PLAIN') this.context.facts.risks.add('cleartext_credentials');
  }
}

export const kafka: StreamDissector = {
  transport: 'tcp',
  protocol: 'kafka',
  ports: [9092],
  probe([client, server]: readonly [StreamHead, StreamHead]) {
    const end = Math.min(client.length, 64);
    if (end > 0 && client.bytes[0] > 0x06) return Verdict.NO;
    if (end >= REQUEST_HEADER_BYTES && requestAt(client.bytes, 0, end) === null) return Verdict.NO;
    if (end < REQUEST_HEADER_BYTES || server.length < 8) return client.complete || server.complete ? Verdict.NO : Verdict.MORE;
    const request = requestAt(client.bytes, 0, end);
    const answer = new Cursor(server.bytes);
    const size = answer.u32();
    return size >= 4 && size <= MAX_FRAME_BYTES && answer.u32() === request?.correlation ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new KafkaSession(context),
};
