/** RIP: RFC 1058 (v1), RFC 2453 (v2), RFC 4822 (digests), RFC 2080 (RIPng). */
import { ipv4Text, ipv6Text } from './address-text.ts';
import { CountedSession } from './counted-session.ts';
import { addDetail } from './detail.ts';
import { type DatagramDissector, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';

const DATAGRAM_LIMIT = 16;
const HEADER_LENGTH = 4;
const ENTRY_LENGTH = 20;
const ROUTE_LIMIT = 16;
const INFINITY = 16;
const NEXT_HOP = 255;

const commands: Readonly<Record<number, string>> = { 1: 'request', 2: 'response' };
const u16 = (bytes: Uint8Array, at: number) => (bytes[at] << 8) | bytes[at + 1];

function metricAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** A netmask has its ones first. */
function isMask(mask: number): boolean {
  const gaps = ~mask >>> 0;
  return (gaps & (gaps + 1)) >>> 0 === 0;
}

function isEntry(bytes: Uint8Array, at: number, first: boolean): boolean {
  const family = u16(bytes, at);
  // Authentication comes first, the digest of RFC 4822 also last.
  if (family === 0xffff) return bytes[1] === 2 && (first ? u16(bytes, at + 2) >= 2 && u16(bytes, at + 2) <= 3 : u16(bytes, at + 2) === 1);
  if (family === 0) return bytes[0] === 1 && metricAt(bytes, at + 16) === INFINITY;
  const metric = metricAt(bytes, at + 16);
  if (family !== 2 || metric > INFINITY) return false;
  if (bytes[1] === 1) return u16(bytes, at + 2) === 0 && metricAt(bytes, at + 8) === 0 && metricAt(bytes, at + 12) === 0;
  return isMask(metricAt(bytes, at + 8));
}

/** RIPng: prefix, tag, prefix length, metric. */
function isNextGenerationEntry(bytes: Uint8Array, at: number): boolean {
  const metric = bytes[at + 19];
  const prefix = bytes[at + 18];
  if (metric === NEXT_HOP) return prefix === 0 && u16(bytes, at + 16) === 0;
  if (prefix > 128 || metric === 0 || metric > INFINITY) return false;
  // Bits behind the prefix are zero: checked by the byte.
  for (let i = Math.ceil(prefix / 8); i < 16; i++) if (bytes[at + i] !== 0) return false;
  return true;
}

/** `v1`, `v2` or `ng`; null when the datagram is none. */
function versionOf(bytes: Uint8Array): string | null {
  const entries = (bytes.length - HEADER_LENGTH) / ENTRY_LENGTH;
  if (entries < 1 || commands[bytes[0]] === undefined || (bytes[1] !== 1 && bytes[1] !== 2) || u16(bytes, 2) !== 0) return null;
  if (!Number.isInteger(entries)) return null;
  let classic = entries <= 27;
  let next = bytes[1] === 1;
  for (let i = 0; i < entries && (classic || next); i++) {
    const at = HEADER_LENGTH + i * ENTRY_LENGTH;
    classic &&= isEntry(bytes, at, i === 0);
    next &&= isNextGenerationEntry(bytes, at);
  }
  if (classic) return `v${bytes[1]}`;
  return next ? 'ng' : null;
}

function keep(facts: AppFacts, bytes: Uint8Array): boolean {
  const version = versionOf(bytes);
  if (version === null) return false;
  const detail = facts.detail('rip');
  detail.version ??= version;
  addDetail(detail, 'commands', commands[bytes[0]]);
  for (let at = HEADER_LENGTH; at + ENTRY_LENGTH <= bytes.length; at += ENTRY_LENGTH) {
    if (version === 'ng') {
      if (bytes[at + 19] !== NEXT_HOP && bytes[0] === 2)
        addDetail(detail, 'routes', `${ipv6Text(bytes, at)}/${bytes[at + 18]}`, ROUTE_LIMIT);
    } else if (u16(bytes, at) === 0xffff) {
      if (u16(bytes, at + 2) === 2) facts.risks.add('cleartext_credentials');
    } else if (bytes[0] === 2) {
      addDetail(detail, 'routes', ipv4Text(bytes, at + 4), ROUTE_LIMIT);
    }
  }
  return true;
}

export const rip: DatagramDissector = {
  transport: 'udp',
  protocol: 'rip',
  ports: [520, 521],
  probe: (datagrams) => (versionOf(datagrams[datagrams.length - 1].bytes) === null ? Verdict.NO : Verdict.YES),
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => keep(facts, bytes)),
};
