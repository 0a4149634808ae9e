/** NTP: RFC 1059 (v1), RFC 1119 (v2), RFC 1305 (v3), RFC 5905 (v4); control messages of RFC 9327; private mode 7 of ntpd. */
import { ipv4Text } from './address-text.ts';
import { CLIENT, type Datagram, type DatagramDissector, type DatagramSession, SERVER, type SessionContext, Verdict } from './dissector.ts';
import { textOf } from './text.ts';

const PACKET_LENGTH = 48;
const CONTROL_LENGTH = 12;
const PRIVATE_LENGTH = 8;
const DATAGRAM_LIMIT = 8;

const modes = ['reserved', 'symmetric_active', 'symmetric_passive', 'client', 'server', 'broadcast', 'control', 'private'];
const controlOperations = ['', 'read_status', 'read_variables', 'write_variables', 'read_clock', 'write_clock', 'set_trap', 'trap'];
const MODE_CLIENT = 3;
const MODE_SERVER = 4;
const MODE_BROADCAST = 5;
const MODE_CONTROL = 6;
const MODE_PRIVATE = 7;
/** Requests of mode 7 that send the clients of a server: what reflection attacks ask for. */
const MONITOR_LISTS = new Set([20, 42]);

const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];
const u32 = (bytes: Uint8Array, at: number) => ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
const isZero = (bytes: Uint8Array, from: number, to: number) => {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
};

/** What may follow the 48 bytes: nothing, a key id with a digest, or extension fields of at least 16 bytes (RFC 7822). */
function isTail(bytes: Uint8Array): boolean {
  const tail = bytes.length - PACKET_LENGTH;
  if (tail === 0 || tail === 4 || tail === 12 || tail === 20 || tail === 24) return true;
  let at = PACKET_LENGTH;
  for (let count = 0; count < 8 && at + 16 <= bytes.length; count++) {
    const length = u16(bytes, at + 2);
    if (length < 16 || length % 4 !== 0 || at + length > bytes.length) return false;
    at += length;
  }
  const rest = bytes.length - at;
  return rest === 0 || rest === 4 || rest === 20 || rest === 24;
}

/** A time of today's clocks (1984 to 2036), or none. Clients that hide their clock send anything: they are not asked. */
function isTime(bytes: Uint8Array, at: number): boolean {
  const seconds = u32(bytes, at);
  return seconds >= 0x9e000000 || (seconds === 0 && u32(bytes, at + 4) === 0) || seconds < 0x10000000;
}

function isTimePacket(bytes: Uint8Array): boolean {
  if (bytes.length < PACKET_LENGTH || !isTail(bytes)) return false;
  const mode = bytes[0] & 7;
  const poll = (bytes[2] << 24) >> 24;
  const precision = (bytes[3] << 24) >> 24;
  if (bytes[1] > 16 || poll < -6 || poll > 17 || precision < -32 || precision > 32) return false;
  // Root delay and root dispersion of more than 16 seconds make a clock useless.
  const delay = u32(bytes, 4);
  if ((delay >= 0x0010_0000 && delay <= 0xfff0_0000) || u32(bytes, 8) >= 0x0020_0000) return false;
  if (mode === MODE_CLIENT) return isZero(bytes, 4, 40) || (isTime(bytes, 16) && isTime(bytes, 24) && isTime(bytes, 32));
  if (mode === MODE_BROADCAST) return bytes[1] > 0 && isTime(bytes, 16) && isZero(bytes, 24, 40) && u32(bytes, 40) !== 0;
  return isTime(bytes, 16) && isTime(bytes, 32) && isTime(bytes, 40);
}

function isControl(bytes: Uint8Array): boolean {
  if (bytes.length < CONTROL_LENGTH || (bytes[0] & 0xc0) !== 0) return false;
  const count = u16(bytes, 10);
  const padded = CONTROL_LENGTH + ((count + 3) & ~3);
  const operation = bytes[1] & 31;
  if (
    operation === 0 ||
    operation > 31 ||
    (bytes.length !== padded && bytes.length !== CONTROL_LENGTH + count && bytes.length !== padded + 20)
  )
    return false;
  if ((bytes[1] & 0x80) === 0) return (bytes[1] & 0xe0) === 0 && isZero(bytes, 4, 6) && isZero(bytes, 8, 10);
  if (count === 0) return false;
  for (let i = CONTROL_LENGTH; i < CONTROL_LENGTH + count; i++) {
    // Associations of a status answer are numbers, everything else is text.
    if (operation !== 1 && (bytes[i] > 0x7e || (bytes[i] < 0x20 && bytes[i] !== 10 && bytes[i] !== 13 && bytes[i] !== 9))) return false;
  }
  return true;
}

