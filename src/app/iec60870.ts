/**
 * IEC 60870-5-104 (section 5: APCI): start byte 0x68, length, control fields of the formats I, S and U. Six bytes of a U format are
 * little proof: two units must fit, of one side or of both.
 */
import { Progress, type ProgressCode, type Side, type StreamDissector, type StreamHead, Verdict } from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME, pushUnique } from './framed-session.ts';

const START = 0x68;
const APCI_BYTES = 6;
const LEAST_LENGTH = 4;
const MAX_LENGTH = 253;
/** An ASDU's identifier: type, number, cause, originator, common address. */
const ASDU_BYTES = 6;
const U_FORMATS: Readonly<Record<number, string>> = {
  7: 'startdt_act',
  11: 'startdt_con',
  19: 'stopdt_act',
  35: 'stopdt_con',
  67: 'testfr_act',
  131: 'testfr_con',
};
const MAX_TYPES = 16;
const ENOUGH_FRAMES = 64;

/** Bytes of the unit at `at`, as `FramedSession.measure`. */
function unitBytes(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== START) return NOT_A_FRAME;
  if (end - at < APCI_BYTES) {
    return end - at > 1 && (bytes[at + 1] < LEAST_LENGTH || bytes[at + 1] > MAX_LENGTH) ? NOT_A_FRAME : FRAME_UNKNOWN;
  }
  const length = bytes[at + 1];
  const [c1, c2, c3, c4] = bytes.subarray(at + 2, at + APCI_BYTES);
  if ((c1 & 1) === 0) {
    const isI = length >= LEAST_LENGTH + ASDU_BYTES && length <= MAX_LENGTH && (c3 & 1) === 0;
    if (!isI) return NOT_A_FRAME;
    // Type 0 is not used, nor are a cause of 0 and an empty list of objects.
    if (end - at >= APCI_BYTES + 3 && (bytes[at + 6] === 0 || bytes[at + 6] > 127 || (bytes[at + 8] & 0x3f) === 0)) return NOT_A_FRAME;
    return 2 + length;
  }
  if (length !== LEAST_LENGTH) return NOT_A_FRAME;
  if (c1 === 1) return c2 === 0 && (c3 & 1) === 0 ? 2 + length : NOT_A_FRAME;
  return U_FORMATS[c1] !== undefined && c2 === 0 && c3 === 0 && c4 === 0 ? 2 + length : NOT_A_FRAME;
}

class Iec104Session extends FramedSession {
  readonly #types: number[] = [];
  readonly #control: string[] = [];
  #frames = 0;

  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    return unitBytes(bytes, at, end);
  }

  protected override onFrame(frame: Uint8Array, _side: Side): ProgressCode {
    const section = this.context.facts.detail('iec60870');
    this.confirmed ||= this.#frames > 1;
    const isInformation = (frame[2] & 1) === 0 && frame.length >= 12;
    if (isInformation) {
      pushUnique(this.#types, frame[6], MAX_TYPES);
      section.types = [...this.#types];
      section.common_address = frame[10] | (frame[11] << 8);
    } else if ((frame[2] & 3) === 3) {
      pushUnique(this.#control, U_FORMATS[frame[2]] ?? '', MAX_TYPES);
      section.control = [...this.#control];
    }
    return ++this.#frames >= ENOUGH_FRAMES ? Progress.DONE : Progress.MORE;
  }
}

/** Units in the first bytes of a side that fit; -1 when one does not. */
function unitsIn({ bytes, length }: StreamHead): number {
  const end = Math.min(length, 64);
  let units = 0;
  for (let at = 0; at < end && units < 4; ) {
    const size = unitBytes(bytes, at, end);
    if (size < 0) return -1;
    // An information unit counts when its type and cause could be checked.
    if (size === FRAME_UNKNOWN || at + Math.min(size, APCI_BYTES + 3) > end) break;
    at += size;
    units++;
  }
  return units;
}

export const iec60870: StreamDissector = {
  transport: 'tcp',
  protocol: 'iec60870',
  ports: [2404],
  probe([client, server]) {
    const asked = unitsIn(client);
    const answered = unitsIn(server);
    if (asked < 0 || answered < 0) return Verdict.NO;
    if (asked + answered >= 2) return Verdict.YES;
    return client.complete && server.complete ? Verdict.NO : Verdict.MORE;
  },
  open: (context) => new Iec104Session(context),
};
