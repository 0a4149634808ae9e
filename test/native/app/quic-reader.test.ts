import { join as path } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AppReader, type FlowReaders } from '../../../src/native/app-flows.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { disagreement, nativeReading, type ReadEvent, type ReadFlow } from '../../support/app/native-readers.ts';
import { cryptoFrame, retryPacket, u32, varint } from '../../support/app/quic.ts';
import {
  ACK,
  ACK_ECN,
  answerOf,
  browserHello,
  chaos,
  clientPacket,
  datagram,
  ends,
  eventsOf,
  framesOf,
  laterPacket,
  PING,
  type Plan,
  seeded,
  serverMessage,
  serverPacket,
  shortPacket,
  transportParameters,
  V2,
} from '../../support/app/quic-flows.ts';
import {
  clientHelloBody,
  extension,
  handshake,
  join,
  noise,
  RETRY_RANDOM,
  serverHelloBody,
  sniExtension,
  text,
  u16,
  vector,
} from '../../support/app/tls.ts';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { changed, changedPlan } from './quic-changes.ts';

const newReaders = (): FlowReaders => new (loadAddon().FlowReaders)();
const readers = newReaders();
const folder = new TemporaryFolder('quic-reader');
afterAll(() => folder[Symbol.dispose]());

const flowOf = (events: readonly ReadEvent[], serverPort = 443): ReadFlow => ({
  isTcp: false,
  clientPort: 50_123,
  serverPort,
  events,
  ended: true,
});
const read = (events: readonly ReadEvent[], serverPort = 443, by = readers) => disagreement(by, AppReader.QUIC, flowOf(events, serverPort));

const chrome = ends(1, 8, 0, 8);
const firefox = ends(4, 13, 3, 8);
const curl = ends(8, 18, 20, 20);
const second = ends(12, 8, 8, 16, V2);

/** A hello of two datagrams, the second of them with the end of it. */
function largeHello(at: typeof chrome, cut: number, message = browserHello(at, 'www.example.org', true)): Plan {
  return [
    datagram(0, [clientPacket(at, cryptoFrame(0, message.subarray(0, cut)), { size: 1250 })]),
    datagram(0, [clientPacket(at, cryptoFrame(cut, message.subarray(cut)), { size: 1250, number: 1 })]),
  ];
}

function chaosHello(seed: number): Plan {
  const pick = seeded(seed);
  const frames = framesOf(browserHello(chrome, 'chaos.example.com', true), 17, 400, 31, 600, 3, 90, 128);
  const [first, rest] = [frames.filter((_, i) => i % 2 === 0), frames.filter((_, i) => i % 2 === 1)];
  return [
    datagram(0, [clientPacket(chrome, chaos(first, pick), { size: 1250 })]),
    datagram(0, [clientPacket(chrome, chaos(rest, pick), { size: 1250, number: 1 })]),
    answerOf(chrome),
  ];
}

const small = (at: typeof chrome, name = 'example.com', more: readonly Uint8Array[] = []): Plan => [
  datagram(0, [clientPacket(at, cryptoFrame(0, browserHello(at, name, false, more)), { size: 1250 })]),
];
const handshakes = (count: number): Plan =>
  Array.from({ length: count }, () => datagram(1, [serverPacket(firefox, noise(300), { type: 2 })]));
const shorts = (count: number): Plan => Array.from({ length: count }, (_, i) => datagram(i & 1 ? 0 : 1, [], shortPacket(chrome, 40 + i)));
const tinyHello = (...extensions: readonly Uint8Array[]) => handshake(1, clientHelloBody({ ciphers: [0x1301], extensions }));
const only = (message: Uint8Array): Plan => [datagram(0, [clientPacket(curl, cryptoFrame(0, message), { size: 1200 })]), answerOf(curl)];

