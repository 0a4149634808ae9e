/** EtherNet/IP, explicit messages: encapsulation header (ODVA, "EtherNet/IP Adaptation of CIP", volume 2 chapter 2) over TCP and UDP. */
import { Cursor } from './cursor.ts';
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
import { textOf } from './text.ts';

const HEADER_BYTES = 24;
const MAX_BODY_BYTES = 65_511;
const LIST_SERVICES = 0x04;
const LIST_IDENTITY = 0x63;
const LIST_INTERFACES = 0x64;
const REGISTER_SESSION = 0x65;
const UNREGISTER_SESSION = 0x66;
const SEND_RR_DATA = 0x6f;
const SEND_UNIT_DATA = 0x70;
const COMMANDS: Readonly<Record<number, string>> = {
  [LIST_SERVICES]: 'list_services',
  [LIST_IDENTITY]: 'list_identity',
  [LIST_INTERFACES]: 'list_interfaces',
  [REGISTER_SESSION]: 'register_session',
  [UNREGISTER_SESSION]: 'unregister_session',
  [SEND_RR_DATA]: 'send_rr_data',
  [SEND_UNIT_DATA]: 'send_unit_data',
};
const STATUSES = new Set([0, 1, 2, 3, 0x64, 0x65, 0x69]);
const IDENTITY_ITEM = 0x0c;
const MAX_COMMANDS = 8;
const ENOUGH_FRAMES = 32;

interface Encapsulation {
  command: number;
  bodyBytes: number;
}

/** The header at `at` and, as far as it is there, the body: null when they contradict each other. Needs HEADER_BYTES. */
function encapsulationAt(bytes: Uint8Array, at: number, end: number): Encapsulation | null {
  const cursor = new Cursor(bytes, at, end);
  const command = cursor.u16le();
  const bodyBytes = cursor.u16le();
  const session = cursor.u32le();
  const status = cursor.u32le();
  cursor.skip(8);
  const options = cursor.u32le();
  if (cursor.overrun || COMMANDS[command] === undefined || bodyBytes > MAX_BODY_BYTES || !STATUSES.has(status) || options !== 0)
    return null;
  if (status !== 0) return { command, bodyBytes };
  if (command === REGISTER_SESSION) {
    if (bodyBytes !== 4) return null;
    if (cursor.left >= 4 && (cursor.u16le() !== 1 || cursor.u16le() !== 0)) return null;
  } else if (command === UNREGISTER_SESSION) {
    if (bodyBytes !== 0 || session === 0) return null;
  } else if (command === SEND_RR_DATA || command === SEND_UNIT_DATA) {
    // Interface handle 0 = CIP, then a time-out and a few items.
    if (session === 0 || bodyBytes < 8) return null;
    if (cursor.left >= 8 && (cursor.u32le() !== 0 || (cursor.u16le() | 0) < 0 || cursor.u16le() > 8)) return null;
  } else if (bodyBytes > 0 && cursor.left >= 2) {
    const items = cursor.u16le();
    if (items > 16) return null;
  }
  return { command, bodyBytes };
}

class EthernetIpFacts {
  readonly #context: SessionContext;
  readonly #commands: string[] = [];
  #frames = 0;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  add(frame: Uint8Array, side: Side): boolean {
    const header = encapsulationAt(frame, 0, frame.length);
    if (header === null) return false;
    const section = this.#context.facts.detail('ethernet_ip');
    pushUnique(this.#commands, COMMANDS[header.command], MAX_COMMANDS);
    section.commands = [...this.#commands];
    if (header.command === LIST_IDENTITY && side !== CLIENT) this.#readIdentity(frame);
    return ++this.#frames >= ENOUGH_FRAMES;
  }

  #readIdentity(frame: Uint8Array): void {
    const cursor = new Cursor(frame, HEADER_BYTES);
    const items = cursor.u16le();
    const type = cursor.u16le();
    const item = cursor.part(cursor.u16le());
    if (items < 1 || type !== IDENTITY_ITEM) return;
    item.skip(18);
    const section = this.#context.facts.detail('ethernet_ip');
    const [vendor, deviceType, product] = [item.u16le(), item.u16le(), item.u16le()];
    const revision = `${item.u8()}.${item.u8()}`;
    item.skip(2);
    const serial = item.u32le();
    const name = textOf(item.take(item.u8()), 64);
    if (item.overrun) return;
    Object.assign(section, { vendor, device_type: deviceType, product_code: product, revision, serial, product: name });
  }
}

class EthernetIpStream extends FramedSession {
  readonly #collected: EthernetIpFacts;

  constructor(context: SessionContext) {
    super(context);
    this.#collected = new EthernetIpFacts(context);
  }

  protected override measure(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < HEADER_BYTES) return FRAME_UNKNOWN;
    const header = encapsulationAt(bytes, at, end);
    return header === null ? NOT_A_FRAME : HEADER_BYTES + header.bodyBytes;
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    if (side !== CLIENT) this.confirmed = true;
    return this.#collected.add(frame, side) ? Progress.DONE : Progress.MORE;
  }
}

function headVerdict({ bytes, length, complete }: StreamHead): VerdictCode {
  if (length === 0) return Verdict.MORE;
  if (length > 1 && (bytes[1] !== 0 || COMMANDS[bytes[0]] === undefined)) return Verdict.NO;
  if (length < HEADER_BYTES) return complete ? Verdict.NO : Verdict.MORE;
  const end = Math.min(length, 64);
  const header = encapsulationAt(bytes, 0, end);
  if (header === null) return Verdict.NO;
  if (end < HEADER_BYTES + Math.min(header.bodyBytes, 8)) return Verdict.MORE;
  return Verdict.YES;
}

export const ethernetIpTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'ethernet_ip',
  ports: [44_818],
  probe([client, server]) {
    const verdicts = [headVerdict(client), headVerdict(server)];
    if (verdicts.includes(Verdict.NO)) return Verdict.NO;
    return verdicts.includes(Verdict.YES) ? Verdict.YES : Verdict.MORE;
  },
  open: (context) => new EthernetIpStream(context),
};

class EthernetIpDatagrams implements DatagramSession {
  confirmed = false;
  readonly #collected: EthernetIpFacts;

  constructor(context: SessionContext) {
    this.#collected = new EthernetIpFacts(context);
  }

  advance({ bytes, side }: { bytes: Uint8Array; side: Side }): boolean {
    if (side !== CLIENT) this.confirmed = true;
    return this.#collected.add(bytes, side);
  }
}

/** Over UDP only the list commands: without a session, filling the datagram. */
function isListDatagram(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES) return false;
  const header = encapsulationAt(bytes, 0, bytes.length);
  if (header === null || header.command > LIST_INTERFACES || HEADER_BYTES + header.bodyBytes !== bytes.length) return false;
  return bytes[4] === 0 && bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0;
}

export const ethernetIpUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'ethernet_ip',
  ports: [44_818],
  probe: (datagrams) => (datagrams.every(({ bytes }) => isListDatagram(bytes)) ? Verdict.YES : Verdict.NO),
  open: (context) => new EthernetIpDatagrams(context),
};
