/**
 * SMB over TCP, with or without NetBIOS session service: SMB 1 (MS-CIFS), SMB 2 and 3 (MS-SMB2). A conversation that starts with
 * SMB 1's negotiation and goes on with SMB 2 is SMB 2. The label is `netbios` while only the session service has been seen.
 *
 * `smb_insecure_version` is raised once SMB 1 is really spoken: the server chose one of its dialects, or other commands follow.
 */
import {
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
} from './dissector.ts';
import { FramedSession } from './framed-session.ts';
import {
  KEEP_ALIVE,
  NEGATIVE_RESPONSE,
  netbiosNameAt,
  POSITIVE_RESPONSE,
  SESSION_HEADER_BYTES,
  SESSION_MESSAGE,
  SESSION_REQUEST,
  sessionNames,
  sessionPacketBytes,
} from './netbios-session.ts';
import type { ProtocolName } from './protocols.ts';
import { readSmb1, SMB1_HEADER_BYTES, SMB1_NEGOTIATE, type SmbNames } from './smb1.ts';
import { readSmb2, SMB2_HEADER_BYTES } from './smb2.ts';

const MAGIC_SMB1 = 0xff;
const MAGIC_SMB2 = 0xfe;
const MAGIC_ENCRYPTED = 0xfd;
const MAGIC_COMPRESSED = 0xfc;
const NO_DIALECT = 0xffff;

/** The first byte of the four-byte magic at `at`, 0 when it is none. */
function magicAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 > end || bytes[at] < MAGIC_COMPRESSED) return 0;
  return bytes[at + 1] === 0x53 && bytes[at + 2] === 0x4d && bytes[at + 3] === 0x42 ? bytes[at] : 0;
}

class SmbSession extends FramedSession {
  label: ProtocolName = 'netbios';
  readonly #names: SmbNames = { trees: [], files: [] };
  #dialects: string[] = [];

  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    return sessionPacketBytes(bytes, at, end);
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    if (frame[0] === SESSION_REQUEST) this.#onSessionRequest(frame);
    if (frame[0] !== SESSION_MESSAGE) return Progress.MORE;
    const magic = magicAt(frame, SESSION_HEADER_BYTES, frame.length);
    const message = frame.subarray(SESSION_HEADER_BYTES);
    if (magic === 0) return frame.length < SESSION_HEADER_BYTES + 4 ? Progress.MORE : Progress.BROKEN;
    this.confirmed = true;
    if (magic === MAGIC_SMB1) this.#onSmb1(message, side);
    else {
      this.#speaks('smbv23');
      const section = this.context.facts.detail('smb');
      if (magic === MAGIC_SMB2) readSmb2(message, section, this.#names);
      else if (magic === MAGIC_ENCRYPTED) {
        section.encrypted = true;
        return Progress.DONE;
      }
    }
    this.#tellNames();
    return Progress.MORE;
  }

  #onSessionRequest(frame: Uint8Array): void {
    const names = sessionNames(frame);
    if (names === null) return;
    const section = this.context.facts.detail('netbios');
    section.called = names.called;
    section.calling = names.calling;
    // Windows asks for this name when it knows only the address.
    if (names.called !== '*SMBSERVER') this.context.facts.nameHost(names.called, 'protocol');
  }

  #onSmb1(message: Uint8Array, side: Side): void {
    const { facts } = this.context;
    const section = facts.detail('smb');
    const { command, reply, dialects, chosen } = readSmb1(message, section, this.#names);
    if (dialects.length > 0) {
      this.#dialects = dialects;
      section.offered_dialects = dialects;
    }
    const chosenByServer = side === SERVER && reply && chosen >= 0 && chosen !== NO_DIALECT;
    if (chosenByServer) section.dialect = this.#dialects[chosen] ?? `SMB 1 number ${chosen}`;
    this.#speaks('smbv1');
    if (this.label === 'smbv1' && (chosenByServer || command !== SMB1_NEGOTIATE)) facts.risks.add('smb_insecure_version');
  }

  #speaks(version: 'smbv1' | 'smbv23'): void {
    if (this.label !== 'smbv23') this.label = version;
  }

  #tellNames(): void {
    const { trees, files } = this.#names;
    if (trees.length === 0 && files.length === 0) return;
    const section = this.context.facts.detail('smb');
    if (trees.length > 0) section.trees = [...trees];
    if (files.length > 0) section.files = [...files];
  }
}

/** NO, MORE or YES for one side; MORE for an empty one. */
function sideVerdict({ bytes, length }: StreamHead, side: Side): number {
  if (length === 0) return Verdict.MORE;
  const end = Math.min(length, 64);
  const packet = sessionPacketBytes(bytes, 0, end);
  if (packet < 0) return Verdict.NO;
  const type = bytes[0];
  if (type === SESSION_REQUEST) {
    if (side === SERVER || netbiosNameAt(bytes, SESSION_HEADER_BYTES, end) === null) return Verdict.NO;
    return end >= SESSION_HEADER_BYTES + 34 ? Verdict.YES : Verdict.MORE;
  }
  // An answer of the session service alone says too little: wait for what comes behind it.
  const answers = type === POSITIVE_RESPONSE || type === KEEP_ALIVE ? SESSION_HEADER_BYTES : type === NEGATIVE_RESPONSE ? 5 : 0;
  if (answers > 0 && (side === SERVER || type === KEEP_ALIVE)) {
    if (end <= answers) return Verdict.MORE;
  } else if (type !== SESSION_MESSAGE) return Verdict.NO;
  const at = answers;
  if (end - at < 8) return Verdict.MORE;
  const inner = sessionPacketBytes(bytes, at, end);
  const magic = magicAt(bytes, at + SESSION_HEADER_BYTES, end);
  const least = magic === MAGIC_SMB2 ? SMB2_HEADER_BYTES : SMB1_HEADER_BYTES;
  if (magic === 0 || bytes[at] !== SESSION_MESSAGE || inner < SESSION_HEADER_BYTES + least) return Verdict.NO;
  if (magic !== MAGIC_SMB2) return Verdict.YES;
  // The structure size of an SMB 2 header is always 64.
  if (end - at < 10) return Verdict.MORE;
  return bytes[at + 8] === SMB2_HEADER_BYTES && bytes[at + 9] === 0 ? Verdict.YES : Verdict.NO;
}

export const smb: StreamDissector = {
  transport: 'tcp',
  protocol: 'smbv23',
  ports: [445, 139],
  probe(heads) {
    const client = sideVerdict(heads[0], 0);
    const server = sideVerdict(heads[1], 1);
    if (client === Verdict.NO || server === Verdict.NO) return Verdict.NO;
    return client === Verdict.YES || server === Verdict.YES ? Verdict.YES : Verdict.MORE;
  },
  open: (context: SessionContext) => new SmbSession(context),
};