function halfServer(): Plan {
  const message = serverMessage([], 1120);
  return [
    datagram(1, [serverPacket(chrome, ACK_ECN, { size: 1250 })]),
    datagram(1, [serverPacket(chrome, cryptoFrame(700, message.subarray(700)), { number: 2 })]),
    datagram(1, [serverPacket(chrome, cryptoFrame(0, message.subarray(0, 700)), { number: 1 })]),
  ];
}

/** A hello in as many packets of one datagram. */
function manyPackets(count: number): Plan {
  const message = browserHello(chrome, 'many.example', false);
  const frames = framesOf(message, ...Array.from({ length: count - 1 }, () => 60));
  return [
    datagram(
      0,
      frames.map((piece, number) => clientPacket(chrome, piece, { number })),
    ),
    answerLater,
  ];
}
const answerLater = datagram(1, [serverPacket(chrome, ACK, { size: 1200 })]);
const withFrames = (...frames: readonly Uint8Array[]): Plan => [datagram(0, [clientPacket(chrome, join(...frames))]), answerLater];
const plainFrame = cryptoFrame(0, browserHello(chrome, 'frames.example', false));
const ranges = (count: number) => join([2, 0, 0], varint(count), new Uint8Array(1 + 2 * count));
const [half, rest] = largeHello(chrome, 900);
/** A Handshake packet whose body is too short, and the Initial behind it that nobody looks for. */
const tooShort = join([0xe0], u32(1), [8], chrome.first, [0, 10], noise(10), eventsOf([rest])[0].bytes);

