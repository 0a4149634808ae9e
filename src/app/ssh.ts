/**
 * SSH: identification strings (RFC 4253 section 4.2; RFC 4253 section 5 for 1.99) and the KEXINIT of both sides (section 7.1)
 * from binary packets (section 6). Everything behind them is encrypted and not read.
 *
 * `ssh_obsolete_client_version_or_cipher` (of the client) and `ssh_obsolete_server_version_or_cipher` (of the server) are raised when the
 * side speaks protocol 1.x only, when its software is older than in OLD_SOFTWARE, or when it offers one of OBSOLETE_CIPHERS for its own
 * direction; nDPI's limits, with which they share their meaning.
 */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { SshFacts } from './facts.ts';
import type { RiskName } from './risks.ts';
import { negotiate, type Offer, offerOf } from './ssh-offer.ts';
import { indexOfByte, startsWith, textOf } from './text.ts';

const BANNER = 'SSH-';
/** RFC 4253: 255 characters with CR LF; servers may send other lines before. */
const MAX_LINE_BYTES = 255;
const MAX_LINES_BEFORE = 50;
const MAX_BYTES_BEFORE = 8192;
/** RFC 4253 section 6.1. */
const MAX_PACKET_BYTES = 35_000;
/** Packets before the KEXINIT: SSH_MSG_IGNORE and the like. */
const MAX_PACKETS_BEFORE = 8;
const KEXINIT = 20;

/** Software name as it starts in the banner, and the first version that is not old. */
export const OLD_SOFTWARE: readonly (readonly [string, readonly number[]])[] = [
  ['OpenSSH_', [7, 0, 0]],
  ['APACHE-SSHD-', [2, 5, 1]],
  ['FileZilla_', [3, 40, 0]],
  ['paramiko_', [2, 4, 0]],
  ['dropbear_', [2020, 0, 0]],
];

function isOlder(version: string, limit: readonly number[]): boolean {
  const parts = version.split(/[^0-9]/, limit.length).map(Number);
  for (let i = 0; i < limit.length; i++) {
    const part = parts[i] ?? 0;
    if (part !== limit[i]) return part < limit[i];
  }
  return false;
}

/** `SSH-2.0-OpenSSH_6.6 Debian`: protocol 1.x without 2, or software that is too old. */
export function isObsoleteBanner(banner: string): boolean {
  const [, protocol = '', ...rest] = banner.split('-');
  if (protocol.startsWith('1.') && protocol !== '1.99') return true;
  const software = rest.join('-');
  return OLD_SOFTWARE.some(([name, limit]) => {
    const version = software.slice(name.length);
    return software.startsWith(name) && /^\d/.test(version) && isOlder(version, limit);
  });
}

class SideReader {
  banner: string | null = null;
  offer: Offer | null = null;
  /** Nothing more can come of this side. */
  finished = false;
  readonly #side: Side;
  #at = 0;
  #lines = 0;
  #packets = 0;

  constructor(side: Side) {
    this.#side = side;
  }

  get isVersion1(): boolean {
    return this.banner !== null && /^SSH-1\.(?!99-)/.test(this.banner);
  }

  /** False when the bytes are not SSH. */
  read(head: StreamHead): boolean {
    while (!this.finished) {
      const step = this.banner === null ? this.#readLine(head) : this.#readPacket(head);
      if (step !== Progress.MORE) {
        this.finished ||= step === Progress.BROKEN;
        return step !== Progress.BROKEN;
      }
    }
    return true;
  }