function isPrivate(bytes: Uint8Array): boolean {
  if (bytes.length < PRIVATE_LENGTH || (bytes[2] !== 0 && bytes[2] !== 2 && bytes[2] !== 3) || bytes[3] > 45) return false;
  const items = u16(bytes, 4) & 0x0fff;
  const size = u16(bytes, 6);
  if ((bytes[0] & 0x80) === 0) return (bytes[0] & 0x40) === 0 && items <= 64 && size <= 512 && (bytes.length === 8 || isRequestTail(bytes));
  return size <= 512 && (items * size === bytes.length - PRIVATE_LENGTH || (items === 0 && bytes.length <= 48));
}

/** A request is padded with zeros to 48 bytes or more, and may end in a digest. */
function isRequestTail(bytes: Uint8Array): boolean {
  const used = PRIVATE_LENGTH + (u16(bytes, 4) & 0x0fff) * u16(bytes, 6);
  return bytes.length >= used && isZero(bytes, used, Math.max(used, bytes.length - 28));
}

function isNtp(bytes: Uint8Array): boolean {
  if (bytes.length < PRIVATE_LENGTH) return false;
  const version = (bytes[0] >> 3) & 7;
  const mode = bytes[0] & 7;
  if (version === 0 || version > 4 || mode === 0) return version === 1 && mode === 0 && isTimePacket(bytes);
  if (mode === MODE_CONTROL) return isControl(bytes);
  return mode === MODE_PRIVATE ? isPrivate(bytes) : isTimePacket(bytes);
}

/** Says of itself that it answers: server mode, or the response bit of control and private messages. */
function isAnswer(bytes: Uint8Array): boolean {
  const mode = bytes[0] & 7;
  if (mode === MODE_CONTROL) return (bytes[1] & 0x80) !== 0;
  return mode === MODE_PRIVATE ? (bytes[0] & 0x80) !== 0 : mode === MODE_SERVER || mode === 2;
}

class NtpSession implements DatagramSession {
  confirmed = false;
  private readonly context: SessionContext;
  private count = 0;
  private asked = false;
  private answered = false;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance({ bytes, side }: Datagram): boolean {
    if (isNtp(bytes)) this.read(bytes);
    if (side === CLIENT) this.asked = true;
    else this.answered = true;
    return ++this.count >= DATAGRAM_LIMIT || (this.asked && this.answered && this.confirmed);
  }

  private read(bytes: Uint8Array): void {
    this.confirmed = true;
    const mode = bytes[0] & 7;
    const detail = this.context.facts.detail('ntp');
    detail.version ??= (bytes[0] >> 3) & 7;
    if (detail.mode === undefined || isAnswer(bytes)) detail.mode = modes[mode];
    if (mode === MODE_CONTROL) {
      detail.operation ??= controlOperations[bytes[1] & 31] ?? `operation${bytes[1] & 31}`;
    } else if (mode === MODE_PRIVATE) {
      detail.request ??= bytes[3];
      if (MONITOR_LISTS.has(bytes[3])) detail.monitor_list = true;
    } else if (mode !== MODE_CLIENT) {
      detail.stratum ??= bytes[1];
      const shown = bytes[1] <= 1 ? textOf(bytes.subarray(12, 16)).replace(/[? ]+$/, '') : ipv4Text(bytes, 12);
      if (shown !== '') detail.reference ??= shown;
    }
  }
}

export const ntp: DatagramDissector = {
  transport: 'udp',
  protocol: 'ntp',
  ports: [123],
  probe(datagrams) {
    const { bytes, side } = datagrams[datagrams.length - 1];
    if (!isNtp(bytes)) return Verdict.NO;
    const mode = bytes[0] & 7;
    // Peers, and servers that send to everybody, may be either side.
    if (mode === 1 || mode === MODE_BROADCAST || mode === 0) return Verdict.YES;
    return side === (isAnswer(bytes) ? SERVER : CLIENT) ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new NtpSession(context),
};
