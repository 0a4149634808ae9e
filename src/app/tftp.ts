/** TFTP: RFC 1350, options of RFC 2347. The data flows on ports that the server draws, in flows of their own. */
import {
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  type SessionContext,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { textOf } from './text.ts';

const READ = 1;
const WRITE = 2;
const DATA = 3;
const ACK = 4;
const ERROR = 5;
const OPTION_ACK = 6;
const NAME_LIMIT = 255;
const OPTION_LIMIT = 8;
const DATAGRAM_LIMIT = 8;

const modes = new Set(['netascii', 'octet', 'mail']);
const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];

interface Request {
  file: string;
  mode: string;
  /** Names of the options that were asked for. */
  options: string[];
}

/** Text up to the next zero byte; null when there is none, or when it is not printable. */
function textAt(bytes: Uint8Array, at: number): string | null {
  const stop = bytes.indexOf(0, at);
  if (stop < 0 || stop - at > NAME_LIMIT) return null;
  for (let i = at; i < stop; i++) if (bytes[i] < 0x20 || bytes[i] === 0x7f) return null;
  return textOf(bytes.subarray(at, stop), NAME_LIMIT);
}

function requestOf(bytes: Uint8Array): Request | null {
  if (bytes.length < 9 || bytes[0] !== 0 || (bytes[1] !== READ && bytes[1] !== WRITE)) return null;
  const file = textAt(bytes, 2);
  if (file === null || file === '') return null;
  let at = bytes.indexOf(0, 2) + 1;
  const mode = textAt(bytes, at)?.toLowerCase();
  if (mode === undefined || !modes.has(mode)) return null;
  at += mode.length + 1;
  const options: string[] = [];
  while (at < bytes.length && options.length < OPTION_LIMIT) {
    const name = textAt(bytes, at);
    const value = name === null ? -1 : bytes.indexOf(0, at) + 1;
    if (name === null || textAt(bytes, value) === null) break;
    options.push(name.toLowerCase());
    at = bytes.indexOf(0, value) + 1;
  }
  return { file, mode, options };
}

/**
 * A transfer without its request: a data block and the acknowledgement of the same block by the other side. Both are
 * exact in 4 bytes of header, and an acknowledgement has nothing else.
 */
function transferVerdict(datagrams: readonly Datagram[]): VerdictCode {
  const last = datagrams[datagrams.length - 1];
  if (last.bytes.length < 4 || last.bytes[0] !== 0) return Verdict.NO;
  const kind = last.bytes[1];
  const block = u16(last.bytes, 2);
  if (kind === ACK && last.bytes.length === 4) {
    const acked = datagrams.some(({ side, bytes }) => side !== last.side && bytes[1] === DATA && bytes[0] === 0 && u16(bytes, 2) === block);
    return acked ? Verdict.YES : block <= 1 ? Verdict.MORE : Verdict.NO;
  }
  if (kind === DATA) {
    const before = datagrams.some(
      ({ side, bytes }) => side !== last.side && bytes.length === 4 && bytes[0] === 0 && bytes[1] === ACK && u16(bytes, 2) === block - 1,
    );
    return before ? Verdict.YES : Verdict.MORE;
  }
  return Verdict.NO;
}

class TftpSession implements DatagramSession {
  confirmed = false;
  private readonly context: SessionContext;
  private count = 0;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance({ bytes }: Datagram): boolean {
    const detail = this.context.facts.detail('tftp');
    const request = requestOf(bytes);
    this.confirmed = true;
    if (request !== null) {
      detail.operation ??= bytes[1] === READ ? 'read' : 'write';
      detail.file ??= request.file;
      detail.mode ??= request.mode;
      if (request.options.length > 0) detail.options ??= request.options;
    } else if (bytes.length > 4 && bytes[0] === 0 && bytes[1] === ERROR) {
      detail.error ??= textAt(bytes, 4) ?? u16(bytes, 2);
      this.context.facts.risks.add('error_code_detected');
      return true;
    } else if (bytes.length >= 4 && bytes[0] === 0 && (bytes[1] === DATA || bytes[1] === OPTION_ACK)) {
      detail.transfer = true;
    }
    return ++this.count >= DATAGRAM_LIMIT;
  }
}

export const tftp: DatagramDissector = {
  transport: 'udp',
  protocol: 'tftp',
  ports: [69],
  probe(datagrams) {
    const last = datagrams[datagrams.length - 1];
    if (requestOf(last.bytes) !== null) return last.side === 0 ? Verdict.YES : Verdict.NO;
    return transferVerdict(datagrams);
  },
  open: (context) => new TftpSession(context),
};