  /** MORE = go on reading; DONE = not enough bytes yet; BROKEN. */
  #readLine({ bytes, length, complete }: StreamHead): ProgressCode {
    const end = indexOfByte(bytes, Math.min(length, this.#at + MAX_LINE_BYTES + 1), 0x0a, this.#at);
    if (end < 0) {
      if (length - this.#at > MAX_LINE_BYTES) return Progress.BROKEN;
      if (complete) this.finished = true;
      return Progress.DONE;
    }
    const start = this.#at;
    this.#at = end + 1;
    if (startsWith(bytes, end, BANNER, start)) {
      const last = bytes[end - 1] === 0x0d ? end - 1 : end;
      this.banner = textOf(bytes.subarray(start, last), MAX_LINE_BYTES);
      if (this.isVersion1) this.finished = true;
      return Progress.MORE;
    }
    const tooMany = ++this.#lines > MAX_LINES_BEFORE || this.#at > MAX_BYTES_BEFORE;
    return this.#side === CLIENT || tooMany ? Progress.BROKEN : Progress.MORE;
  }

  #readPacket({ bytes, length, complete }: StreamHead): ProgressCode {
    const cursor = new Cursor(bytes, this.#at, length);
    const packetBytes = cursor.u32();
    const padding = cursor.u8();
    if (!cursor.overrun && (packetBytes > MAX_PACKET_BYTES || padding < 4 || packetBytes < padding + 2)) return Progress.BROKEN;
    const payload = cursor.take(packetBytes - padding - 1);
    cursor.skip(padding);
    if (cursor.overrun) {
      if (complete) this.finished = true;
      return Progress.DONE;
    }
    this.#at = cursor.at;
    if (payload[0] === KEXINIT) {
      this.offer = offerOf(payload);
      this.finished = true;
      return this.offer === null ? Progress.BROKEN : Progress.MORE;
    }
    return ++this.#packets > MAX_PACKETS_BEFORE ? Progress.BROKEN : Progress.MORE;
  }
}

class SshSession implements StreamSession {
  confirmed = false;
  readonly #context: SessionContext;
  readonly #sides = [new SideReader(CLIENT), new SideReader(SERVER)] as const;
  /** Per side: banner told, KEXINIT told. */
  readonly #told = [
    [false, false],
    [false, false],
  ];

  constructor(context: SessionContext) {
    this.#context = context;
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    let broken = false;
    for (const side of [CLIENT, SERVER] as const) {
      if (!this.#sides[side].read(heads[side])) broken = true;
      this.#tell(side);
    }
    const [client, server] = this.#sides;
    if (client.offer !== null && server.offer !== null) Object.assign(this.#facts(), negotiate(client.offer, server.offer));
    if (client.finished && server.finished) return Progress.DONE;
    // Protocol 1 has other packets: the banners are all there is to read.
    if ((client.isVersion1 || server.isVersion1) && client.banner !== null && server.banner !== null) return Progress.DONE;
    return broken && !this.confirmed ? Progress.BROKEN : Progress.MORE;
  }

  #tell(side: Side): void {
    const { facts } = this.#context;
    const { banner, offer } = this.#sides[side];
    const told = this.#told[side];
    const risk: RiskName = side === CLIENT ? 'ssh_obsolete_client_version_or_cipher' : 'ssh_obsolete_server_version_or_cipher';
    if (banner !== null && !told[0]) {
      told[0] = true;
      this.confirmed = true;
      this.#facts()[side === CLIENT ? 'client' : 'server'] = banner;
      if (isObsoleteBanner(banner)) facts.risks.add(risk);
    }
    if (offer === null || told[1]) return;
    told[1] = true;
    if (side === CLIENT) facts.hassh = offer.hassh;
    else facts.hassh_server = offer.hasshServer;
    if (side === CLIENT ? offer.clientIsObsolete : offer.serverIsObsolete) facts.risks.add(risk);
  }

  #facts(): SshFacts {
    this.#context.facts.ssh ??= { client: null, server: null, kex: null, host_key: null, cipher: null, mac: null, compression: null };
    return this.#context.facts.ssh;
  }
}

const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;

/** `SSH-2.0-`, `SSH-1.99-`, `SSH-1.5-`: NO, MORE or YES for the bytes that are there. */
function bannerVerdict({ bytes, length, complete }: StreamHead): VerdictCode {
  const known = Math.min(length, BANNER.length);
  if (!startsWith(bytes, known, BANNER.slice(0, known))) return Verdict.NO;
  const shape = [isDigit, (byte: number) => byte === 0x2e, isDigit, (byte: number) => isDigit(byte) || byte === 0x2d];
  for (let i = 0; i < shape.length; i++) {
    const at = BANNER.length + i;
    if (at >= length) return complete ? Verdict.NO : Verdict.MORE;
    if (!shape[i](bytes[at])) return Verdict.NO;
  }
  return Verdict.YES;
}

function looksLikeText({ bytes, length }: StreamHead): boolean {
  for (let i = 0; i < Math.min(length, 64); i++) {
    const byte = bytes[i];
    if ((byte < 0x20 || byte === 0x7f) && byte !== 0x0d && byte !== 0x0a && byte !== 0x09) return false;
  }
  return true;
}

export const ssh: StreamDissector = {
  transport: 'tcp',
  protocol: 'ssh',
  ports: [22, 2222],
  probe([client, server]) {
    const byClient = client.length === 0 ? Verdict.MORE : bannerVerdict(client);
    const byServer = server.length === 0 ? Verdict.MORE : bannerVerdict(server);
    if (byClient === Verdict.YES || byServer === Verdict.YES) return Verdict.YES;
    if (byClient === Verdict.NO && client.length > 0) return Verdict.NO;
    if (byServer === Verdict.NO && !looksLikeText(server)) return Verdict.NO;
    return client.complete ? Verdict.NO : Verdict.MORE;
  },
  open: (context) => new SshSession(context),
};
