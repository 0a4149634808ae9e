/** NetBIOS datagram service (RFC 1002 section 4.4) and the browser announcements in it ([MS-BRWS] section 2.2). */
import { ipv4Text } from './address-text.ts';
import { type Datagram, type DatagramDissector, type DatagramSession, type SessionContext, Verdict } from './dissector.ts';
import { type NetbiosName, netbiosNameAt, suffixName } from './netbios-name.ts';
import { startsWith, startsWithAnyCase, textOf } from './text.ts';

const HEADER_LENGTH = 14;
const DIRECT_UNIQUE = 0x10;
const BROADCAST = 0x12;
const ERROR = 0x13;
const LAST_TYPE = 0x16;
const DATAGRAM_LIMIT = 32;

const types = ['direct_unique', 'direct_group', 'broadcast', 'error', 'query_request', 'positive_response', 'negative_response'];

const commands: Readonly<Record<number, string>> = {
  1: 'host_announcement',
  2: 'announcement_request',
  8: 'election_request',
  9: 'backup_list_request',
  10: 'backup_list_response',
  11: 'become_backup',
  12: 'domain_announcement',
  13: 'master_announcement',
  14: 'reset_state',
  15: 'local_master_announcement',
};

const SMB_HEADER_LENGTH = 32;
const SMB_COM_TRANSACTION = 0x25;

const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];
const u16le = (bytes: Uint8Array, at: number) => bytes[at] | (bytes[at + 1] << 8);

/** Both names of a datagram with user data; null when it is none. */
function namesOf(bytes: Uint8Array): [source: NetbiosName, destination: NetbiosName] | null {
  const source = netbiosNameAt(bytes, HEADER_LENGTH, bytes.length);
  const destination = source === null ? null : netbiosNameAt(bytes, source.next, bytes.length);
  return source === null || destination === null ? null : [source, destination];
}

function isDatagram(bytes: Uint8Array): boolean {
  if (bytes.length < 10 || bytes[0] < DIRECT_UNIQUE || bytes[0] > LAST_TYPE || (bytes[1] & 0xf0) !== 0) return false;
  if (bytes[0] === ERROR) return false;
  if (bytes[0] > ERROR) return netbiosNameAt(bytes, 10, bytes.length)?.next === bytes.length;
  const length = bytes.length >= HEADER_LENGTH ? u16(bytes, 10) : 0;
  return length <= bytes.length - HEADER_LENGTH + 2 && namesOf(bytes) !== null;
}

function until(bytes: Uint8Array, at: number, limit: number): string {
  const stop = bytes.indexOf(0, at);
  return textOf(bytes.subarray(at, Math.min(stop < 0 ? bytes.length : stop, at + limit)));
}

class NetbiosDatagramSession implements DatagramSession {
  confirmed = false;
  private readonly context: SessionContext;
  private count = 0;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance({ bytes }: Datagram): boolean {
    if (isDatagram(bytes)) this.read(bytes);
    return ++this.count >= DATAGRAM_LIMIT;
  }

  private read(bytes: Uint8Array): void {
    this.confirmed = true;
    const { facts } = this.context;
    const detail = facts.detail('netbios');
    detail.datagram ??= types[bytes[0] - DIRECT_UNIQUE];
    detail.source_address ??= ipv4Text(bytes, 4);
    const names = bytes[0] <= BROADCAST ? namesOf(bytes) : null;
    if (names === null) return;
    const [source, destination] = names;
    detail.name ??= source.name;
    detail.service ??= suffixName(source.suffix);
    detail.destination ??= destination.name;
    facts.nameHost(source.name.toLowerCase(), 'protocol');
    const smb = bytes.subarray(destination.next);
    if (!startsWith(smb, smb.length, '\u00ffSMB')) return;
    // SMB version 1 in clear, the one that nDPI calls unsafe wherever it is.
    facts.risks.add('unsafe_protocol');
    this.browser(smb);
  }

  /** A mailslot write: an SMB transaction whose name is `\MAILSLOT\…`. */
  private browser(smb: Uint8Array): void {
    const words = SMB_HEADER_LENGTH < smb.length ? smb[SMB_HEADER_LENGTH] : 0;
    const slot = SMB_HEADER_LENGTH + 3 + 2 * words;
    if (smb[4] !== SMB_COM_TRANSACTION || words < 14 || !startsWithAnyCase(smb, smb.length, '\\MAILSLOT\\', slot)) return;
    const detail = this.context.facts.detail('netbios');
    detail.mailslot ??= until(smb, slot, 64);
    const at = u16le(smb, SMB_HEADER_LENGTH + 1 + 24);
    if (!startsWithAnyCase(smb, smb.length, 'BROWSE', slot + 10) || at >= smb.length) return;
    const command = smb[at];
    detail.browser ??= commands[command] ?? `0x${command.toString(16)}`;
    if ((command !== 1 && command !== 12 && command !== 15) || at + 32 > smb.length) return;
    detail.announced ??= until(smb.subarray(0, at + 22), at + 6, 16);
    detail.os ??= `${smb[at + 22]}.${smb[at + 23]}`;
    const comment = until(smb, at + 32, 48);
    if (comment !== '') detail.comment ??= comment;
  }
}

export const netbiosDgm: DatagramDissector = {
  transport: 'udp',
  protocol: 'netbios',
  ports: [138],
  probe: (datagrams) => (isDatagram(datagrams[datagrams.length - 1].bytes) ? Verdict.YES : Verdict.NO),
  open: (context) => new NetbiosDatagramSession(context),
};