const PLANS: Readonly<Record<string, Plan>> = {
  'a browser and its answer': [...small(chrome), answerOf(chrome)],
  'a hello of two datagrams': [...largeHello(chrome, 1170), answerOf(chrome, serverMessage([], 1120))],
  'a hello of two datagrams, the second one first': [...largeHello(curl, 900).toReversed(), answerOf(curl)],
  'frames in any order': chaosHello(3),
  'frames in any order, again': chaosHello(4),
  'an acknowledgement between both parts of the hello': [
    largeHello(firefox, 1100)[0],
    datagram(1, [serverPacket(firefox, join(ACK, PING), { size: 1200 })]),
    datagram(0, [
      laterPacket(firefox, cryptoFrame(1100, browserHello(firefox, 'www.example.org', true).subarray(1100)), { number: 2, size: 1250 }),
    ]),
    answerOf(firefox),
  ],
  'both parts of the hello in one datagram': [
    datagram(0, [
      clientPacket(firefox, cryptoFrame(150, browserHello(firefox, 'a.example', false).subarray(150)), { number: 1 }),
      clientPacket(firefox, cryptoFrame(0, browserHello(firefox, 'a.example', false).subarray(0, 150)), { size: 800 }),
    ]),
    answerOf(firefox),
  ],
  'early data behind the hello': [
    datagram(0, [
      ...small(curl, 'early.example', [extension(42), extension(41, noise(180))])[0].packets,
      clientPacket(curl, noise(300), { type: 1 }),
    ]),
    datagram(0, [clientPacket(curl, noise(1100), { type: 1 })]),
    datagram(1, [serverPacket(curl, ACK, { size: 1200 })]),
    datagram(0, [laterPacket(curl, ACK, { number: 1 })], shortPacket(curl, 50)),
    answerOf(curl),
  ],
  'a ServerHello of two packets, the end of it first': [...small(chrome), ...halfServer()],
  'version 2': [...small(second), answerOf(second)],
  'a HelloRetryRequest': [
    ...small(chrome),
    answerOf(
      chrome,
      handshake(
        2,
        serverHelloBody({ random: RETRY_RANDOM, cipher: 0x1302, extensions: [extension(51, u16(23)), extension(43, u16(0x0304))] }),
      ),
    ),
  ],
  'a token, and zeros behind the packet': [
    datagram(
      0,
      [clientPacket(chrome, cryptoFrame(0, browserHello(chrome, 'token.example', false)), { token: noise(90) })],
      new Uint8Array(300),
    ),
    answerOf(chrome),
  ],
  'an id of no bytes': [...small(ends(40, 0, 0, 0)), answerOf(ends(40, 0, 0, 0))],
  'the hello repeated before the answer': [...small(chrome), ...small(chrome), ...small(chrome), answerOf(chrome)],
  'no answer': small(chrome),
  'half a hello': largeHello(chrome, 1170).slice(0, 1),
  'no answer in twelve datagrams': [...small(chrome), ...shorts(6), ...handshakes(6)],
  'no answer in eleven datagrams': [...small(chrome), ...shorts(6), ...handshakes(5)],
  'a server whose packets nobody can read': [
    ...small(chrome),
    datagram(1, [serverPacket(chrome, ACK, { keyId: noise(8, 99) })]),
    answerOf(chrome),
  ],
  'the user agent of an old browser': only(
    tinyHello(sniExtension('old.example'), transportParameters(curl, 'Chrome/86.0.4240.198 "Intel" \\Mac OS X')),
  ),
  'the user agent in a list': only(tinyHello(extension(0xffa5, vector(2, u16(0x3129), vector(2, text('Chrome/70')))))),
  'a list of parameters whose length is wrong': only(tinyHello(extension(0xffa5, u16(99), u16(0x3129), vector(2, text('Chrome/70'))))),
  'four packets in one datagram': manyPackets(4),
  'five packets in one datagram': manyPackets(5),
  'a packet that is too short': [datagram(0, half.packets, tooShort), answerLater],
  'a datagram that is too short': [...small(chrome), datagram(1, [], Uint8Array.of(0xc0, 0, 0, 0, 0, 0)), answerOf(chrome)],
  'many ranges': withFrames(ranges(64), plainFrame),
  'too many ranges': withFrames(ranges(65), plainFrame),
  'endless ranges': withFrames(join([2, 0, 0], new Uint8Array(8).fill(255)), plainFrame),
  'a frame that is cut': withFrames(plainFrame, Uint8Array.of(6, 0, 0x41, 0, 1, 2)),
  'a frame that is not known': withFrames(Uint8Array.of(0x1c), plainFrame),
  'a hole of one byte': withFrames(cryptoFrame(0, half.packets[0].frames.subarray(4, 100)), cryptoFrame(97, noise(600))),
  'a last byte that comes later': [...largeHello(chrome, browserHello(chrome, 'www.example.org', true).length - 1), answerOf(chrome)],
  'no answer to a hello of two datagrams': [half, rest, ...shorts(12)],
  'a packet of the client that nobody can read': [
    half,
    datagram(0, [clientPacket(chrome, ACK, { keyId: noise(8, 98), number: 9 })]),
    rest,
    answerOf(chrome),
  ],
  'another hello behind the first one': [
    ...small(firefox),
    datagram(0, [laterPacket(firefox, cryptoFrame(0, browserHello(firefox, 'later.example', false)), { number: 3 })]),
    answerOf(firefox),
  ],
  'neither name nor parameters': only(tinyHello()),
  'an empty name': only(tinyHello(sniExtension(''), extension(57))),
};

