/**
 * Modbus over TCP ("MODBUS Messaging on TCP/IP Implementation Guide" V1.0b section 3, "MODBUS Application Protocol" V1.1b3 section 6).
 * The header is mostly zeros: a request counts with the answer of the same transaction, unit and function, or with more requests
 * behind it whose lengths all fit.
 */
import { CLIENT, Progress, type ProgressCode, type Side, type StreamDissector, type StreamHead, Verdict } from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME, pushUnique } from './framed-session.ts';

const HEADER_BYTES = 7;
const MAX_LENGTH = 254;
const EXCEPTION = 0x80;
const MAX_FUNCTIONS = 16;
const MAX_UNITS = 8;
const ENOUGH_FRAMES = 64;
/** Requests in a row that prove the protocol without an answer. */
const SURE_REQUESTS = 3;

const FUNCTIONS: Readonly<Record<number, string>> = {
  1: 'read_coils',
  2: 'read_discrete_inputs',
  3: 'read_holding_registers',
  4: 'read_input_registers',
  5: 'write_single_coil',
  6: 'write_single_register',
  7: 'read_exception_status',
  8: 'diagnostics',
  11: 'get_comm_event_counter',
  12: 'get_comm_event_log',
  15: 'write_multiple_coils',
  16: 'write_multiple_registers',
  17: 'report_server_id',
  20: 'read_file_record',
  21: 'write_file_record',
  22: 'mask_write_register',
  23: 'read_write_multiple_registers',
  24: 'read_fifo_queue',
  43: 'encapsulated_interface_transport',
  90: 'unity',
};

/** Length field of a request by function, where it is fixed: unit, function, arguments. */
const REQUEST_LENGTH: Readonly<Record<number, number>> = { 1: 6, 2: 6, 3: 6, 4: 6, 5: 6, 6: 6, 7: 2, 11: 2, 12: 2, 17: 2, 22: 8, 24: 4 };

interface ModbusFrame {
  transaction: number;
  length: number;
  unit: number;
  code: number;
}

/** The frame at `at`: null = none. Needs 8 bytes. */
function frameAt(bytes: Uint8Array, at: number): ModbusFrame | null {
  const length = (bytes[at + 4] << 8) | bytes[at + 5];
  if (bytes[at + 2] !== 0 || bytes[at + 3] !== 0 || length < 2 || length > MAX_LENGTH) return null;
  return { transaction: (bytes[at] << 8) | bytes[at + 1], length, unit: bytes[at + 6], code: bytes[at + 7] };
}

function isRequest(bytes: Uint8Array, at: number, end: number): boolean {
  const frame = frameAt(bytes, at);
  if (frame === null || FUNCTIONS[frame.code] === undefined) return false;
  const { code, length } = frame;
  const fixed = REQUEST_LENGTH[code];
  if (fixed !== undefined) return length === fixed;
  // Written values follow a count of their bytes.
  if ((code === 15 || code === 16) && end - at > 12) return length === 7 + bytes[at + 12];
  if (code === 23 && end - at > 16) return length === 11 + bytes[at + 16];
  return true;
}

/** How many requests in a row the bytes begin with, -1 when one of them is none; at most SURE_REQUESTS. */
function requestsIn(bytes: Uint8Array, end: number): number {
  let requests = 0;
  for (let at = 0; end - at > HEADER_BYTES && requests < SURE_REQUESTS; requests++) {
    if (!isRequest(bytes, at, end)) return -1;
    at += 6 + ((bytes[at + 4] << 8) | bytes[at + 5]);
  }
  return requests;
}

/** Arguments in range: a count of items to read, or a coil that is on or off. */
function hasSaneArguments(bytes: Uint8Array, at: number): boolean {
  const code = bytes[at + 7];
  const second = (bytes[at + 10] << 8) | bytes[at + 11];
  if (code >= 1 && code <= 4) return second >= 1 && second <= 2000;
  return code === 5 ? second === 0 || second === 0xff00 : REQUEST_LENGTH[code] === 2;
}

