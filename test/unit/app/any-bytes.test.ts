/** No bytes, however made, may stop a parser, grow beyond its bounds, or get a name for certain that is not theirs. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEAD_LIMIT } from '../../../src/app/assembler.ts';
import { CLIENT, SERVER, type Side, Verdict } from '../../../src/app/dissector.ts';
import { createRegistry, DATAGRAM_DISSECTORS, STREAM_DISSECTORS } from '../../../src/app/dissectors.ts';
import { FlowApp } from '../../../src/app/flow-app.ts';
import { noteText } from '../../../src/app/note-text.ts';
import { exchanges } from '../../support/app/datagrams.ts';
import { noise } from '../../support/app/dialogue.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { ANSWER, dnsMessage, FIRST_NAME, QUERY } from '../../support/app/dns.ts';
import { bytesOf, driveDatagrams, driveStream, type Sent } from '../../support/app/drive.ts';
import { cryptoFrame, longPacket } from '../../support/app/quic.ts';
import {
  alpnExtension,
  CA,
  clientHelloBody,
  handshake,
  join,
  LEAF,
  sniExtension,
  tls12,
  versionsExtension,
} from '../../support/app/tls.ts';

const registry = createRegistry();
const NOTE_BYTES = 16_384;

/** Every text of a fact, at any depth. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (Array.isArray(value)) for (const item of value) yield* textsIn(item);
  else if (value !== null && typeof value === 'object') for (const item of Object.values(value)) yield* textsIn(item);
}

const isPlainText = (text: string) => text.isWellFormed() && !/\p{Cc}/u.test(text);

/** Reads a whole flow as a shard would, with every parser there is, and demands that what it says of it can be written down. */
function flowOf(isTcp: boolean, sent: readonly Sent[], sure = false): FlowApp {
  const transactions: unknown[] = [];
  const sink = {
    wantsTransactions: true,
    transaction: (_: number, entry: unknown) => void transactions.push(entry),
    wantsQuestions: false,
    question: () => {},
  };
  const app = new FlowApp(0, isTcp, 0, [40_000, 9], sure, registry, sink);
  const next = [0, 0];
  for (const [side, piece] of sent) {
    if (app.done) break;
    const bytes = bytesOf(piece);
    if (app.heads === null) app.datagram(0, side, bytes);
    else {
      app.heads[side].begin(-1);
      if (app.heads[side].add(next[side], bytes, bytes.length)) app.advanceStream(0);
      next[side] += bytes.length;
    }
    expect(app.held).toBeLessThanOrEqual(2 * HEAD_LIMIT);
  }
  app.finish();
  const { facts } = app;
  const said = [facts, ...facts.details.values(), transactions];
  expect([...textsIn(said)].filter((text) => !isPlainText(text))).toEqual([]);
  expect(Buffer.byteLength(noteText(app, registry, NOTE_BYTES).text)).toBeLessThanOrEqual(NOTE_BYTES);
  return app;
}

const side = fc.constantFrom<Side>(CLIENT, SERVER);
const pieces = (maxLength: number) => fc.array(fc.tuple(side, fc.uint8Array({ minLength: 1, maxLength })), { maxLength: 8 });

describe('any bytes, from both sides, however cut', () => {
  it.each(STREAM_DISSECTORS.map((dissector) => ({ name: dissector.protocol, dissector })))('stream: $name', ({ dissector }) => {
    fc.assert(
      fc.property(pieces(300), fc.nat(40), (sent, size) => void driveStream(dissector, sent, size)),
      { numRuns: 30 },
    );
    const whole: Sent[] = [
      [CLIENT, noise(HEAD_LIMIT, 1)],
      [SERVER, noise(HEAD_LIMIT, 2)],
    ];
    for (const size of [0, 1460]) driveStream(dissector, whole, size);
    for (const byte of [0, 0x0a, 0x20, 0x30, 0xff]) driveStream(dissector, [[CLIENT, new Uint8Array(HEAD_LIMIT).fill(byte)]], 1460);
  });

  it.each(DATAGRAM_DISSECTORS.map((dissector) => ({ name: dissector.protocol, dissector })))('datagrams: $name', ({ dissector }) => {
    fc.assert(
      fc.property(pieces(300), (sent) => void driveDatagrams(dissector, sent)),
      { numRuns: 60 },
    );
    for (const byte of [0, 0x0a, 0x30, 0xff]) driveDatagrams(dissector, [[CLIENT, new Uint8Array(HEAD_LIMIT).fill(byte)]]);
  });

  it('sessions that were opened without being asked, as after an agreement by name', () => {
    const probe = () => Verdict.YES;
    const streams = STREAM_DISSECTORS.map((dissector) => ({ ...dissector, probe }));
    const datagrams = DATAGRAM_DISSECTORS.map((dissector) => ({ ...dissector, probe }));
    fc.assert(
      fc.property(pieces(300), fc.nat(40), (sent, size) => {
        for (const dissector of streams) driveStream(dissector, sent, size);
        for (const dissector of datagrams) driveDatagrams(dissector, sent);
      }),
      { numRuns: 60 },
    );
  });

  it('all parsers together', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), pieces(300), (isTcp, sure, sent) => void flowOf(isTcp, sent, sure)),
      { numRuns: 100 },
    );
  });
});