describe('plain flows', () => {
  it.each(Object.entries(PLANS))('reads %s', (_, plan) => {
    const events = eventsOf(plan);
    for (const by of [readers, newReaders(), readers]) expect(read(events, 443, by)).toEqual({ wrong: null, reading: 'done' });
    for (const port of [80, 853, 8443]) expect(read(events, port)).toEqual({ wrong: null, reading: 'done' });
  });

  it('says what the parsers say, in so many words', () => {
    const flow = eventsOf(PLANS['a browser and its answer']);
    const native = nativeReading(readers, AppReader.QUIC, flowOf(flow));
    expect(JSON.parse(native.note)).toMatchObject({
      service: 'quic',
      host: 'example.com',
      host_source: 'quic_sni',
      quic: { version: 'v1', alpn: ['h3'] },
    });
  });

  it('reads flows between one another as alone', () => {
    const flows = Array.from({ length: 600 }, (_, i) => {
      const at = ends(1000 + 3 * i, 8 + (i % 3), 3, 8);
      return eventsOf([...small(at, `n${i}.example`), answerOf(at)]);
    });
    const notes = flows.map((events) => nativeReading(newReaders(), AppReader.QUIC, flowOf(events)).note);
    const first = flows.map((events) => nativeReading(readers, AppReader.QUIC, { ...flowOf(events.slice(0, 1)), ended: false }).reading);
    expect(new Set(first)).toEqual(new Set(['more']));
    expect(flows.map((events) => nativeReading(readers, AppReader.QUIC, flowOf(events)).note)).toEqual(notes);
  });

  it('reads another hello under the same id', () => {
    const whole = [half, rest];
    const other = largeHello(chrome, 900, browserHello(chrome, 'www.example.net', true));
    const mixed = [half, other[1], answerOf(chrome)];
    const turned: Plan = [half, { ...rest, side: 1 }, rest, answerOf(chrome)];
    for (const plan of [
      whole,
      turned,
      other,
      mixed,
      [...whole, answerOf(chrome)],
      turned,
      other,
      small(chrome, 'b.example'),
      [half],
      whole,
    ])
      expect(read(eventsOf(plan))).toEqual({ wrong: null, reading: 'done' });
  });

  it('tells flows with the same bytes from different sides apart', () => {
    const plans: Plan[] = [[half, rest], [half, { ...rest, side: 1 }], [half], [half, { ...half, side: 1 }, rest]];
    const notes = plans.map((plan) => nativeReading(newReaders(), AppReader.QUIC, flowOf(eventsOf(plan))).note);
    expect(new Set(notes).size).toBe(2);
    for (let i = 0; i < plans.length ** 2; i++) {
      for (const number of [i % plans.length, Math.floor(i / plans.length)])
        expect(nativeReading(readers, AppReader.QUIC, flowOf(eventsOf(plans[number]))).note).toBe(notes[number]);
    }
  });
});

describe('odd flows', () => {
  const [hello, answer] = eventsOf(PLANS['a browser and its answer']);
  const empty = new Uint8Array(0);
  const odd: Record<string, readonly ReadEvent[]> = {
    'a server that comes first': [answer, hello],
    'a hello of the server': [{ ...hello, side: 1 }],
    'a draft': eventsOf(small({ ...chrome, version: 0xff00001d })),
    'a Retry': [hello, { side: 1, bytes: retryPacket(noise(8), noise(60)) }],
    'an offer of versions': [hello, { side: 1, bytes: join([0x80], u32(0), [0], [8], chrome.first, u32(1)) }],
    'a change of the version': [hello, ...eventsOf([answerOf({ ...chrome, version: V2 })])],
    'a reserved version': [{ side: 0, bytes: join([0xc1], u32(0x1a2a3a4a), hello.bytes.subarray(5)) }],
    'other keys': [hello, ...eventsOf(small({ ...chrome, first: noise(8, 77) }))],
    'early data alone': eventsOf([datagram(0, [clientPacket(chrome, noise(300), { type: 1 })])]),
    'an id that is too long': eventsOf(small({ ...chrome, first: noise(21) })),
    'an id that is far too long': eventsOf(small({ ...chrome, first: noise(200) })),
    'a short header': eventsOf(shorts(1)),
    "Google's version": [hello, { side: 0, bytes: join([0x0d], noise(8), text('Q043'), [1], noise(40)) }],
    'no datagram': [{ side: 0, bytes: empty }],
    'a name that is no plain text': eventsOf(small(chrome, 'bücher.example')),
    'a hello that is none': eventsOf(only(handshake(11, noise(300)))),
    'an answer that is none': [hello, ...eventsOf([answerOf(chrome, handshake(11, noise(90)))])],
    'an answer before the hello is whole': eventsOf([largeHello(chrome, 900)[0], answerOf(chrome)]),
    'a hello that is too long': eventsOf([datagram(0, [clientPacket(chrome, cryptoFrame(6100, noise(100)))])]),
    'many datagrams': eventsOf([largeHello(chrome, 900)[0], ...shorts(16)]),
    'many bytes': [hello, ...Array.from({ length: 9 }, (): ReadEvent => ({ side: 1, bytes: join([0x41], noise(2999)) }))],
    'a user agent that is too long': eventsOf(only(tinyHello(transportParameters(curl, 'x'.repeat(300))))),
    'a user agent that is no plain text': eventsOf(only(tinyHello(transportParameters(curl, 'Chr\u00f6me')))),
  };
  it.each(Object.entries(odd))('leaves %s to the parsers', (_, events) => {
    expect(read(events)).toEqual({ wrong: null, reading: 'odd' });
    expect(read(eventsOf(PLANS['a browser and its answer']))).toEqual({ wrong: null, reading: 'done' });
  });

  it('leaves other ports to the parsers', () => {
    expect(nativeReading(readers, AppReader.QUIC, flowOf([hello, answer], 4433)).reading).toBe('odd');
  });
});

