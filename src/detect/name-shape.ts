/** Names that programs make up for good reasons, so that the DNS rules can tell them from those of attackers. */
import { subName } from './registered-domain.ts';

/**
 * Services that are asked by name about files, addresses and sites: block lists and virus scanners (nDPI leaves out the
 * first three as well). They answer NXDOMAIN for what is harmless, and their names carry digests.
 */
const REPUTATION_DOMAINS = new Set([
  'spamhaus.org',
  'surbl.org',
  'uribl.com',
  'spamcop.net',
  'sorbs.net',
  'barracudacentral.org',
  'cymru.com',
  'dnswl.org',
  'mailspike.net',
  'abuseat.org',
  'mcafee.com',
  'trellix.com',
  'sophosxl.net',
  'eset.com',
  'e5.sk',
  'kaspersky-labs.com',
  'trendmicro.com',
  'bitdefender.net',
  'senderbase.org',
  'returnpath.net',
]);

/** Top labels that end a name of their own; inside another name they show that a search suffix was put behind it. */
const TOP_LABELS = new Set(['com', 'net', 'org', 'edu', 'gov', 'info', 'biz', 'arpa']);
const ADDRESS_TYPES = new Set(['A', 'AAAA', 'HTTPS']);
const DIGEST = /^[0-9a-f]{12,40}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MOST_LABEL_OF_POOL = 15;

/** `2.0.0.127.zen.example.org`, or 32 hexadecimal digits one by one: an address turned round under a block list. */
const isTurnedAddress = (sub: string): boolean =>
  /^(?:\d{1,3}\.){3}\d{1,3}(?:\.|$)/.test(sub) || /^(?:[0-9a-f]\.){31}[0-9a-f](?:\.|$)/.test(sub);

export const isReputation = (domain: string, sub: string): boolean => REPUTATION_DOMAINS.has(domain) || isTurnedAddress(sub);

/** `www.example.com` looked for in `corp.example.org`: the resolver's search list, not a name that anybody chose. */
export function isSearchNoise(name: string, domain: string): boolean {
  const labels = subName(name, domain).split('.');
  return labels.some((label, index) => index > 0 && TOP_LABELS.has(label));
}

/**
 * One digest or UUID before short words, asked for its address: how content networks and clouds name their parts. A
 * tunnel's labels are longer, or there are several of them, or it asks for records that carry more than an address.
 */
export function isIdentifier(sub: string, qtype: string): boolean {
  if (!ADDRESS_TYPES.has(qtype)) return false;
  let digests = 0;
  for (const label of sub.split('.')) {
    if (DIGEST.test(label) || UUID.test(label)) digests++;
    else if (label.length > MOST_LABEL_OF_POOL) return false;
  }
  return digests === 1;
}

/** Bits per character: 0 for one letter again and again, 5 for base32 drawn by lot. */
export function entropyOf(text: string): number {
  const counts = new Map<number, number>();
  for (let i = 0; i < text.length; i++) counts.set(text.charCodeAt(i), (counts.get(text.charCodeAt(i)) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