describe('noise', () => {
  const flows = Array.from({ length: 1000 }, (_, i): Sent[] => [
    [CLIENT, noise(20 + (i % 400), 3 * i + 1)],
    [SERVER, noise(20 + (i % 300), 3 * i + 2)],
    [CLIENT, noise(200, 3 * i + 3)],
  ]);
  const named = (isTcp: boolean) => flows.map((sent) => flowOf(isTcp, sent).label).filter((label) => label !== null);

  it.each([
    ['streams', true],
    ['datagrams', false],
  ] as const)('%s get no name for certain, and hardly any at all', (_, isTcp) => {
    const labels = named(isTcp);
    expect(labels.filter(({ confirmed }) => confirmed)).toEqual([]);
    expect(labels.length).toBeLessThanOrEqual(flows.length / 100);
  });
});

/** Flips, cuts, splices and repeats bytes; numbers come from fast-check, so that a failure shrinks. */
const damage = fc.array(
  fc.record({ how: fc.constantFrom('flip', 'cut', 'splice', 'repeat', 'extreme'), at: fc.nat(), length: fc.nat(64), value: fc.nat(255) }),
  { minLength: 1, maxLength: 5 },
);
type Damage = typeof damage extends fc.Arbitrary<infer D> ? D : never;

function damaged(bytes: Uint8Array, wounds: Damage): Uint8Array {
  let out: Uint8Array = bytes.slice();
  for (const { how, at, length, value } of wounds) {
    if (out.length === 0) break;
    const from = at % out.length;
    if (how === 'flip') out[from] ^= value;
    else if (how === 'extreme') out.fill(value & 1 ? 0xff : 0, from, from + (length & 3) + 1);
    else if (how === 'cut') out = join(out.subarray(0, from), out.subarray(from + length));
    else if (how === 'repeat') out = join(out.subarray(0, from + length), out.subarray(from));
    else out = join(out.subarray(0, from), out.subarray(value % out.length, (value % out.length) + length), out.subarray(from));
  }
  return out;
}

const hello = handshake(
  1,
  clientHelloBody({ extensions: [sniExtension('www.example.org'), alpnExtension('h3'), versionsExtension(0x0304)] }),
);
const initial = (frames: Uint8Array) => longPacket(frames.subarray(0, 1200), { size: 1200 });
const MESSAGES: [name: string, isTcp: boolean, sent: readonly Sent[]][] = [
  ['TLS', true, tls12([LEAF, CA])],
  [
    'DNS',
    false,
    [
      [CLIENT, QUERY],
      [SERVER, ANSWER],
    ],
  ],
  ['QUIC', false, [[CLIENT, initial(cryptoFrame(0, hello))]]],
  ...Object.entries(dialogues).map(([name, sent]) => [name, true, sent as readonly Sent[]] as [string, boolean, readonly Sent[]]),
  ...Object.entries(exchanges).map(([name, sent]) => [name, false, sent] as [string, boolean, readonly Sent[]]),
];

describe('damaged messages', () => {
  it.each(MESSAGES.map(([name, isTcp, sent]) => ({ name, isTcp, sent })))('$name', ({ isTcp, sent }) => {
    expect(flowOf(isTcp, sent).label?.confirmed).toBe(true);
    const wounds = fc.array(fc.option(damage, { freq: 1 }), { minLength: sent.length, maxLength: sent.length });
    fc.assert(
      fc.property(wounds, (each) => {
        flowOf(
          isTcp,
          sent.map(([from, piece], i) => [from, each[i] === null ? piece : damaged(bytesOf(piece), each[i])] as const),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('a QUIC Initial packet whose damage is under its protection', () => {
    const wounded = fc.tuple(damage, damage).map(([message, frame]) => damaged(cryptoFrame(0, damaged(hello, message)), frame));
    fc.assert(
      fc.property(wounded, (frames) => void flowOf(false, [[CLIENT, initial(frames)]])),
      { numRuns: 100 },
    );
  });
});

describe('loops and endless input', () => {
  it('DNS names that point to themselves, to each other, or on and on are no names', () => {
    const pointers = fc.array(fc.nat(600), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(pointers, (targets) => {
        const tail = Uint8Array.from(targets.flatMap((target) => [0xc0 | (target >> 8), target & 0xff]));
        const message = dnsMessage({ flags: 0x8180, questions: [['example.org', 1]], answers: [[FIRST_NAME, 5, 1, tail]] });
        const app = flowOf(false, [
          [CLIENT, QUERY],
          [SERVER, message],
        ]);
        for (const text of textsIn(app.facts)) expect(text.length).toBeLessThanOrEqual(1024);
      }),
      { numRuns: 100 },
    );
  });

  it('10 MB of one HTTP header hold no more than the head', () => {
    const segment = Buffer.alloc(1460, 'x');
    const sent: Sent[] = [[CLIENT, 'GET / HTTP/1.1\r\nCookie: '], ...Array.from({ length: 7000 }, (): Sent => [CLIENT, segment])];
    const app = new FlowApp(0, true, 0, [40_000, 80], true, registry, {
      wantsTransactions: true,
      transaction: () => {},
      wantsQuestions: false,
      question: () => {},
    });
    let at = 0;
    let calls = 0;
    for (const [from, piece] of sent) {
      const bytes = bytesOf(piece);
      if (app.heads?.[from].add(at, bytes, bytes.length) === true) {
        app.advanceStream(0);
        calls++;
      }
      at += bytes.length;
      expect(app.held).toBeLessThanOrEqual(HEAD_LIMIT);
    }
    expect(at).toBeGreaterThan(10e6);
    expect(calls).toBeLessThanOrEqual(13);
    app.finish();
    expect(app.label?.protocol).toBe('http');
    expect(noteText(app, registry, NOTE_BYTES).text.length).toBeLessThan(2000);
  });
});
