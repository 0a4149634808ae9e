/**
 * DNP3 (IEEE 1815 clauses 8 to 10): data link frames with their header CRC, transport octet, application control and function code.
 * Over TCP and UDP (clause 13).
 */
import {
  CLIENT,
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

const HEADER_BYTES = 10;
const START = [0x05, 0x64];
const LEAST_LENGTH = 5;
const BLOCK_BYTES = 16;
const CRC_BYTES = 2;
const MAX_FUNCTIONS = 16;
const ENOUGH_FRAMES = 32;
const FROM_MASTER = 0x80;
/** Transport octet: first fragment. */
const FIRST = 0x40;

const FUNCTIONS: Readonly<Record<number, string>> = {
  0: 'confirm',
  1: 'read',
  2: 'write',
  3: 'select',
  4: 'operate',
  5: 'direct_operate',
  6: 'direct_operate_no_ack',
  7: 'freeze',
  9: 'freeze_clear',
  13: 'cold_restart',
  14: 'warm_restart',
  15: 'initialize_data',
  16: 'initialize_application',
  17: 'start_application',
  18: 'stop_application',
  19: 'save_configuration',
  20: 'enable_unsolicited',
  21: 'disable_unsolicited',
  22: 'assign_class',
  23: 'delay_measurement',
  24: 'record_current_time',
  25: 'open_file',
  26: 'close_file',
  27: 'delete_file',
  28: 'get_file_information',
  29: 'authenticate_file',
  30: 'abort_file',
  32: 'authenticate_request',
  129: 'response',
  130: 'unsolicited_response',
  131: 'authenticate_response',
};

/** CRC-16/DNP: polynomial 0x3D65 reflected, start 0, inverted. */
function crcOf(bytes: Uint8Array, at: number, end: number): number {
  let crc = 0;
  for (let i = at; i < end; i++) {
    crc ^= bytes[i];
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xa6bc;
  }
  return ~crc & 0xffff;
}

/** Bytes of the frame at `at` with all its block CRCs, as `FramedSession.measure`. */
function frameBytes(bytes: Uint8Array, at: number, end: number): number {
  for (let i = 0; i < START.length && at + i < end; i++) if (bytes[at + i] !== START[i]) return NOT_A_FRAME;
  if (end - at < HEADER_BYTES) return FRAME_UNKNOWN;
  const length = bytes[at + 2];
  const crc = bytes[at + 8] | (bytes[at + 9] << 8);
  if (length < LEAST_LENGTH || crc !== crcOf(bytes, at, at + 8)) return NOT_A_FRAME;
  const user = length - LEAST_LENGTH;
  return HEADER_BYTES + user + Math.ceil(user / BLOCK_BYTES) * CRC_BYTES;
}

class Dnp3Facts {
  readonly #context: SessionContext;
  readonly #functions: string[] = [];
  #frames = 0;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** True when enough has been seen. */
  add(frame: Uint8Array): boolean {
    const section = this.#context.facts.detail('dnp3');
    const destination = frame[4] | (frame[5] << 8);
    const source = frame[6] | (frame[7] << 8);
    const isMaster = (frame[3] & FROM_MASTER) !== 0;
    section.master ??= isMaster ? source : destination;
    section.outstation ??= isMaster ? destination : source;
    if (frame.length > 12 && (frame[HEADER_BYTES] & FIRST) !== 0) {
      pushUnique(this.#functions, FUNCTIONS[frame[12]] ?? String(frame[12]), MAX_FUNCTIONS);
      section.functions = [...this.#functions];
    }
    return ++this.#frames >= ENOUGH_FRAMES;
  }
}

class Dnp3StreamSession extends FramedSession {
  readonly #collected: Dnp3Facts;
  #first: Side | -1 = -1;

  constructor(context: SessionContext) {
    super(context);
    this.#collected = new Dnp3Facts(context);
  }

  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    return frameBytes(bytes, at, end);
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    this.confirmed ||= this.#first !== -1;
    this.#first = side;
    return this.#collected.add(frame) ? Progress.DONE : Progress.MORE;
  }
}

function headVerdict({ bytes, length }: StreamHead): VerdictCode {
  if (length === 0) return Verdict.MORE;
  const size = frameBytes(bytes, 0, length);
  if (size === FRAME_UNKNOWN) return Verdict.MORE;
  return size < 0 ? Verdict.NO : Verdict.YES;
}

export const dnp3Tcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'dnp3',
  ports: [20_000],
  probe([client, server]) {
    const verdicts = [headVerdict(client), headVerdict(server)];
    // The header's checksum makes one side sure, whatever the other has sent.
    if (verdicts.includes(Verdict.YES)) return Verdict.YES;
    if (verdicts.includes(Verdict.NO)) return Verdict.NO;
    return client.complete && server.complete ? Verdict.NO : Verdict.MORE;
  },
  open: (context) => new Dnp3StreamSession(context),
};

class Dnp3DatagramSession implements DatagramSession {
  confirmed = false;
  readonly #collected: Dnp3Facts;

  constructor(context: SessionContext) {
    this.#collected = new Dnp3Facts(context);
  }

  advance({ bytes, side }: { bytes: Uint8Array; side: Side }): boolean {
    const size = frameBytes(bytes, 0, bytes.length);
    if (size <= 0) return false;
    this.confirmed ||= side !== CLIENT;
    return this.#collected.add(bytes.subarray(0, size));
  }
}

export const dnp3Udp: DatagramDissector = {
  transport: 'udp',
  protocol: 'dnp3',
  ports: [20_000],
  probe([{ bytes }]) {
    const size = frameBytes(bytes, 0, bytes.length);
    return size > 0 && size <= bytes.length ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new Dnp3DatagramSession(context),
};
