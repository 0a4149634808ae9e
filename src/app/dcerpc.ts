/**
 * DCE/RPC: connection-oriented over TCP (C706 chapter 12.6, MS-RPCE section 2.2.2) and connectionless over UDP (C706 chapter 12.5).
 * Over TCP a bind, or its answer, proves it; a conversation without its start needs a request and the response to it.
 */
import { Cursor } from './cursor.ts';
import { INTERFACES } from './dcerpc-interfaces.ts';
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  Progress,
  type ProgressCode,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME, pushUnique } from './framed-session.ts';
import { addNtlm, readNtlm } from './ntlm.ts';
import { hexNumber, hexOf } from './text.ts';

const HEADER_BYTES = 16;
const REQUEST = 0;
const RESPONSE = 2;
const FAULT = 3;
const BIND = 11;
const BIND_ACK = 12;
const BIND_NAK = 13;
const ALTER_CONTEXT = 14;
const ALTER_CONTEXT_RESPONSE = 15;
const AUTH3 = 16;
const MAX_INTERFACES = 16;
const MAX_OPERATIONS = 32;
const BY_CLIENT = new Set([REQUEST, BIND, ALTER_CONTEXT, AUTH3, 17, 18, 19]);
const BY_SERVER = new Set([RESPONSE, FAULT, BIND_ACK, BIND_NAK, ALTER_CONTEXT_RESPONSE, 17]);
/** Shortest packet of the types that a probe trusts. */
const LEAST_BYTES: Readonly<Record<number, number>> = { [BIND]: 72, [BIND_ACK]: 24, [BIND_NAK]: 18, [REQUEST]: 24, [RESPONSE]: 24 };

interface PacketHeader {
  type: number;
  littleEndian: boolean;
  length: number;
  authLength: number;
}

const u16 = (cursor: Cursor, littleEndian: boolean) => (littleEndian ? cursor.u16le() : cursor.u16());
const u32 = (cursor: Cursor, littleEndian: boolean) => (littleEndian ? cursor.u32le() : cursor.u32());

/** Integers little or big endian, characters ASCII, floats IEEE, VAX, Cray or IBM. */
function isDataRepresentation(first: number, second: number): boolean {
  return (first === 0x10 || first === 0x00) && second <= 3;
}

/** The common header at `at`, null when it is none. Only called with the whole header there. */
function headerAt(bytes: Uint8Array, at: number): PacketHeader | null {
  if (bytes[at] !== 5 || bytes[at + 1] > 1 || bytes[at + 2] > 19) return null;
  if (!isDataRepresentation(bytes[at + 4], bytes[at + 5]) || bytes[at + 6] !== 0 || bytes[at + 7] !== 0) return null;
  const littleEndian = bytes[at + 4] === 0x10;
  const cursor = new Cursor(bytes, at + 8);
  const length = u16(cursor, littleEndian);
  const authLength = u16(cursor, littleEndian);
  if (length < HEADER_BYTES || authLength + HEADER_BYTES > length) return null;
  return { type: bytes[at + 2], littleEndian, length, authLength };
}

function uuidAt(cursor: Cursor, littleEndian: boolean): string {
  const first = hexNumber(u32(cursor, littleEndian), 8);
  const second = hexNumber(u16(cursor, littleEndian), 4);
  const third = hexNumber(u16(cursor, littleEndian), 4);
  const rest = hexOf(cursor.take(8));
  return `${first}-${second}-${third}-${rest.slice(0, 4)}-${rest.slice(4)}`;
}

const interfaceName = (uuid: string) => INTERFACES.get(uuid) ?? uuid;

class DcerpcSession extends FramedSession {
  readonly #interfaces: string[] = [];
  readonly #operations: number[] = [];

  protected override measure(bytes: Uint8Array, at: number, end: number, side: Side): number {
    if (end - at < HEADER_BYTES) return FRAME_UNKNOWN;
    const header = headerAt(bytes, at);
    if (header === null) return NOT_A_FRAME;
    return (side === CLIENT ? BY_CLIENT : BY_SERVER).has(header.type) ? header.length : NOT_A_FRAME;
  }

