/**
 * Siemens S7 over ISO-on-TCP (RFC 1006): S7comm (protocol id 0x32) and S7comm-plus (0x72). Siemens publishes no specification; the layouts are
 * those that open implementations (Snap7, Wireshark) document. The label follows the protocol id.
 */
import {
  CLIENT,
  Progress,
  type ProgressCode,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FramedSession, pushUnique } from './framed-session.ts';
import type { ProtocolName } from './protocols.ts';
import { hexNumber } from './text.ts';
import { CONNECTION_CONFIRM, CONNECTION_REQUEST, DATA, TPKT_BYTES, tpktBytes, x224Code } from './tpkt.ts';

const CLASSIC = 0x32;
const PLUS = 0x72;
/** TPKT and a data unit's header. */
const DATA_AT = TPKT_BYTES + 3;
const CLASSIC_HEADER_BYTES = 10;
const ACK = 2;
const ACK_DATA = 3;
const ROSCTR = new Set([1, ACK, ACK_DATA, 7]);
const MAX_FUNCTIONS = 16;
const ENOUGH_FRAMES = 64;
const FIXED_SETUP_BYTES = 11;
const PARAMETER_CALLING = 0xc1;
const PARAMETER_CALLED = 0xc2;
/** Versions of S7comm-plus units; 0xfe is a keep-alive. */
const PLUS_VERSIONS = new Set([1, 2, 3, 0xfe]);

const FUNCTIONS: Readonly<Record<number, string>> = {
  0: 'cpu_services',
  4: 'read',
  5: 'write',
  26: 'request_download',
  27: 'download_block',
  28: 'download_ended',
  29: 'start_upload',
  30: 'upload',
  31: 'end_upload',
  40: 'plc_control',
  41: 'plc_stop',
  240: 'setup_communication',
};
const PLUS_OPERATIONS: Readonly<Record<number, string>> = { 49: 'request', 50: 'response', 51: 'notification', 2: 'response2' };

/** The S7 unit in a data packet at `at`: its protocol id, 0 when it is none. */
function s7At(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < DATA_AT + CLASSIC_HEADER_BYTES && bytes[at + DATA_AT] !== PLUS) return 0;
  if (x224Code(bytes, at) !== DATA) return 0;
  const packet = (bytes[at + 2] << 8) | bytes[at + 3];
  const unit = at + DATA_AT;
  if (bytes[unit] === CLASSIC) {
    const type = bytes[unit + 1];
    const parameters = (bytes[unit + 6] << 8) | bytes[unit + 7];
    const values = (bytes[unit + 8] << 8) | bytes[unit + 9];
    const header = CLASSIC_HEADER_BYTES + (type === ACK || type === ACK_DATA ? 2 : 0);
    const agrees = packet === DATA_AT + header + parameters + values;
    return agrees && ROSCTR.has(type) && bytes[unit + 2] === 0 && bytes[unit + 3] === 0 ? CLASSIC : 0;
  }
  if (bytes[unit] !== PLUS || end - unit < 4 || !PLUS_VERSIONS.has(bytes[unit + 1])) return 0;
  const size = (bytes[unit + 2] << 8) | bytes[unit + 3];
  // A trailer of four bytes may follow, and further units may share the packet.
  return size > 0 && DATA_AT + 4 + size <= packet + 4 ? PLUS : 0;
}

