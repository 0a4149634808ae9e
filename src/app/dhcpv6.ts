/** DHCP for IPv6: RFC 8415, client names of RFC 4704. */
import { ipv6Text } from './address-text.ts';
import { addDetail } from './detail.ts';
import { CLIENT, type Datagram, type DatagramDissector, type DatagramSession, SERVER, type SessionContext, Verdict } from './dissector.ts';
import { hexOf, textOf } from './text.ts';

const RELAY_FORWARD = 12;
const RELAY_REPLY = 13;
const LAST_MESSAGE = 23;
const LAST_OPTION = 200;
const OPTION_LIMIT = 64;
const DATAGRAM_LIMIT = 64;
/** A relay may lie behind a relay. */
const RELAY_LIMIT = 4;

const messages = [
  '',
  'solicit',
  'advertise',
  'request',
  'confirm',
  'renew',
  'rebind',
  'reply',
  'release',
  'decline',
  'reconfigure',
  'information_request',
  'relay_forward',
  'relay_reply',
  'lease_query',
  'lease_query_reply',
  'lease_query_done',
  'lease_query_data',
  'reconfigure_request',
  'reconfigure_reply',
  'dhcpv4_query',
  'dhcpv4_response',
  'active_lease_query',
  'start_tls',
];
/** What servers send. */
const replies = new Set([2, 7, 10, RELAY_REPLY, 15, 16, 17, 19, 21]);

const OPTION_CLIENT_ID = 1;
const OPTION_SERVER_ID = 2;
const OPTION_IA_NA = 3;
const OPTION_IA_ADDRESS = 5;
const OPTION_REQUESTED = 6;
const OPTION_RELAY_MESSAGE = 9;
const OPTION_VENDOR_CLASS = 16;
const OPTION_IA_PD = 25;
const OPTION_IA_PREFIX = 26;
const OPTION_CLIENT_NAME = 39;

const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];

type Visit = (code: number, value: Uint8Array) => void;

/** False when the options do not end exactly where the bytes end. */
function walk(bytes: Uint8Array, at: number, visit: Visit): boolean {
  let count = 0;
  while (at + 4 <= bytes.length && count++ < OPTION_LIMIT) {
    const length = u16(bytes, at + 2);
    if (at + 4 + length > bytes.length) return false;
    visit(u16(bytes, at), bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return at === bytes.length;
}

const headerLength = (type: number) => (type === RELAY_FORWARD || type === RELAY_REPLY ? 34 : 4);

function isDuid(value: Uint8Array): boolean {
  return value.length >= 3 && value.length <= 130 && value[0] === 0 && value[1] >= 1 && value[1] <= 4;
}

function isDhcpv6(bytes: Uint8Array): boolean {
  if (bytes.length < 8 || bytes[0] === 0 || bytes[0] > LAST_MESSAGE) return false;
  const relay = headerLength(bytes[0]) === 34;
  if (relay && (bytes.length < 38 || bytes[1] > 32)) return false;
  let known = true;
  let proof = false;
  const sound = walk(bytes, headerLength(bytes[0]), (code, value) => {
    if (code === 0 || code > LAST_OPTION) known = false;
    if (code === OPTION_CLIENT_ID || code === OPTION_SERVER_ID) {
      if (isDuid(value)) proof = true;
      else known = false;
    }
    if (relay && code === OPTION_RELAY_MESSAGE && value.length >= 4 && value[0] > 0 && value[0] <= LAST_MESSAGE) proof = true;
  });
  return sound && known && proof;
}

function nameOf(value: Uint8Array): string {
  const labels: string[] = [];
  for (let at = 1; at < value.length && value[at] > 0 && value[at] < 64; at += 1 + value[at]) {
    labels.push(textOf(value.subarray(at + 1, at + 1 + value[at]), 63));
  }
  return labels.join('.');
}

class Dhcpv6Session implements DatagramSession {
  confirmed = false;
  private readonly context: SessionContext;
  private count = 0;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance({ bytes }: Datagram): boolean {
    if (isDhcpv6(bytes)) {
      this.confirmed = true;
      this.read(bytes, RELAY_LIMIT);
    }
    return ++this.count >= DATAGRAM_LIMIT;
  }

  private read(bytes: Uint8Array, depth: number): void {
    if (bytes.length < 4 || depth === 0) return;
    const detail = this.context.facts.detail('dhcpv6');
    const name = messages[bytes[0]] ?? `type${bytes[0]}`;
    detail.message ??= name;
    addDetail(detail, 'messages', name);
    walk(bytes, headerLength(bytes[0]), (code, value) => {
      if (code === OPTION_RELAY_MESSAGE) this.read(value, depth - 1);
      else this.option(code, value);
    });
  }

  private option(code: number, value: Uint8Array): void {
    const { facts } = this.context;
    const detail = facts.detail('dhcpv6');
    if (code === OPTION_CLIENT_ID) detail.client_duid ??= hexOf(value, 130);
    else if (code === OPTION_SERVER_ID) detail.server_duid ??= hexOf(value, 130);
    else if (code === OPTION_REQUESTED) {
      const wanted: number[] = [];
      for (let at = 0; at + 2 <= value.length && wanted.length < OPTION_LIMIT; at += 2) wanted.push(u16(value, at));
      detail.fingerprint ??= wanted.join(',');
    } else if (code === OPTION_CLIENT_NAME) {
      const name = nameOf(value);
      if (name !== '') detail.fqdn ??= name;
      facts.nameHost(name.toLowerCase(), 'protocol');
    } else if (code === OPTION_VENDOR_CLASS && value.length > 6) detail.vendor_class ??= textOf(value.subarray(6), 255);
    else if ((code === OPTION_IA_NA || code === OPTION_IA_PD) && value.length >= 12)
      walk(value, 12, (inner, lease) => this.lease(inner, lease));
  }

  private lease(code: number, value: Uint8Array): void {
    const detail = this.context.facts.detail('dhcpv6');
    if (code === OPTION_IA_ADDRESS && value.length >= 24) detail.address ??= ipv6Text(value);
    if (code === OPTION_IA_PREFIX && value.length >= 25) detail.prefix ??= `${ipv6Text(value, 9)}/${value[8]}`;
  }
}

export const dhcpv6: DatagramDissector = {
  transport: 'udp',
  protocol: 'dhcpv6',
  ports: [547, 546],
  probe(datagrams) {
    const { bytes, side } = datagrams[datagrams.length - 1];
    return isDhcpv6(bytes) && side === (replies.has(bytes[0]) ? SERVER : CLIENT) ? Verdict.YES : Verdict.NO;
  },
  open: (context) => new Dhcpv6Session(context),
};