  protected override onFrame(frame: Uint8Array): ProgressCode {
    const header = headerAt(frame, 0);
    if (header === null) return Progress.BROKEN;
    const section = this.context.facts.detail('dcerpc');
    this.confirmed = true;
    if (header.type === BIND || header.type === ALTER_CONTEXT) {
      this.#readContexts(frame, header);
      section.interfaces = [...this.#interfaces];
    } else if (header.type === REQUEST) {
      const operation = u16(new Cursor(frame, 22), header.littleEndian);
      pushUnique(this.#operations, operation, MAX_OPERATIONS);
      section.operations = [...this.#operations];
    } else if (header.type === BIND_NAK) section.rejected = true;
    if (header.authLength > 0) {
      const ntlm = readNtlm(frame.subarray(Math.max(header.length - header.authLength, HEADER_BYTES)));
      if (ntlm !== null) addNtlm(ntlm, section);
    }
    return Progress.MORE;
  }

  #readContexts(frame: Uint8Array, { littleEndian }: PacketHeader): void {
    const cursor = new Cursor(frame, 24);
    const count = cursor.u8();
    cursor.skip(3);
    for (let i = 0; i < Math.min(count, MAX_INTERFACES); i++) {
      cursor.skip(2);
      const transfers = cursor.u8();
      cursor.skip(1);
      const uuid = uuidAt(cursor, littleEndian);
      const major = u16(cursor, littleEndian);
      const minor = u16(cursor, littleEndian);
      if (cursor.overrun) return;
      pushUnique(this.#interfaces, `${interfaceName(uuid)} ${major}.${minor}`, MAX_INTERFACES);
      cursor.skip(transfers * 20);
    }
  }
}

function headProof({ bytes, length }: StreamHead, types: ReadonlySet<number>): { verdict: VerdictCode; header: PacketHeader | null } {
  if (length === 0) return { verdict: Verdict.MORE, header: null };
  if (bytes[0] !== 5) return { verdict: Verdict.NO, header: null };
  if (length < HEADER_BYTES) return { verdict: Verdict.MORE, header: null };
  const header = headerAt(bytes, 0);
  if (header === null || !types.has(header.type) || header.length < (LEAST_BYTES[header.type] ?? HEADER_BYTES)) {
    return { verdict: Verdict.NO, header };
  }
  if (header.type === BIND) {
    if (length < 28) return { verdict: Verdict.MORE, header };
    // Fragment sizes of at least 1,432 (C706 12.6.3.1), at least one context, reserved bytes 0.
    const cursor = new Cursor(bytes, 16);
    const sizes = [u16(cursor, header.littleEndian), u16(cursor, header.littleEndian)];
    const sane = sizes.every((size) => size >= 1024) && bytes[24] > 0 && bytes[25] === 0 && bytes[26] === 0 && bytes[27] === 0;
    return { verdict: sane && 28 + bytes[24] * 44 <= header.length ? Verdict.YES : Verdict.NO, header };
  }
  return { verdict: header.type === BIND_ACK || header.type === BIND_NAK ? Verdict.YES : Verdict.MORE, header };
}

export const dcerpc: StreamDissector = {
  transport: 'tcp',
  protocol: 'dcerpc',
  ports: [135, 593],
  probe([client, server]) {
    const asked = headProof(client, BY_CLIENT);
    const answered = headProof(server, BY_SERVER);
    if (asked.verdict === Verdict.NO || answered.verdict === Verdict.NO) return Verdict.NO;
    if (asked.verdict === Verdict.YES || answered.verdict === Verdict.YES) return Verdict.YES;
    if (asked.header === null || answered.header === null) return Verdict.MORE;
    // A conversation without its start: the first request need not be the one of the first response.
    return asked.header.type === REQUEST && answered.header.type === RESPONSE ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new DcerpcSession(context),
};

const CONNECTIONLESS_HEADER_BYTES = 80;
const CONNECTIONLESS_TYPES = 10;

function isConnectionless(bytes: Uint8Array): boolean {
  if (bytes.length < CONNECTIONLESS_HEADER_BYTES || bytes[0] !== 4 || bytes[1] > CONNECTIONLESS_TYPES) return false;
  // The last flag bit of both bytes, and all but one of the second, are reserved.
  if ((bytes[3] & 0xfc) !== 0 || !isDataRepresentation(bytes[4], bytes[5]) || bytes[6] !== 0) return false;
  const length = u16(new Cursor(bytes, 74), bytes[4] === 0x10);
  const isWhole = CONNECTIONLESS_HEADER_BYTES + length <= bytes.length;
  // Authentication protocol 0 = none, 1 = Kerberos, 10 = NTLM: only then may more bytes follow the body.
  return isWhole && (bytes[78] === 0 ? CONNECTIONLESS_HEADER_BYTES + length === bytes.length : bytes[78] <= 16);
}

class ConnectionlessSession implements DatagramSession {
  confirmed = false;
  readonly #context: SessionContext;
  readonly #interfaces: string[] = [];
  readonly #operations: number[] = [];
  #seen = 0;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  advance({ bytes }: Datagram): boolean {
    this.#seen++;
    if (isConnectionless(bytes)) {
      this.confirmed = true;
      const littleEndian = bytes[4] === 0x10;
      const name = interfaceName(uuidAt(new Cursor(bytes, 24), littleEndian));
      pushUnique(this.#interfaces, `${name} ${u32(new Cursor(bytes, 60), littleEndian)}`, MAX_INTERFACES);
      pushUnique(this.#operations, u16(new Cursor(bytes, 68), littleEndian), MAX_OPERATIONS);
      const section = this.#context.facts.detail('dcerpc');
      section.interfaces = [...this.#interfaces];
      section.operations = [...this.#operations];
    }
    return this.#seen >= 8;
  }
}

export const dcerpcUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'dcerpc',
  ports: [135],
  probe: (datagrams) => (datagrams.every(({ bytes }) => isConnectionless(bytes)) ? Verdict.YES : Verdict.NO),
  open: (context) => new ConnectionlessSession(context),
};