describe('changed flows', () => {
  const plans = Object.values(PLANS).filter((plan) => plan.length <= 6);
  const kinds = ['odd', 'done', ''];
  const readAll = (flows: Iterable<readonly ReadEvent[]>) => {
    const count: Record<string, number> = {};
    for (const events of flows) {
      if (events.length === 0) continue;
      const { wrong, reading } = read(events);
      if (wrong !== null) expect({ wrong, events: events.map(({ side, bytes }) => [side, Buffer.from(bytes).toString('hex')]) }).toBeNull();
      count[reading] = (count[reading] ?? 0) + 1;
    }
    expect(Object.keys(count).every((reading) => kinds.includes(reading))).toBe(true);
    return count;
  };

  it('are read as the parsers read them, when packets were changed before their protection', { timeout: 60_000 }, () => {
    const pick = seeded(20_261);
    const count = readAll(Array.from({ length: 1800 }, () => eventsOf(changedPlan(plans[pick(plans.length)], pick))));
    expect(count.done).toBeGreaterThan(500);
    expect(count.odd).toBeGreaterThan(250);
  });

  it('are read as the parsers read them, when bytes were changed', { timeout: 60_000 }, () => {
    const pick = seeded(4711);
    const whole = plans.map(eventsOf);
    const count = readAll(
      Array.from({ length: 1800 }, () => {
        const events = [...whole[pick(whole.length)]];
        for (let left = 1 + pick(2); left > 0; left--) {
          const at = pick(events.length);
          events[at] = { ...events[at], bytes: changed(events[at].bytes, pick) };
        }
        return events;
      }),
    );
    expect(count.done).toBeGreaterThan(250);
    expect(count.odd).toBeGreaterThan(250);
  });
});

it('built with sanitizers, stays in its memory', { timeout: SANITIZED_MS }, async () => {
  const native = path(import.meta.dirname, '../../../native/app');
  const parts = [
    'client_hello.cc',
    'client_shape.cc',
    'digests.cc',
    'libcrypto.cc',
    'libcrypto_posix.cc',
    'note_text.cc',
    'quic_crypto.cc',
    'quic_frames.cc',
    'quic_packet.cc',
    'quic_parameters.cc',
    'quic_reader.cc',
    'server_hello.cc',
    'tls_names.cc',
  ].map((file) => path(native, file));
  const lines = await runSanitized(folder.file('quic_reader_test'), [path(import.meta.dirname, 'quic_reader_test.cc'), ...parts]);
  expect(lines).toEqual(['11 tests, 0 failed']);
});