/** A side that was never answered: nothing but whole requests, two of them or one with sane arguments. */
function isOnlyRequests({ bytes, length }: StreamHead): boolean {
  const end = Math.min(length, 64);
  let requests = 0;
  let at = 0;
  for (; end - at > HEADER_BYTES; requests++) {
    if (!isRequest(bytes, at, end)) return false;
    at += 6 + ((bytes[at + 4] << 8) | bytes[at + 5]);
  }
  return at === length && (requests > 1 || hasSaneArguments(bytes, 0));
}

/** An exception to whatever was asked. */
function isRefusal(asked: ModbusFrame, answered: ModbusFrame): boolean {
  return (
    answered.length === 3 &&
    asked.code < EXCEPTION &&
    answered.code === (asked.code | EXCEPTION) &&
    asked.transaction === answered.transaction
  );
}

function isAnswer(bytes: Uint8Array, at: number, end: number): boolean {
  const frame = frameAt(bytes, at);
  if (frame === null) return false;
  const { code, length } = frame;
  if (code >= EXCEPTION) return length === 3 && FUNCTIONS[code - EXCEPTION] !== undefined;
  if (FUNCTIONS[code] === undefined) return false;
  if (code <= 4 && end - at > 8) return length === 3 + bytes[at + 8];
  return code === 5 || code === 6 || code === 15 || code === 16 ? length === 6 : true;
}

class ModbusSession extends FramedSession {
  readonly #functions: string[] = [];
  readonly #units: number[] = [];
  readonly #exceptions: string[] = [];
  #frames = 0;

  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < HEADER_BYTES + 1) return FRAME_UNKNOWN;
    const frame = frameAt(bytes, at);
    return frame === null ? NOT_A_FRAME : 6 + frame.length;
  }

  protected override onFrame(bytes: Uint8Array, side: Side): ProgressCode {
    const frame = frameAt(bytes, 0);
    if (frame === null) return Progress.BROKEN;
    const section = this.context.facts.detail('modbus');
    const name = FUNCTIONS[frame.code & 0x7f] ?? String(frame.code & 0x7f);
    pushUnique(this.#units, frame.unit, MAX_UNITS);
    if (side === CLIENT) pushUnique(this.#functions, name, MAX_FUNCTIONS);
    else if (frame.code >= EXCEPTION) pushUnique(this.#exceptions, `${name} ${bytes[8] ?? 0}`, MAX_FUNCTIONS);
    else this.confirmed = true;
    section.units = [...this.#units];
    if (this.#functions.length > 0) section.functions = [...this.#functions];
    if (this.#exceptions.length > 0) section.exceptions = [...this.#exceptions];
    return ++this.#frames >= ENOUGH_FRAMES ? Progress.DONE : Progress.MORE;
  }
}

export const modbus: StreamDissector = {
  transport: 'tcp',
  protocol: 'modbus',
  ports: [502],
  probe([client, server]: readonly [StreamHead, StreamHead]) {
    for (const { bytes, length } of [client, server]) {
      if (length >= 4 && (bytes[2] !== 0 || bytes[3] !== 0)) return Verdict.NO;
    }
    const end = Math.min(client.length, 64);
    if (end < HEADER_BYTES + 1) return client.complete ? Verdict.NO : Verdict.MORE;
    const asked = frameAt(client.bytes, 0);
    if (asked === null) return Verdict.NO;
    const requests = requestsIn(client.bytes, end);
    if (requests === SURE_REQUESTS) return Verdict.YES;
    if (server.length < 9) {
      if (!client.complete || (server.length > 0 && !server.complete)) return Verdict.MORE;
      return server.length === 0 && isOnlyRequests(client) ? Verdict.YES : Verdict.NO;
    }
    const answered = frameAt(server.bytes, 0);
    if (answered === null || asked.unit !== answered.unit) return Verdict.NO;
    if (isRefusal(asked, answered)) return Verdict.YES;
    if (requests < 1 || !isAnswer(server.bytes, 0, server.length)) return Verdict.NO;
    // The first answer seen may belong to a request before the first one seen.
    const same = asked.transaction === answered.transaction ? asked.code === (answered.code & 0x7f) : client.length > 12;
    return same ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new ModbusSession(context),
};