class S7Session extends FramedSession {
  label: ProtocolName = 's7comm';
  readonly #functions: string[] = [];
  #frames = 0;

  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    return tpktBytes(bytes, at, end);
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    if (frame.length < DATA_AT) return Progress.DONE;
    const code = x224Code(frame, 0);
    if (code === CONNECTION_REQUEST && side === CLIENT) this.#readSetup(frame);
    if (code !== DATA) return code === 0 ? Progress.BROKEN : Progress.MORE;
    const id = s7At(frame, 0, frame.length);
    if (id === PLUS) this.#onPlus(frame);
    else if (id === CLASSIC) this.#onClassic(frame);
    return ++this.#frames >= ENOUGH_FRAMES ? Progress.DONE : Progress.MORE;
  }

  #readSetup(frame: Uint8Array): void {
    const section = this.context.facts.detail('s7comm');
    const end = Math.min(frame.length, FIXED_SETUP_BYTES + 24);
    for (let at = FIXED_SETUP_BYTES; at + 2 <= end; at += 2 + frame[at + 1]) {
      if (frame[at + 1] !== 2 || at + 4 > end) continue;
      const tsap = (frame[at + 2] << 8) | frame[at + 3];
      if (frame[at] === PARAMETER_CALLING) section.calling_tsap = hexNumber(tsap, 4);
      if (frame[at] !== PARAMETER_CALLED) continue;
      section.called_tsap = hexNumber(tsap, 4);
      section.rack = (tsap >> 5) & 7;
      section.slot = tsap & 31;
    }
  }

  #onClassic(frame: Uint8Array): void {
    const type = frame[DATA_AT + 1];
    const header = CLASSIC_HEADER_BYTES + (type === ACK || type === ACK_DATA ? 2 : 0);
    const parameterBytes = (frame[DATA_AT + 6] << 8) | frame[DATA_AT + 7];
    this.confirmed = true;
    if (parameterBytes === 0 || DATA_AT + header >= frame.length) return;
    const code = frame[DATA_AT + header];
    pushUnique(this.#functions, FUNCTIONS[code] ?? `0x${hexNumber(code, 2)}`, MAX_FUNCTIONS);
    this.context.facts.detail('s7comm').functions = [...this.#functions];
  }

  #onPlus(frame: Uint8Array): void {
    this.label = 's7comm_plus';
    this.confirmed = true;
    const section = this.context.facts.detail('s7comm');
    section.version = frame[DATA_AT + 1];
    const operation = PLUS_OPERATIONS[frame[DATA_AT + 4]];
    if (operation !== undefined) pushUnique(this.#functions, operation, MAX_FUNCTIONS);
    if (this.#functions.length > 0) section.functions = [...this.#functions];
  }
}

/** A side may start with the X.224 setup; the unit behind it, or at once, decides. */
function sideVerdict({ bytes, length }: StreamHead, side: Side): VerdictCode {
  const end = Math.min(length, 64);
  let at = 0;
  for (let packets = 0; packets < 3; packets++) {
    if (end - at < DATA_AT) return end > at && tpktBytes(bytes, at, end) < 0 ? Verdict.NO : Verdict.MORE;
    const size = tpktBytes(bytes, at, end);
    if (size < 0) return Verdict.NO;
    const code = x224Code(bytes, at);
    if (code === DATA) {
      if (end - at < DATA_AT + CLASSIC_HEADER_BYTES && end < 64) {
        return end - at > DATA_AT && bytes[at + DATA_AT] !== CLASSIC && bytes[at + DATA_AT] !== PLUS ? Verdict.NO : Verdict.MORE;
      }
      return s7At(bytes, at, end) === 0 ? Verdict.NO : Verdict.YES;
    }
    if (packets > 0 || code !== (side === CLIENT ? CONNECTION_REQUEST : CONNECTION_CONFIRM)) return Verdict.NO;
    at += size;
  }
  return Verdict.NO;
}

export const s7comm: StreamDissector = {
  transport: 'tcp',
  protocol: 's7comm',
  ports: [102],
  probe([client, server]) {
    const asked = sideVerdict(client, 0);
    const answered = sideVerdict(server, 1);
    if (asked === Verdict.NO || answered === Verdict.NO) return Verdict.NO;
    if (asked === Verdict.YES || answered === Verdict.YES) return Verdict.YES;
    return client.complete && server.complete ? Verdict.NO : Verdict.MORE;
  },
  open: (context: SessionContext) => new S7Session(context),
};
