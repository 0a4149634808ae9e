/** NetBIOS name service: RFC 1002 section 4.2. */
import { ipv4Text, macText } from './address-text.ts';
import { CLIENT, type Datagram, type DatagramDissector, type DatagramSession, SERVER, type SessionContext, Verdict } from './dissector.ts';
import { netbiosNameAt, rawNetbiosName, suffixName } from './netbios-name.ts';

const HEADER_LENGTH = 12;
const TYPE_NB = 0x20;
const TYPE_NBSTAT = 0x21;
const NAME_LIMIT = 16;
const ADDRESS_LIMIT = 8;
/** Datagrams of one flow that are read. */
const DATAGRAM_LIMIT = 64;

const operations: Readonly<Record<number, string>> = {
  0: 'query',
  5: 'registration',
  6: 'release',
  7: 'wait',
  8: 'refresh',
  9: 'refresh',
  15: 'multihomed_registration',
};

const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];

/** Offset of the type behind the first name; -1 when the datagram is none of the name service. */
function typeOffset(bytes: Uint8Array): number {
  if (bytes.length < HEADER_LENGTH) return -1;
  const bits = u16(bytes, 2);
  const [questions, answers, authority, additional] = [u16(bytes, 4), u16(bytes, 6), u16(bytes, 8), u16(bytes, 10)];
  if (operations[(bits >> 11) & 15] === undefined || questions + answers + authority + additional > 8) return -1;
  if ((bits & 0x8000) === 0 ? questions !== 1 || (bits & 15) !== 0 : questions > 1) return -1;
  const name = netbiosNameAt(bytes, HEADER_LENGTH, bytes.length);
  if (name === null || name.next + 4 > bytes.length) return -1;
  const type = u16(bytes, name.next);
  // A negative answer may carry the NULL type.
  const known = type === TYPE_NB || type === TYPE_NBSTAT || (type === 10 && (bits & 0x8000) !== 0);
  return known && u16(bytes, name.next + 2) === 1 ? name.next : -1;
}

class NetbiosNameSession implements DatagramSession {
  confirmed = false;
  private readonly context: SessionContext;
  private count = 0;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance({ bytes }: Datagram): boolean {
    const at = typeOffset(bytes);
    if (at >= 0) this.read(bytes, at);
    else if (this.confirmed) this.context.facts.risks.add('malformed_packet');
    return ++this.count >= DATAGRAM_LIMIT;
  }

  private read(bytes: Uint8Array, at: number): void {
    this.confirmed = true;
    const { facts } = this.context;
    const detail = facts.detail('netbios');
    const name = netbiosNameAt(bytes, HEADER_LENGTH, bytes.length);
    const bits = u16(bytes, 2);
    if (name === null) return;
    detail.operation ??= operations[(bits >> 11) & 15];
    detail.name ??= name.name;
    detail.service ??= suffixName(name.suffix);
    if (name.name !== '*') facts.nameHost(name.name.toLowerCase(), 'protocol');
    if ((bits & 0x8000) === 0) return;
    detail.result ??= bits & 15;
    if ((bits & 15) === 0 && u16(bytes, 6) > 0) this.answer(bytes, at, name.name);
  }

  /** The first answer: addresses of a name, or the names of a node. */
  private answer(bytes: Uint8Array, at: number, name: string): void {
    const detail = this.context.facts.detail('netbios');
    const type = u16(bytes, at);
    const ttl = ((u16(bytes, at + 4) << 16) | u16(bytes, at + 6)) >>> 0;
    const from = at + 10;
    const end = Math.min(from + u16(bytes, at + 8), bytes.length);
    if (type === TYPE_NB) {
      const addresses: string[] = [];
      for (let entry = from; entry + 6 <= end && addresses.length < ADDRESS_LIMIT; entry += 6) addresses.push(ipv4Text(bytes, entry + 2));
      if (addresses.length === 0) return;
      detail.addresses = addresses;
      for (const address of addresses) this.context.facts.learn({ address, name: name.toLowerCase(), ttl });
      return;
    }
    const count = from < end ? bytes[from] : 0;
    const names: string[] = [];
    for (let i = 0; i < count && from + 19 + 18 * i <= end; i++) {
      const entry = from + 1 + 18 * i;
      if (names.length < NAME_LIMIT) names.push(`${rawNetbiosName(bytes, entry)}<${bytes[entry + 15].toString(16).padStart(2, '0')}>`);
      const group = (bytes[entry + 16] & 0x80) !== 0;
      if (!group && bytes[entry + 15] === 0) this.context.facts.nameHost(rawNetbiosName(bytes, entry).toLowerCase(), 'protocol');
    }
    detail.names = names;
    const mac = from + 1 + 18 * count;
    if (mac + 6 <= end) detail.mac = macText(bytes, mac);
  }
}

export const netbiosNs: DatagramDissector = {
  transport: 'udp',
  protocol: 'netbios',
  ports: [137],
  probe(datagrams) {
    const { bytes, side } = datagrams[datagrams.length - 1];
    if (typeOffset(bytes) < 0) return Verdict.NO;
    return side === ((bytes[2] & 0x80) === 0 ? CLIENT : SERVER) ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new NetbiosNameSession(context),
};
