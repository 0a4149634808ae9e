/**
 * The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): a header in front of the client's first byte, with the
 * addresses of the connection that a proxy took over. What follows is another protocol.
 */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  Progress,
  type ProgressCode,
  type SessionContext,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  type Successor,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { DetailValue } from './facts.ts';
import { firstLine, LineReader } from './lines.ts';
import { hexOf } from './text.ts';

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const V2_HEADER = 16;
/** The longest line of version 1, with its end. */
const MAX_V1 = 107;
const V1 = /^PROXY (?:UNKNOWN(?: .*)?|TCP4(?: \d{1,3}(?:\.\d{1,3}){3}){2}(?: \d{1,5}){2}|TCP6(?: [\da-fA-F:.]{2,45}){2}(?: \d{1,5}){2})$/;
const V1_FAMILIES = ['PROXY UNKNOWN', 'PROXY TCP4 ', 'PROXY TCP6 '];

/** Length of a version 2 header by its first 16 bytes; -1 when it is none. */
function v2Length(bytes: Uint8Array, length: number): number {
  for (let i = 0; i < SIGNATURE.length && i < length; i++) if (bytes[i] !== SIGNATURE[i]) return -1;
  if (length < V2_HEADER) return 0;
  const command = bytes[12];
  const family = bytes[13];
  if ((command !== 0x20 && command !== 0x21) || family >> 4 > 3 || (family & 15) > 2) return -1;
  const size = (bytes[14] << 8) | bytes[15];
  const least = [0, 12, 36, 216][family >> 4];
  return command === 0x21 && size < least ? -1 : V2_HEADER + size;
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const client = heads[CLIENT];
  if (client.length === 0) return client.complete ? Verdict.NO : Verdict.MORE;
  if (client.bytes[0] === SIGNATURE[0]) {
    const length = v2Length(client.bytes, client.length);
    if (length === 0) return client.complete ? Verdict.NO : Verdict.MORE;
    return length > 0 ? Verdict.YES : Verdict.NO;
  }
  const { text, ended } = firstLine(client);
  if (ended) return V1.test(text) ? Verdict.YES : Verdict.NO;
  const possible = V1_FAMILIES.some((family) => family.startsWith(text) || (text.startsWith(family) && /^[ -~]*$/.test(text)));
  if (!possible) return Verdict.NO;
  return client.length >= 64 ? Verdict.YES : client.complete ? Verdict.NO : Verdict.MORE;
}

class HaproxySession implements StreamSession {
  confirmed = false;
  successor?: Successor;
  private readonly detail: Record<string, DetailValue>;

  constructor(context: SessionContext) {
    this.detail = context.facts.detail('haproxy');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const client = heads[CLIENT];
    const end = client.bytes[0] === SIGNATURE[0] ? this.version2(client) : this.version1(client);
    if (end < 0) return Progress.BROKEN;
    if (end === 0) return client.complete ? Progress.DONE : Progress.MORE;
    this.confirmed = true;
    this.successor = { offsets: [end, 0] };
    return Progress.HAND_OVER;
  }

  private version1(client: StreamHead): number {
    const lines = new LineReader();
    if (!lines.next(client)) return client.length > MAX_V1 ? -1 : 0;
    const { text } = firstLine(client, MAX_V1);
    if (!V1.test(text)) return -1;
    const [, family, source, destination, sourcePort, destinationPort] = text.split(' ', 6);
    this.detail.version = 1;
    this.detail.family = family;
    if (family !== 'UNKNOWN') this.addresses(source, destination, Number(sourcePort), Number(destinationPort));
    return lines.at;
  }

  private version2(client: StreamHead): number {
    const length = v2Length(client.bytes, client.length);
    if (length <= 0) return length;
    if (client.length < length) return 0;
    const cursor = new Cursor(client.bytes, V2_HEADER, length);
    const family = client.bytes[13] >> 4;
    this.detail.version = 2;
    this.detail.family = ['LOCAL', 'TCP4', 'TCP6', 'UNIX'][client.bytes[12] === 0x20 ? 0 : family];
    if (client.bytes[12] === 0x21 && (family === 1 || family === 2)) {
      const text =
        family === 1 ? (bytes: Uint8Array) => bytes.join('.') : (bytes: Uint8Array) => (hexOf(bytes).match(/.{4}/g) ?? []).join(':');
      const size = family === 1 ? 4 : 16;
      const source = text(cursor.take(size));
      const destination = text(cursor.take(size));
      this.addresses(source, destination, cursor.u16(), cursor.u16());
    }
    return length;
  }

  private addresses(source: string, destination: string, sourcePort: number, destinationPort: number): void {
    this.detail.source = source;
    this.detail.destination = destination;
    this.detail.source_port = sourcePort;
    this.detail.destination_port = destinationPort;
  }
}

export const haproxy: StreamDissector = {
  transport: 'tcp',
  protocol: 'haproxy',
  ports: [],
  probe,
  open: (context) => new HaproxySession(context),
};
