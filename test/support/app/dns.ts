/** Builds DNS messages. */
import { be, join } from './steady.ts';

export type Question = readonly [name: string, type: number, qclass?: number];
export type Resource = readonly [name: string | Uint8Array, type: number, ttl: number, data: Uint8Array, rclass?: number];

export interface MessageParts {
  id?: number;
  flags?: number;
  questions?: readonly Question[];
  answers?: readonly Resource[];
  authority?: readonly Resource[];
  additional?: readonly Resource[];
}

/** `www.example.org` as labels; the root for the empty text. Bytes are taken as they are (a compressed name, say). */
export function dnsName(name: string | Uint8Array): Uint8Array {
  if (typeof name !== 'string') return name;
  const labels = name === '' ? [] : name.split('.').map((label) => Buffer.from(label, 'utf8'));
  return join(...labels.flatMap((label) => [label.length, label]), 0);
}

/** A pointer to the name of the first question. */
export const FIRST_NAME = Uint8Array.of(0xc0, 12);

function resource([name, type, ttl, data, rclass = 1]: Resource): Uint8Array {
  return join(dnsName(name), be(type, 2), be(rclass, 2), be(ttl, 4), be(data.length, 2), data);
}

export function dnsMessage({
  id = 0x1234,
  flags = 0x0100,
  questions = [],
  answers = [],
  authority = [],
  additional = [],
}: MessageParts): Uint8Array {
  const counts = [questions, answers, authority, additional].map((section) => be(section.length, 2));
  const asked = questions.map(([name, type, qclass = 1]) => join(dnsName(name), be(type, 2), be(qclass, 2)));
  return join(be(id, 2), be(flags, 2), ...counts, ...asked, ...[...answers, ...authority, ...additional].map(resource));
}

/** OPT record: UDP size, flags of the TTL field, options. */
export function edns(size: number, ttl = 0, options: Uint8Array = new Uint8Array(0)): Resource {
  return ['', 41, ttl, options, size];
}

export const a = (address: string): Uint8Array => Uint8Array.from(address.split('.').map(Number));

/** What a resolver and its client say. */
export const QUERY = dnsMessage({ questions: [['www.example.org', 1]] });
export const ANSWER = dnsMessage({
  flags: 0x8180,
  questions: [['www.example.org', 1]],
  answers: [
    [FIRST_NAME, 5, 300, dnsName('web.example.net')],
    ['web.example.net', 1, 60, a('192.0.2.7')],
  ],
});

/** `prefixed(message)`: as DNS over TCP sends it. */
export function prefixed(message: Uint8Array): Uint8Array {
  return join(be(message.length, 2), message);
}
