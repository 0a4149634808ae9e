/** DHCP for IPv4 and BOOTP: RFC 2131, options of RFC 2132, RFC 3004, RFC 4702. */
import { ipv4Text, macText } from './address-text.ts';
import { addDetail } from './detail.ts';
import { CLIENT, type Datagram, type DatagramDissector, type DatagramSession, SERVER, type SessionContext, Verdict } from './dissector.ts';
import { hexOf, textOf } from './text.ts';

const COOKIE_AT = 236;
const OPTIONS_AT = 240;
const FILE_AT = 108;
const SERVER_NAME_AT = 44;
/** Options of one message that are looked at, requested parameters that are kept. */
const OPTION_LIMIT = 128;
const PARAMETER_LIMIT = 64;
const DATAGRAM_LIMIT = 64;

const messages = [
  'bootp',
  'discover',
  'offer',
  'request',
  'decline',
  'ack',
  'nak',
  'release',
  'inform',
  'force_renew',
  'lease_query',
  'lease_unassigned',
  'lease_unknown',
  'lease_active',
  'bulk_lease_query',
  'lease_query_done',
  'active_lease_query',
  'lease_query_status',
  'tls',
];

function isDhcp(bytes: Uint8Array): boolean {
  if (bytes.length < OPTIONS_AT || (bytes[0] !== 1 && bytes[0] !== 2) || bytes[2] > 16 || bytes[3] > 32) return false;
  return bytes[COOKIE_AT] === 0x63 && bytes[COOKIE_AT + 1] === 0x82 && bytes[COOKIE_AT + 2] === 0x53 && bytes[COOKIE_AT + 3] === 0x63;
}

type Visit = (code: number, value: Uint8Array) => void;

/** The options in [at, end); false when one does not fit. */
function walk(bytes: Uint8Array, at: number, end: number, visit: Visit): boolean {
  for (let count = 0; at < end && count < OPTION_LIMIT; count++) {
    const code = bytes[at++];
    if (code === 255) return true;
    if (code === 0) {
      // Padding may fill the rest of the message and is no option.
      while (at < end && bytes[at] === 0) at++;
      continue;
    }
    if (at >= end || at + 1 + bytes[at] > end) return false;
    visit(code, bytes.subarray(at + 1, at + 1 + bytes[at]));
    at += 1 + bytes[at];
  }
  return true;
}

function domainName(value: Uint8Array): string {
  let end = value.length;
  while (end > 0 && value[end - 1] === 0) end--;
  return textOf(value.subarray(0, end), 255);
}

/** RFC 4702: flags, two unused bytes, then text or labels. */
function qualifiedName(value: Uint8Array): string {
  if ((value[0] & 0x04) === 0) return domainName(value.subarray(3));
  const labels: string[] = [];
  for (let at = 3; at < value.length && value[at] !== 0; at += 1 + value[at])
    labels.push(textOf(value.subarray(at + 1, at + 1 + value[at]), 63));
  return labels.join('.');
}

class DhcpSession implements DatagramSession {
  confirmed = false;
  private readonly context: SessionContext;
  private count = 0;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance({ bytes }: Datagram): boolean {
    if (isDhcp(bytes)) this.read(bytes);
    return ++this.count >= DATAGRAM_LIMIT;
  }

  private read(bytes: Uint8Array): void {
    this.confirmed = true;
    const { facts } = this.context;
    const detail = facts.detail('dhcp');
    if (bytes[1] === 1 && bytes[2] === 6) detail.client_mac ??= macText(bytes, 28);
    let type = 0;
    let overload = 0;
    const visit: Visit = (code, value) => {
      if (code === 53 && value.length === 1) type = value[0];
      else if (code === 52 && value.length === 1) overload = value[0];
      else this.option(code, value);
    };
    let sound = walk(bytes, OPTIONS_AT, bytes.length, visit);
    // Option overload, RFC 2132 section 9.3: the unused fields hold more options.
    if ((overload & 1) !== 0) sound = walk(bytes, FILE_AT, COOKIE_AT, visit) && sound;
    if ((overload & 2) !== 0) sound = walk(bytes, SERVER_NAME_AT, FILE_AT, visit) && sound;
    if (!sound) facts.risks.add('malformed_packet');
    const name = messages[type] ?? `type${type}`;
    addDetail(detail, 'messages', name);
    detail.message ??= name;
    if (bytes[0] === 2 && (type === 2 || type === 5 || type === 0)) this.assigned(bytes);
  }

  private assigned(bytes: Uint8Array): void {
    const detail = this.context.facts.detail('dhcp');
    const address = ipv4Text(bytes, 16);
    if (address !== '0.0.0.0') detail.assigned_address = address;
  }

  private option(code: number, value: Uint8Array): void {
    const { facts } = this.context;
    const detail = facts.detail('dhcp');
    const address = value.length >= 4 ? ipv4Text(value) : null;
    if (code === 12 && value.length > 0) {
      detail.hostname ??= domainName(value);
      facts.nameHost(String(detail.hostname).toLowerCase(), 'protocol');
    } else if (code === 81 && value.length > 3) {
      const name = qualifiedName(value);
      if (name !== '') detail.fqdn ??= name;
    } else if (code === 50) detail.requested_address ??= address;
    else if (code === 54) detail.server ??= address;
    else if (code === 3) detail.router ??= address;
    else if (code === 15) detail.domain ??= domainName(value);
    else if (code === 51 && value.length === 4) detail.lease_s ??= ((value[0] << 24) | (value[1] << 16) | (value[2] << 8) | value[3]) >>> 0;
    else if (code === 55) detail.fingerprint ??= value.subarray(0, PARAMETER_LIMIT).join(',');
    else if (code === 60) detail.vendor_class ??= domainName(value);
    else if (code === 61) detail.client_id ??= hexOf(value);
  }
}

export const dhcp: DatagramDissector = {
  transport: 'udp',
  protocol: 'dhcp',
  ports: [67, 68],
  probe(datagrams) {
    const { bytes, side } = datagrams[datagrams.length - 1];
    return isDhcp(bytes) && side === (bytes[0] === 1 ? CLIENT : SERVER) ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new DhcpSession(context),
};
