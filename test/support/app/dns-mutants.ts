/** Flows of DNS that are a little broken, or only a little strange. */
import type { Side } from '../../../src/app/dissector.ts';
import type { ReadEvent, ReadFlow } from './native-readers.ts';

type Random = () => number;
const below = (random: Random, count: number) => Math.floor(random() * count);
const oneOf = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)];

const BYTES = [
  0, 1, 2, 3, 5, 0x20, 0x22, 0x2d, 0x2e, 0x2f, 0x40, 0x41, 0x5c, 0x5f, 0x61, 0x7e, 0x7f, 0x80, 0xc0, 0xff, 29, 41, 63, 64, 0x10,
];
const TYPES = [0, 1, 2, 5, 6, 12, 13, 15, 16, 28, 33, 35, 38, 39, 41, 43, 46, 48, 52, 64, 65, 99, 252, 255, 257, 280, 65_280];

/** Where in a message the names, lengths and types stand: the offsets behind the first question's name and of its records. */
function edges(bytes: Uint8Array): number[] {
  const found = [2, 3, 4, 6, 8, 10];
  let at = 12;
  while (at < bytes.length && bytes[at] > 0 && bytes[at] < 64) at += 1 + bytes[at];
  for (at += 5; at + 10 < bytes.length; ) {
    while (at < bytes.length && bytes[at] > 0 && bytes[at] < 64) at += 1 + bytes[at];
    at += bytes[at] >= 0xc0 ? 2 : 1;
    if (at + 10 > bytes.length) break;
    found.push(at, at + 2, at + 4, at + 8, at + 10);
    at += 10 + ((bytes[at + 8] << 8) | bytes[at + 9]);
  }
  return found;
}

const changes: readonly ((bytes: Buffer, random: Random) => Uint8Array)[] = [
  (bytes, random) => {
    bytes[below(random, bytes.length)] ^= 1 << below(random, 8);
    return bytes;
  },
  (bytes, random) => {
    bytes[below(random, bytes.length)] = oneOf(random, BYTES);
    return bytes;
  },
  (bytes, random) => {
    // The case of a letter, or another letter, in the question.
    const at = 12 + below(random, Math.min(20, bytes.length - 12));
    if (bytes[at] > 63)
      bytes[at] = random() < 0.5 ? bytes[at] ^ 0x20 : oneOf(random, [0x30, 0x39, 0x41, 0x61, 0x71, 0x78, 0x7a, 0x2d, 0x2a]);
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, below(random, bytes.length)),
  (bytes, random) => Buffer.concat([bytes, Buffer.alloc(1 + below(random, 12), oneOf(random, BYTES))]),
  (bytes, random) => {
    const at = below(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), Buffer.of(oneOf(random, BYTES)), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = below(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 4))]);
  },
  (bytes, random) => {
    const at = oneOf(random, edges(bytes));
    if (at + 2 <= bytes.length) bytes.writeUInt16BE(oneOf(random, TYPES), at);
    return bytes;
  },
  (bytes, random) => {
    const at = oneOf(random, edges(bytes));
    if (at < bytes.length) bytes[at] = (bytes[at] + oneOf(random, [1, 255, 2, 16, 128])) & 255;
    return bytes;
  },
  (bytes, random) => {
    // A length and one more or less of what it counts.
    const at = oneOf(random, edges(bytes)) + 1;
    if (at < bytes.length) bytes[at] = (bytes[at] + oneOf(random, [1, 255])) & 255;
    return bytes;
  },
  (bytes, random) => {
    const at = 12 + below(random, bytes.length - 13);
    bytes.writeUInt16BE(0xc000 + (random() < 0.7 ? below(random, at) : below(random, 0x4000)), at);
    return bytes;
  },
  (bytes, random) => {
    bytes.writeUInt16BE(oneOf(random, [0x8183, 0x8180, 0x0100, 0, 0x8580, 0x8380, 0x0110, 0x0120, 0x2800, 0x8185, 0x0140, 0xa800, 1]), 2);
    return bytes;
  },
  (bytes, random) => {
    bytes.writeUInt16BE(0, 0);
    if (random() < 0.5) bytes[2] &= 0xfe;
    return bytes;
  },
];

const turns: readonly ((events: ReadEvent[], random: Random) => void)[] = [
  (events, random) => events.splice(below(random, events.length), 0, oneOf(random, events)),
  (events, random) => events.splice(below(random, events.length), 1),
  (events) => events.splice(0, events.length, ...events.toReversed()),
  (events, random) => {
    const at = below(random, events.length);
    events[at] = { ...events[at], side: (1 - events[at].side) as Side };
  },
];

/** One to three changes of a flow: mostly of its messages, now and then of their order. */
export function dnsMutant(flow: ReadFlow, random: Random): ReadFlow {
  const events = [...flow.events];
  for (let count = random() < 0.6 ? 1 : 1 + below(random, 3); count > 0; count--) {
    const at = below(random, events.length);
    if (random() < 0.15) oneOf(random, turns)(events, random);
    else if (events[at].bytes.length >= 14)
      events[at] = { ...events[at], bytes: Uint8Array.from(oneOf(random, changes)(Buffer.from(events[at].bytes), random)) };
    if (events.length === 0) return flow;
  }
  return { ...flow, events };
}

const TOPS = [
  'com',
  'net',
  'org',
  'de',
  'co.uk',
  'com.br',
  'CO.JP',
  'corp',
  'local',
  'arpa',
  'example',
  'c0m',
  'x',
  'invalid',
  'museum',
  'gv.at',
  'uk',
];
const WORDS = [
  'www',
  'mail',
  '_dmarc',
  'a-b',
  'xn--bcher-kva',
  'XN--x',
  'cdn',
  'r3---sn-4g5e6nsk',
  'googlevideo',
  'wikipedia',
  'facebook',
  'co',
  'com',
  '*',
  'a/b',
  '_',
  '0',
];
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';

/** A label: a word, or drawn by lot from letters, digits or both. */
function label(random: Random): string {
  if (random() < 0.35) return oneOf(random, WORDS);
  const alphabet = oneOf(random, [
    LETTERS,
    LETTERS + DIGITS,
    DIGITS,
    'aeiourstnl',
    `${LETTERS}${LETTERS.toUpperCase()}${DIGITS}`,
    'abc',
    '01ab',
    `${LETTERS}-`,
  ]);
  const length = random() < 0.3 ? 20 + below(random, 44) : 1 + below(random, 18);
  return Array.from({ length }, () => alphabet.charAt(below(random, alphabet.length))).join('');
}

/** Names of all sorts of owners, at most 250 characters. */
export function randomName(random: Random): string {
  const labels = Array.from({ length: below(random, 5) }, () => label(random));
  const name = [...labels, oneOf(random, TOPS)].join('.');
  return name.length <= 250 ? name : 'long.example.org';
}
