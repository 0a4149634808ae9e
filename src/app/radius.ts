/** RADIUS: RFC 2865 (authentication), RFC 2866 (accounting), RFC 5176 (dynamic authorization). Passwords are hidden on the wire. */
import { ipv4Text } from './address-text.ts';
import { addDetail } from './detail.ts';
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  SERVER,
  type SessionContext,
  type Side,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { textOf } from './text.ts';

const HEADER_LENGTH = 20;
const MOST_LENGTH = 4096;
const DATAGRAM_LIMIT = 32;

/** [name, who sends it]. Dynamic authorization goes from the server to the client: there the sender is the flow's client. */
const codes: Readonly<Record<number, readonly [name: string, side: Side]>> = {
  1: ['access_request', CLIENT],
  2: ['access_accept', SERVER],
  3: ['access_reject', SERVER],
  4: ['accounting_request', CLIENT],
  5: ['accounting_response', SERVER],
  11: ['access_challenge', SERVER],
  12: ['status_server', CLIENT],
  13: ['status_client', CLIENT],
  40: ['disconnect_request', CLIENT],
  41: ['disconnect_ack', SERVER],
  42: ['disconnect_nak', SERVER],
  43: ['coa_request', CLIENT],
  44: ['coa_ack', SERVER],
  45: ['coa_nak', SERVER],
};

/** Attributes of RFC 2865 and RFC 2866 whose value has 4 bytes. */
const FOUR_BYTES = new Set([
  4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 23, 27, 28, 29, 37, 38, 40, 41, 42, 43, 45, 46, 47, 48, 49, 51, 52, 53, 55, 61, 62,
]);
const ATTRIBUTE_LIMIT = 256;

const acctStatus: Readonly<Record<number, string>> = {
  1: 'start',
  2: 'stop',
  3: 'interim_update',
  7: 'accounting_on',
  8: 'accounting_off',
};

type Visit = (type: number, value: Uint8Array) => void;

/** Number of attributes; -1 when they do not end where the message does. */
function walk(bytes: Uint8Array, end: number, visit: Visit): number {
  let at = HEADER_LENGTH;
  let count = 0;
  while (at + 2 <= end && count < ATTRIBUTE_LIMIT) {
    const length = bytes[at + 1];
    if (length < 2 || at + length > end) return -1;
    visit(bytes[at], bytes.subarray(at + 2, at + length));
    at += length;
    count++;
  }
  return at === end ? count : -1;
}

const lengthOf = (bytes: Uint8Array) => (bytes[2] << 8) | bytes[3];

/** MORE for a sound header without attributes, which other protocols may have as well. */
function judge(bytes: Uint8Array, side: Side, usual: boolean): VerdictCode {
  if (bytes.length < HEADER_LENGTH || codes[bytes[0]]?.[1] !== side) return Verdict.NO;
  const length = lengthOf(bytes);
  if (length < HEADER_LENGTH || length > MOST_LENGTH || length > bytes.length) return Verdict.NO;
  // Bytes behind the length are padding; they prove nothing where RADIUS is not expected.
  if (length < bytes.length && !usual) return Verdict.NO;
  let odd = 0;
  const count = walk(bytes, length, (type, value) => {
    if (type === 0 || (FOUR_BYTES.has(type) && value.length !== 4)) odd++;
  });
  if (count < 0 || odd > 0) return usual ? Verdict.YES : Verdict.NO;
  return count > 0 ? Verdict.YES : Verdict.MORE;
}

class RadiusSession implements DatagramSession {
  confirmed = false;
  private readonly context: SessionContext;
  private count = 0;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance({ bytes }: Datagram): boolean {
    const code = bytes.length < HEADER_LENGTH ? undefined : codes[bytes[0]];
    if (code !== undefined) this.read(bytes, code[0]);
    return ++this.count >= DATAGRAM_LIMIT;
  }

  private read(bytes: Uint8Array, name: string): void {
    const { facts } = this.context;
    const count = walk(bytes, Math.min(lengthOf(bytes), bytes.length), (type, value) => this.attribute(type, value));
    if (count >= 0) this.confirmed = true;
    else facts.risks.add('malformed_packet');
    addDetail(facts.detail('radius'), 'messages', name);
    if (name === 'access_reject') facts.risks.add('error_code_detected');
  }

  private attribute(type: number, value: Uint8Array): void {
    const detail = this.context.facts.detail('radius');
    const four = value.length === 4;
    if (type === 1) detail.user ??= textOf(value, 253);
    else if (type === 4 && four) detail.nas_address ??= ipv4Text(value);
    else if (type === 8 && four) detail.framed_address ??= ipv4Text(value);
    else if (type === 11) detail.filter ??= textOf(value, 253);
    else if (type === 30) detail.called_station ??= textOf(value, 253);
    else if (type === 31) detail.calling_station ??= textOf(value, 253);
    else if (type === 32) detail.nas ??= textOf(value, 253);
    else if (type === 40 && four) detail.accounting ??= acctStatus[value[3]] ?? `status${value[3]}`;
    else if (type === 44) detail.accounting_session ??= textOf(value, 253);
  }
}

export const radius: DatagramDissector = {
  transport: 'udp',
  protocol: 'radius',
  ports: [1812, 1813, 1645, 1646, 3799],
  /** A bare header counts once the other side has spoken of the same exchange. */
  probe(datagrams, ports) {
    const usual = radius.ports.includes(ports.serverPort);
    const { bytes, side } = datagrams[datagrams.length - 1];
    const verdict = judge(bytes, side, usual);
    if (verdict !== Verdict.MORE) return verdict;
    const other = datagrams.some(
      (earlier) => earlier.side !== side && earlier.bytes[1] === bytes[1] && judge(earlier.bytes, earlier.side, usual) !== Verdict.NO,
    );
    return other ? Verdict.YES : Verdict.MORE;
  },
  open: (context) => new RadiusSession(context),
};
